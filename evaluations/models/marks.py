"""Marks are events, never overwritten; the current mark of a question is their projection."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models import PaperQuestion
from common.models import IdModel, MarksField
from evaluations.models.evaluation import Evaluation, OfEvaluationQuerySet
from evaluations.models.schemes import SchemeRevision


class MarkEvent(IdModel):
    """Append-only: what a marker gave to a question at a moment. `steps`: {step id: "0.5"}.

    `active_seconds`: how much active time the paper had taken by then; what it went on by since the mark before was
    spent on this question. Null on events from before it was kept.

    `revision`: of the scheme by which the steps were given, null for the scheme as the paper was frozen. `worked_from`:
    of an event that a changed scheme made, the marker's event that it was worked out from. `withdraws`: of an event
    that took the mark back, the event before it; the question has no mark from then on, and `marks` says 0.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="mark_events")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    steps = models.JSONField(default=dict)
    marks = MarksField()
    comment = models.CharField(max_length=1000, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    active_seconds = models.IntegerField(null=True, blank=True)
    revision = models.ForeignKey(
        SchemeRevision, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    worked_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    withdraws = models.ForeignKey("self", models.PROTECT, null=True, blank=True, db_index=False, related_name="+")

    objects = OfEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("mark event")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "question", "version"], name="mark_event_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.question}: {'–' if self.withdraws_id else self.marks} (v{self.version})"


class QuestionMark(models.Model):
    """The current mark of a question: the projection of its events; none where the last one withdrew it. `version`
    guards against silent overwriting.

    `comment_html`: with formulas set, empty where there are none. `revision`: as of the event it comes from.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="marks")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    steps = models.JSONField(default=dict)
    marks = MarksField()
    comment = models.CharField(max_length=1000, blank=True)
    comment_html = models.TextField(blank=True, default="", db_default="")
    updated_at = models.DateTimeField()
    revision = models.ForeignKey(
        SchemeRevision, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )

    objects = OfEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("question mark")
        constraints = [models.UniqueConstraint(fields=["evaluation", "question"], name="question_mark_unique")]

    def __str__(self) -> str:
        return f"{self.question}: {self.marks}"
