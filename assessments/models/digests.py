"""What searching and comparing questions needs, kept beside them: their words, and signatures of their wording."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import QuestionState
from assessments.models.questions import Question, QuestionVersion, bank_filter
from common.models import IdModel, ScopedQuerySet


class OfQuestionQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Whoever may see the question."""
        return self.filter(bank_filter(user, "question__")) if user.is_authenticated else self.none()


class QuestionDigest(models.Model):
    """The plain words of a question's current version. A full text index stands on `words`."""

    question = models.OneToOneField(Question, models.CASCADE, primary_key=True, related_name="digest")
    words = models.TextField(help_text=_("Lower case, without markup."))

    objects = OfQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question digest")

    def __str__(self) -> str:
        return f"{self.question_id}"


class QuestionBand(models.Model):
    """One band of the signature of a question's wording: questions that share bands probably say the same."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="bands")
    value = models.BigIntegerField()

    objects = OfQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question band")
        constraints = [models.UniqueConstraint(fields=["value", "question"], name="question_band_unique")]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.value}"


class QuestionReview(IdModel):
    """One step of a question between draft, review, active and retired: who, when, of which version, and why."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="reviews")
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="+")
    before = models.CharField(max_length=12, choices=QuestionState.choices)
    after = models.CharField(max_length=12, choices=QuestionState.choices)
    reason = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = OfQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question review")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(before=models.F("after")), name="question_review_moves")]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.before} → {self.after}"
