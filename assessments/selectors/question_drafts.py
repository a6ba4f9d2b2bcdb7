"""Reading unfinished questions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from assessments.models import Question, QuestionDraft


def drafts_of(user: Any) -> QuerySet[QuestionDraft]:
    """The person's own, the latest first, with the question that each would change; one query."""
    return QuestionDraft.objects.visible_to(user).select_related("question__current").order_by("-updated_at")


def draft_to_continue(user: Any, draft_id: UUID | None, question: Question | None) -> QuestionDraft | None:
    """The person's draft of that id, if it is one of this question (or of a new one)."""
    if draft_id is None:
        return None
    return QuestionDraft.objects.visible_to(user).filter(pk=draft_id, question=question).first()


def draft_of_question(user: Any, question: Question) -> QuestionDraft | None:
    """What this person began to change on the question and did not finish."""
    return QuestionDraft.objects.visible_to(user).filter(question=question).first()
