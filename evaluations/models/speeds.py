"""How fast each teacher marks, as measured."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import TeacherProfile
from common.models import ScopedQuerySet


class MarkingSpeedQuerySet(ScopedQuerySet["MarkingSpeed"]):
    def visible_to(self, user: Any) -> Self:
        """Staff all, teachers their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(teacher=user.pk)


class MarkingSpeed(models.Model):
    """A teacher's speed with one type of question, or (type "") with whole papers; see services/speeds.

    `seconds_per_mark`: the mean, for one mark that can be had. `spread`: coefficient of variation from paper to paper.
    `papers`: from how many papers it was measured.
    """

    teacher = models.ForeignKey(TeacherProfile, models.CASCADE, related_name="marking_speeds")
    question_type = models.CharField(_("type"), max_length=20, blank=True)
    seconds_per_mark = models.FloatField(_("seconds per mark"))
    spread = models.FloatField(_("spread"))
    papers = models.PositiveIntegerField(_("papers"))
    updated_at = models.DateTimeField(_("measured"))

    objects = MarkingSpeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("marking speed")
        ordering = ["teacher", "question_type"]
        constraints = [
            models.UniqueConstraint(fields=["teacher", "question_type"], name="marking_speed_unique"),
            models.CheckConstraint(condition=Q(seconds_per_mark__gt=0, spread__gte=0), name="marking_speed_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.teacher}: {self.question_type or '*'} {self.seconds_per_mark:.0f} s"
