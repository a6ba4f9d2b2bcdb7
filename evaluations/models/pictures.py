"""A clearer picture of one page, asked for while the paper is marked, and how long the promise waited for it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.models import SheetPage
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import PauseReason, PictureReason, PictureState
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet


class PictureRequestQuerySet(ScopedQuerySet["PictureRequest"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees the evaluation, or the record to which a share belongs."""
        seen = Evaluation.objects.visible_to(user).values("pk")
        return self.filter(Q(evaluation__in=seen) | Q(evaluation__record__in=seen))

    def open(self) -> Self:
        return self.filter(state=PictureState.OPEN)


class PictureRequest(IdModel):
    """`region` is {"x", "y", "w", "h"} in 0–1 of the page, None for the whole page. `frozen` has the SHA-256 of every
    page by upload id as they were when this was asked; a picture is taken only beside these."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="picture_requests")
    page = models.ForeignKey(SheetPage, models.PROTECT, related_name="picture_requests")
    region = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=8, choices=PictureReason.choices)
    words = models.CharField(max_length=300, blank=True)
    frozen = models.JSONField()
    state = models.CharField(max_length=10, choices=PictureState.choices, default=PictureState.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    answer = models.OneToOneField(SheetPage, models.PROTECT, null=True, blank=True, related_name="answered_request")

    objects = PictureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for a clearer picture")
        verbose_name_plural = _("requests for a clearer picture")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(state=PictureState.OPEN), name="picture_request_open_idx")
        ]
        constraints = [
            models.UniqueConstraint(fields=["page"], condition=Q(state=PictureState.OPEN), name="picture_one_open"),
            models.CheckConstraint(
                condition=Q(state=PictureState.ANSWERED, answer__isnull=False)
                | (~Q(state=PictureState.ANSWERED) & Q(answer__isnull=True)),
                name="picture_answered",
            ),
            models.CheckConstraint(
                condition=Q(state=PictureState.OPEN, closed_at__isnull=True)
                | (~Q(state=PictureState.OPEN) & Q(closed_at__isnull=False)),
                name="picture_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.get_reason_display()}"


class SlaPause(IdModel):
    """Append-only: one time for which the promise waited, and what that did to it."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=10, choices=PauseReason.choices, default=PauseReason.STUDENT)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    due_before = models.DateTimeField()
    due_after = models.DateTimeField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause of the promise")
        verbose_name_plural = _("pauses of the promise")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at"), due_after__gte=F("due_before")), name="sla_pause_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.started_at:%Y-%m-%d %H:%M}–{self.ended_at:%Y-%m-%d %H:%M}"
