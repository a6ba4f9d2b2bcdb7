"""Frozen papers: drawn once from a blueprint and a seed, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models.blueprints import Blueprint
from assessments.models.questions import QuestionVersion
from common.models import IdModel, MarksField, ScopedQuerySet
from courses.models import Programme


class PaperQuerySet(ScopedQuerySet["Paper"]):
    def visible_to(self, user: Any) -> Self:
        """Staff and verified teachers all; a student the papers of their own attempts."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff or (user.is_teacher and user.teacher_profile.is_verified):
            return self
        return self.filter(pk__in=user.attempts.values("paper_id"))


class Paper(IdModel):
    """`sections`: [{"label", "title", "instruction"}] in order. `is_rehearsal`: drawn for somebody who rehearses, and
    counted nowhere; null of all others."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="papers")
    blueprint = models.ForeignKey(Blueprint, models.PROTECT, null=True, blank=True, related_name="papers")
    title = models.CharField(_("title"), max_length=160)
    seed = models.BigIntegerField()
    sections = models.JSONField(default=list)
    total_marks = MarksField(_("marks"))
    written_marks = MarksField(_("marks for written answers"))
    frozen_at = models.DateTimeField()
    is_rehearsal = models.BooleanField(null=True, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], condition=Q(is_rehearsal=True), name="paper_rehearsal_idx")]

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class ShownContent:
    """What a question of a paper says: the version's own content, or the variant drawn for the paper.

    Options, parts and `answer` are shaped as at QuestionVersion; `steps` has the HTML of the marking scheme by
    position, and is empty where the version's own steps hold; `hints` is HTML.
    """

    text_source: str
    text_html: str
    options: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    answer: dict[str, Any]
    model_answer_html: str
    explanation_html: str
    steps: dict[str, str] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)

    def step_html(self, position: int, own: str) -> str:
        """The text of the scheme's step at `position`; `own` is the version's."""
        return self.steps.get(str(position), own)


class PaperQuestionQuerySet(ScopedQuerySet["PaperQuestion"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(paper__in=Paper.objects.visible_to(user).values("pk"))


class PaperQuestion(IdModel):
    """Question `number` of a paper. With internal choice two rows share the number, alternatives "a" and "b".

    `variant`, for a question with parameters: {"values": {"a": "3"}, "shown": the fields of ShownContent}. What a page
    or a marker reads is `shown`, never the version's own content.
    """

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="questions")
    section = models.CharField(max_length=4)
    number = models.PositiveSmallIntegerField()
    alternative = models.CharField(max_length=2, blank=True)
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="paper_questions")
    type = models.CharField(max_length=20)
    marks = MarksField()
    is_written = models.BooleanField()
    variant = models.JSONField(null=True, blank=True)

    objects = PaperQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper question")
        ordering = ["paper", "number", "alternative"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "number", "alternative"], name="paper_question_unique"),
            models.CheckConstraint(condition=Q(alternative__in=["", "a", "b"]), name="paper_question_alternative"),
        ]

    def __str__(self) -> str:
        return f"Q{self.number}{self.alternative}"

    @property
    def shown(self) -> ShownContent:
        """The content as it stands on this paper. Reads `version` unless a variant was drawn."""
        if self.variant is not None:
            return ShownContent(**self.variant["shown"])
        version = self.version
        return ShownContent(
            text_source=version.text_source,
            text_html=version.text_html,
            options=version.options,
            parts=version.parts,
            answer=version.answer,
            model_answer_html=version.model_answer_html,
            explanation_html=version.explanation_html,
            hints=[hint["html"] for hint in version.hints or ()],
        )
