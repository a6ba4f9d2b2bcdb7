"""Who is in a course: enrolments, and codes that let people in."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.models import IdModel, ScopedQuerySet
from courses.enums import EnrolmentSource, EnrolmentState
from courses.models.courses import INSIDE, Course, TeachingQuerySet, taught_ids


def seen_people(user: Any, prefix: str = "") -> Q:
    """Rows about oneself, about students one looks after, and about students of courses one teaches."""
    mine = Q(**{f"{prefix}student__in": User.objects.visible_to(user).values("pk")})
    return mine | Q(**{f"{prefix}course__in": taught_ids(user)})


class EnrolmentQuerySet(ScopedQuerySet["Enrolment"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; teachers those of their courses; guardians those of their students; everybody their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(seen_people(user))

    def inside(self) -> Self:
        """Those that let a person into the course."""
        return self.filter(state__in=INSIDE)


class Enrolment(IdModel):
    """A person in a course: one row for ever, whatever becomes of it. Who has completed keeps their place.

    `queued_at` is when they came to the waiting list, its order; `source_ref` the code, batch or grant behind it.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="enrolments")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrolments")
    source = models.CharField(_("came"), max_length=12, choices=EnrolmentSource.choices)
    source_ref = models.CharField(max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=EnrolmentState.choices)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    enrolled_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["course", "student"], name="enrolment_unique"),
            models.CheckConstraint(
                condition=~Q(state=EnrolmentState.WAITING) | Q(queued_at__isnull=False), name="enrolment_queued"
            ),
            models.CheckConstraint(
                condition=~Q(state=EnrolmentState.COMPLETED) | Q(completed_at__isnull=False),
                name="enrolment_completed_when",
            ),
        ]
        indexes = [
            models.Index(fields=["course", "state", "id"], name="enrolment_roster_idx"),
            # The people of every state, page by page.
            models.Index(fields=["course", "id"], name="enrolment_order_idx"),
            models.Index(
                fields=["course", "queued_at", "id"],
                condition=Q(state=EnrolmentState.WAITING),
                name="enrolment_waiting_idx",
            ),
            models.Index(fields=["student", "state"], name="enrolment_student_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.student} in {self.course}"

    @property
    def is_inside(self) -> bool:
        return self.state in INSIDE


class InviteCode(IdModel):
    """A code that lets people into a course: at most `limit` of them, until it expires or is closed."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="codes")
    code = models.CharField(_("code"), max_length=16, unique=True)
    limit = models.PositiveIntegerField(_("for how many"), null=True, blank=True, validators=[MinValueValidator(1)])
    used = models.PositiveIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = TeachingQuerySet.as_manager()

    class Meta:
        verbose_name = _("invite code")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__isnull=True) | Q(used__lte=F("limit")), name="invite_code_not_overdrawn"
            )
        ]

    def __str__(self) -> str:
        return self.code
