"""Learning paths: courses in an order, each opening when those before it are completed, and who follows them."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.models import IdModel, ScopedQuerySet
from courses.models.courses import Course
from courses.models.curriculum import Programme


class PathQuerySet(ScopedQuerySet["LearningPath"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; everybody signed in those that are out, and what they make themselves."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(is_published=True) | Q(created_by=user))


class LearningPath(IdModel):
    """Courses in an order: each opens when those before it that are not extra are completed.

    `version` grows with every change, so that two people who build it never overwrite each other.
    """

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=140)
    summary = models.CharField(_("in one sentence"), max_length=300, blank=True)
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, blank=True, related_name="paths")
    interests = models.JSONField(_("interests"), default=list, blank=True)
    is_published = models.BooleanField(_("published"), default=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = PathQuerySet.as_manager()

    class Meta:
        verbose_name = _("learning path")
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class PathCourseQuerySet(ScopedQuerySet["PathCourse"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(path__in=LearningPath.objects.visible_to(user).values("pk"))


class PathCourse(models.Model):
    """A step of a path. One that is not required opens like the others and holds nobody up."""

    path = models.ForeignKey(LearningPath, models.CASCADE, related_name="steps")
    course = models.ForeignKey(Course, models.PROTECT, related_name="path_steps")
    position = models.PositiveSmallIntegerField(default=0)
    is_required = models.BooleanField(_("required"), default=True, db_default=True)

    objects = PathCourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course of a path")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["path", "course"], name="path_course_unique")]

    def __str__(self) -> str:
        return f"{self.path}: {self.course}"


class PathEnrolmentQuerySet(ScopedQuerySet["PathEnrolment"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all; everybody their own, and those of students they look after."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(student__in=User.objects.visible_to(user).values("pk"))

    def standing(self) -> Self:
        return self.filter(left_at__isnull=True)


class PathEnrolment(IdModel):
    """A person on a path, one row for ever. `done` of `total` required courses; `percent` only rises.

    `completed_at` is the fact that the path was completed, written once: it stays whatever is added to the path.
    """

    path = models.ForeignKey(LearningPath, models.PROTECT, related_name="followers")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="paths")
    begun_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = PathEnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("person on a path")
        verbose_name_plural = _("people on paths")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["path", "student"], name="path_enrolment_unique"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="path_enrolment_percent"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="path_enrolment_done"),
            models.CheckConstraint(
                condition=Q(percent__lt=100) | Q(completed_at__isnull=False), name="path_enrolment_completed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.path}"
