"""The red ink: vectors in page-relative coordinates, drawn the same in the browser and in print."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models import MarkingStep, PaperQuestion, SheetPage
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import AnnotationKind
from evaluations.models.evaluation import Evaluation, OfEvaluationQuerySet


class Annotation(models.Model):
    """One mark on a page; its id is chosen by the marker's browser, which makes saving repeatable.

    `geometry`: {"x", "y"} for stamps and comments, {"points": [[x, y, pressure|null], …]} for pen, highlight and
    underline, {"x", "y", "w", "h"} for circles and for comments on a part of the page; all in 0–1 of the page's width
    and height. `shown`: the text as it is drawn, where formulas are in it.
    """

    id = models.UUIDField(primary_key=True)
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="annotations")
    page = models.ForeignKey(SheetPage, models.PROTECT, related_name="annotations")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, null=True, blank=True, related_name="+")
    step = models.ForeignKey(MarkingStep, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=AnnotationKind.choices)
    geometry = models.JSONField()
    text = models.CharField(max_length=1000, blank=True)
    shown = models.CharField(max_length=1000, blank=True, default="", db_default="")
    marks = models.CharField(max_length=8, blank=True, help_text=_("The step's mark shown beside the stamp, e.g. 0.5."))
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = OfEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("annotation")
        indexes = [models.Index(fields=["evaluation", "page"], name="annotation_page_idx")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.page}"


class BankCommentQuerySet(ScopedQuerySet["BankComment"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)


class BankComment(IdModel):
    """A comment a teacher uses again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bank_comments")
    text = models.CharField(max_length=200)
    uses = models.PositiveIntegerField(default=0)

    objects = BankCommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank comment")
        ordering = ["-uses", "text"]
        constraints = [models.UniqueConstraint(fields=["owner", "text"], name="bank_comment_unique")]

    def __str__(self) -> str:
        return self.text
