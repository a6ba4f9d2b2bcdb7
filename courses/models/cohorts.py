"""Cohorts (batches) scope who sees whom; qualifications say which teacher may mark what."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from courses.enums import CohortRole
from courses.models.curriculum import Programme


class CohortQuerySet(ScopedQuerySet["Cohort"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(pk__in=CohortMembership.objects.filter(user=user).values("cohort_id"))


class Cohort(IdModel):
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="cohorts")
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)

    objects = CohortQuerySet.as_manager()

    class Meta:
        verbose_name = _("cohort")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["programme", "name"], name="cohort_unique")]

    def __str__(self) -> str:
        return self.name


class CohortMembershipQuerySet(ScopedQuerySet["CohortMembership"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; a cohort's teachers its members; everybody their own membership."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        taught = CohortMembership.objects.filter(user=user, role=CohortRole.TEACHER).values("cohort_id")
        return self.filter(models.Q(user=user) | models.Q(cohort__in=taught))


class CohortMembership(models.Model):
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cohort_memberships")
    role = models.CharField(_("role"), max_length=10, choices=CohortRole.choices, default=CohortRole.STUDENT)

    objects = CohortMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("cohort member")
        constraints = [models.UniqueConstraint(fields=["cohort", "user", "role"], name="cohort_member_unique")]
        indexes = [models.Index(fields=["user", "role"], name="cohort_member_user_idx")]

    def __str__(self) -> str:
        return f"{self.user} in {self.cohort}"


class TeachingQualificationQuerySet(ScopedQuerySet["TeachingQualification"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(teacher=user)


class TeachingQualification(models.Model):
    """A teacher may mark and author for a programme."""

    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="qualifications")
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="qualifications")

    objects = TeachingQualificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("teaching qualification")
        constraints = [models.UniqueConstraint(fields=["teacher", "programme"], name="qualification_unique")]

    def __str__(self) -> str:
        return f"{self.teacher}: {self.programme}"
