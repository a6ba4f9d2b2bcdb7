"""Re-marks that students ask for, the tokens they cost, and what became of the marks."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam, MarkingStep, PaperQuestion, SheetPage
from common.models import IdModel, MarksField, ScopedQuerySet
from evaluations.enums import RemarkState, TokenKind
from evaluations.models.evaluation import Evaluation, OfEvaluationQuerySet


class RemarkRequestQuerySet(ScopedQuerySet["RemarkRequest"]):
    def visible_to(self, user: Any) -> Self:
        """Staff, the family of the student, and the teacher who marks it again."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        allowed = Q(evaluation__in=Evaluation.objects.family_of(user).values("pk"))
        if user.is_teacher:
            allowed |= Q(remark__teacher=user, remark__teacher__teacher_profile__verified_at__isnull=False)
        return self.filter(allowed)


class RemarkRequest(IdModel):
    """One question of a released paper that is marked again. `evaluation` is the record, `remark` the evaluation on
    which another teacher marks it; `first_marker` gave the mark that stands. `region` is {"x", "y", "w", "h"} in 0–1
    of `page`. A re-check is one that staff opened: it costs no token."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="remark_requests")
    remark = models.OneToOneField(Evaluation, models.PROTECT, related_name="remark_request")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    page = models.ForeignKey(SheetPage, models.PROTECT, null=True, blank=True, related_name="+")
    region = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=1000)
    is_recheck = models.BooleanField(_("re-check"), default=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    first_marker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=RemarkState.choices, default=RemarkState.WAITING)
    marks_before = MarksField()
    marks_after = MarksField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = RemarkRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("re-mark")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "question"], name="remark_once_a_question"),
            models.CheckConstraint(
                condition=Q(state=RemarkState.WAITING, decided_at=None) | ~Q(state=RemarkState.WAITING),
                name="remark_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.question}"


class OfRemarkQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(request__in=RemarkRequest.objects.visible_to(user).values("pk"))


class RemarkStep(IdModel):
    """A step of the scheme that was pointed at, or (`step` None) the whole answer; `after` is what the second teacher
    gives it."""

    request = models.ForeignKey(RemarkRequest, models.PROTECT, related_name="steps")
    step = models.ForeignKey(MarkingStep, models.PROTECT, null=True, blank=True, related_name="+")
    before = MarksField()
    after = MarksField(null=True, blank=True)
    is_upheld = models.BooleanField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True)

    objects = OfRemarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a re-mark")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["request", "step"], name="remark_step_unique")]

    def __str__(self) -> str:
        return f"{self.request}: {self.before}"


class RemarkTokenQuerySet(ScopedQuerySet["RemarkToken"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; staff all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(student=user)


class RemarkToken(IdModel):
    """Append-only: a token spent on a request, or given back. What is left of an exam's is worked out from these."""

    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="remark_tokens")
    exam = models.ForeignKey(Exam, models.PROTECT, related_name="+")
    request = models.ForeignKey(RemarkRequest, models.PROTECT, related_name="tokens")
    kind = models.CharField(max_length=8, choices=TokenKind.choices)
    at = models.DateTimeField()

    objects = RemarkTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("re-mark token")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["request", "kind"], name="remark_token_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.request}"


class MarkCorrection(IdModel):
    """Append-only: a mark that changed after the paper was back, with the totals of the paper before and after.
    `question` None: of the paper as a whole."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="corrections")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, null=True, blank=True, related_name="+")
    before = MarksField(null=True, blank=True)
    after = MarksField(null=True, blank=True)
    total_before = MarksField()
    total_after = MarksField()
    reason = models.CharField(max_length=1000)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("corrected mark")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.question}: {self.before} → {self.after}"
