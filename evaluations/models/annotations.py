"""The red ink: vectors in page-relative coordinates, drawn the same in the browser and in print."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam, MarkingStep, PaperQuestion, Question, SheetPage
from common.models import IdModel, ScopedQuerySet
from courses.models import Programme
from evaluations.enums import AnnotationKind
from evaluations.models.evaluation import Evaluation, OfEvaluationQuerySet


class Annotation(models.Model):
    """One mark on a page; its id is chosen by the marker's browser, which makes saving repeatable.

    `geometry`: {"x", "y"} for stamps and comments, {"points": [[x, y, pressure|null], …]} for pen, highlight and
    underline, {"x", "y", "w", "h"} for circles and for comments on a part of the page; all in 0–1 of the page's width
    and height. `shown`: the text as it is drawn, where formulas are in it. `bank`: the comment of the bank it says;
    when a share's ink goes over to its record, the copy there has it.
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
    bank = models.ForeignKey(
        "BankComment", models.SET_NULL, null=True, blank=True, db_index=False, editable=False, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = OfEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("annotation")
        indexes = [
            models.Index(fields=["evaluation", "page"], name="annotation_page_idx"),
            models.Index(
                fields=["bank", "question"], condition=models.Q(bank__isnull=False), name="annotation_bank_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.page}"


class BankCommentQuerySet(ScopedQuerySet["BankComment"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(Q(owner=user) | Q(owner=None) if user.is_teacher else Q(owner=user))

    def at_desk(self, reader: Any, evaluation: Evaluation) -> Self:
        """The reader's own, and the shared ones that are for this paper."""
        attempt = evaluation.attempt
        questions = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True).values("version__question")
        place = Q(programme=None, exam=None, question=None) | Q(programme=attempt.exam.programme_id)
        return self.filter(
            Q(owner=reader) | Q(owner=None) & (place | Q(exam=attempt.exam_id) | Q(question__in=questions))
        )


class BankComment(IdModel):
    """A comment that is used again: a teacher's own, or, with nobody as `owner`, one the institute shares with all who
    mark a programme, an exam or a question, or anything. `uses`: how often it was put on a page, by whomever."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, editable=False, related_name="bank_comments"
    )
    text = models.CharField(_("comment"), max_length=200)
    programme = models.ForeignKey(
        Programme, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("programme")
    )
    exam = models.ForeignKey(Exam, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("exam"))
    question = models.ForeignKey(
        Question, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("question")
    )
    uses = models.PositiveIntegerField(default=0, editable=False)

    objects = BankCommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank comment")
        ordering = ["-uses", "text"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "text"], name="bank_comment_unique"),
            models.UniqueConstraint(
                fields=["text"],
                condition=Q(owner__isnull=True),
                name="bank_comment_shared_unique",
                violation_error_message=_("There is a shared comment with these words already."),
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(programme__isnull=True, exam__isnull=True, question__isnull=True),
                name="bank_comment_own_unscoped",
            ),
            models.CheckConstraint(
                condition=Q(programme__isnull=True, exam__isnull=True)
                | Q(programme__isnull=True, question__isnull=True)
                | Q(exam__isnull=True, question__isnull=True),
                name="bank_comment_one_scope",
                violation_error_message=_("Choose a programme, an exam or a question, not more than one."),
            ),
        ]

    def __str__(self) -> str:
        return self.text
