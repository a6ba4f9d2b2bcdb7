"""What a student may ask once a paper is back, and what was said about it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Exam, PaperQuestion, SheetPage
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import ClarificationSide
from evaluations.models.evaluation import Evaluation
from evaluations.models.policies import PublicPromiseQuerySet, SlaPolicy


class AfterMarksPolicy(IdModel):
    """From when and for how long students ask about a paper that is back. The row without an exam is for all exams
    without one of their own; where there is none, the defaults below hold."""

    exam = models.OneToOneField(
        Exam,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("exam"),
        related_name="after_marks",
        help_text=_("Empty: all exams without a row of their own."),
    )
    question_hours = models.PositiveSmallIntegerField(
        _("hours until questions open"), default=0, validators=[MaxValueValidator(336)]
    )
    question_days = models.PositiveSmallIntegerField(
        _("days for questions"), default=7, validators=[MaxValueValidator(90)], help_text=_("0: no questions.")
    )
    remark_hours = models.PositiveSmallIntegerField(
        _("hours until re-marks open"), default=2, validators=[MaxValueValidator(336)]
    )
    remark_days = models.PositiveSmallIntegerField(
        _("days for re-marks"), default=7, validators=[MaxValueValidator(90)], help_text=_("0: no re-marks.")
    )
    remark_tokens = models.PositiveSmallIntegerField(
        _("re-marks of an exam"),
        default=2,
        validators=[MinValueValidator(0), MaxValueValidator(50)],
        help_text=_("So many a student has. One that was upheld is given back."),
    )
    remark_policy = models.ForeignKey(
        SlaPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("promise of re-marks"),
        related_name="+",
        help_text=_("Empty: the promise of the paper."),
    )

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("rules after the marks")
        verbose_name_plural = _("rules after the marks")
        constraints = [
            models.UniqueConstraint(models.Case(models.When(exam__isnull=True, then=1)), name="after_marks_one_for_all")
        ]

    def __str__(self) -> str:
        return str(self.exam) if self.exam else str(_("All exams"))


class ClarificationQuerySet(ScopedQuerySet["Clarification"]):
    def visible_to(self, user: Any) -> Self:
        """Staff, the marker whom it is put to, the student, and the guardians, who only read."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        # By the record alone: the marker of a share does not hold the record.
        allowed = Q(evaluation__in=Evaluation.objects.family_of(user).values("pk"))
        if user.is_teacher:
            allowed |= Q(marker=user, marker__teacher_profile__verified_at__isnull=False)
        return self.filter(allowed)


class Clarification(IdModel):
    """One conversation about a question of a released paper, or, without one, about the paper. `evaluation` is the
    record, `marker` whoever gave the marks; without one only staff answer. `waits_for` is whose turn it is."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="clarifications")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, null=True, blank=True, related_name="+")
    marker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="clarifications"
    )
    waits_for = models.CharField(max_length=8, choices=ClarificationSide.choices, blank=True)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ClarificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about marks")
        verbose_name_plural = _("questions about marks")
        ordering = ["-last_at"]
        indexes = [
            models.Index(fields=["marker", "-last_at"], name="clarification_marker_idx"),
            models.Index(fields=["-last_at"], name="clarification_last_idx"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "question"],
                condition=Q(question__isnull=False),
                name="clarification_one_a_question",
            ),
            models.UniqueConstraint(
                fields=["evaluation"], condition=Q(question__isnull=True), name="clarification_one_a_paper"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.question or _('Paper')}"


class OfClarificationQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(clarification__in=Clarification.objects.visible_to(user).values("pk"))


class ClarificationMessage(IdModel):
    """Append-only. `id` is chosen by the page, so what is sent again is one message. `region` is {"x", "y", "w", "h"}
    in 0–1 of `page`."""

    clarification = models.ForeignKey(Clarification, models.PROTECT, related_name="messages")
    side = models.CharField(max_length=8, choices=ClarificationSide.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    page = models.ForeignKey(SheetPage, models.PROTECT, null=True, blank=True, related_name="+")
    region = models.JSONField(null=True, blank=True)
    at = models.DateTimeField()

    objects = OfClarificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("message about marks")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:60]
