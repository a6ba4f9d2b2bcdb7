"""Questions that are not finished: what somebody typed into the editor, whatever rules it still breaks."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.enums import QuestionType
from assessments.models.questions import Question
from common.models import IdModel, ScopedQuerySet


class QuestionDraftQuerySet(ScopedQuerySet["QuestionDraft"]):
    def visible_to(self, user: Any) -> Self:
        """A draft is its author's scratch sheet, also for staff."""
        return self.filter(author=user) if user.is_authenticated else self.none()


class QuestionDraft(IdModel):
    """A form of the editor as it was left. Its id is chosen before the first save, so that a device can keep it too.

    `question`: the one it would change, if any; `data`: {field: [values]} of the form; `version` grows with each save.
    """

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    question = models.ForeignKey(Question, models.CASCADE, null=True, blank=True, related_name="+")
    data = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    objects = QuestionDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("unfinished question")
        ordering = ["-updated_at"]
        constraints = [models.UniqueConstraint(fields=["author", "question"], name="question_draft_unique")]

    def __str__(self) -> str:
        return self.text[:60] or str(self.pk)

    @property
    def text(self) -> str:
        """What the student would read, on one line."""
        return " ".join(self._first("text").split())

    @property
    def type_label(self) -> str:
        kind = self._first("type")
        return str(QuestionType(kind).label) if kind in QuestionType.values else ""

    def _first(self, name: str) -> str:
        values = self.data.get(name) or [""]
        return str(values[-1])
