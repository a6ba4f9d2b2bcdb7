"""Which questions of an exam are marked together, where each teacher marks the same questions of every paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam
from common.models import IdModel, ScopedQuerySet


class StaffRowsQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


class MarkingGroup(IdModel):
    """Questions of an exam that are one teacher's on every paper. A number without a group of its own gets one when the
    first paper is opened.

    `first_number` tells two groups of an exam apart; empty where all numbers went to other groups. `teachers`: only
    these mark it; nobody named: whoever may mark the exam. `last_teacher`: who got it last and gets the next one too,
    while they are in time.
    """

    exam = models.ForeignKey(Exam, models.CASCADE, related_name="marking_groups")
    numbers = models.JSONField(_("questions"), default=list)
    first_number = models.PositiveSmallIntegerField(null=True, editable=False)
    teachers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("teachers")
    )
    last_teacher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("questions marked together")
        verbose_name_plural = _("questions marked together")
        ordering = ["exam", "first_number"]
        constraints = [models.UniqueConstraint(fields=["exam", "first_number"], name="marking_group_unique")]

    def __str__(self) -> str:
        return f"Q{ranges_text(self.numbers)}"


def ranges_text(numbers: Iterable[int]) -> str:
    """[21, 22, 23, 31] → "21–23, 31"."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
