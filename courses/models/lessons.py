"""Lessons: what stands in a course, version by version, and what is being written."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel
from courses.enums import CompletionRule, LessonKind
from courses.models.courses import Course, Module, OfCourseQuerySet, TeachingQuerySet, taught_ids


class LessonQuerySet(OfCourseQuerySet):
    path = "module__course"

    def visible_to(self, user: Any) -> Self:
        """In the outline: what has been published, of a course that one sees; its teachers and staff see all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        seen = Q(module__course__in=Course.objects.visible_to(user).values("pk")) & _published()
        return self.filter(Q(module__course__in=taught_ids(user)) | seen)

    def standing(self) -> Self:
        """Not removed, in a module that is not removed."""
        return self.filter(removed_at__isnull=True, module__removed_at__isnull=True)

    def published(self) -> Self:
        """What learners see."""
        return self.filter(_published())

    def counting(self) -> Self:
        """What has to be done to complete the course."""
        return self.published().filter(is_required=True)


def _published() -> Q:
    return Q(current__isnull=False, removed_at__isnull=True, module__removed_at__isnull=True)


class Lesson(IdModel):
    """`current` is the version that learners see; without one the lesson is not out yet.

    `target` is the thing of a higher app that the lesson leads to (an exam, a project, an external assessment), known
    here by its kind and id alone.
    """

    module = models.ForeignKey(Module, models.CASCADE, related_name="lessons")
    title = models.CharField(_("title"), max_length=140)
    kind = models.CharField(_("kind"), max_length=10, choices=LessonKind.choices, editable=False)
    position = models.PositiveIntegerField(default=0)
    is_required = models.BooleanField(_("counts for completion"), default=True)
    is_preview = models.BooleanField(_("open to everybody"), default=False)
    completion = models.CharField(
        _("is done when"), max_length=10, choices=CompletionRule.choices, default=CompletionRule.VIEWED
    )
    seconds_needed = models.PositiveIntegerField(default=0, help_text=_("Seconds, where time counts."))
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=10)
    unlock_at = models.DateTimeField(_("opens"), null=True, blank=True)
    target = models.UUIDField(null=True, blank=True, editable=False)
    current = models.ForeignKey(
        "LessonVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = LessonQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(completion=CompletionRule.TIME) | Q(seconds_needed__gt=0), name="lesson_time_needed"
            )
        ]
        indexes = [
            models.Index(fields=["module", "position", "id"], name="lesson_order_idx"),
            models.Index(fields=["target", "kind"], condition=Q(target__isnull=False), name="lesson_target_idx"),
        ]

    def __str__(self) -> str:
        return self.title


class OfLessonTeachingQuerySet(TeachingQuerySet):
    path = "lesson__module__course"


class LessonVersion(IdModel):
    """A lesson as it was published once; never changed. `content` by kind: `services.lesson_content`."""

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body_source = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    content = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = OfLessonTeachingQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson version")
        ordering = ["lesson", "number"]
        constraints = [models.UniqueConstraint(fields=["lesson", "number"], name="lesson_version_unique")]

    def __str__(self) -> str:
        return f"{self.lesson} v{self.number}"


class LessonDraft(models.Model):
    """What is being written, as the form has it: one for each lesson, shared by its teachers.

    `version` grows with every save; a tab names the one it has seen.
    """

    lesson = models.OneToOneField(Lesson, models.CASCADE, primary_key=True, related_name="draft")
    data = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    objects = OfLessonTeachingQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson draft")

    def __str__(self) -> str:
        return f"{self.lesson}, draft {self.version}"
