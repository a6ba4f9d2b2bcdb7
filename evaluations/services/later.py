"""Questions that the marker wants to come back to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from assessments.models import PaperQuestion
from common.errors import DomainError
from evaluations.models import Evaluation, LaterFlag
from evaluations.services.claims import lock_claimed


def flag_later(*, evaluation: Evaluation, question_id: UUID, is_later: bool, actor: User, now: datetime) -> list[UUID]:
    """Flags a question or takes the flag off; again changes nothing. Returns the flagged ones.

    Raises ClaimError, and DomainError for a question that is not on the paper.
    """
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, actor)
        questions = PaperQuestion.objects.filter(paper=locked.attempt.paper_id, is_written=True)
        if not questions.filter(pk=question_id).exists():
            raise DomainError("This question is not a written one of the paper.", "unknown_question")
        if is_later:
            LaterFlag.objects.get_or_create(evaluation=locked, question_id=question_id, defaults={"flagged_at": now})
        else:
            LaterFlag.objects.filter(evaluation=locked, question=question_id).delete()
    return list(LaterFlag.objects.filter(evaluation=evaluation).values_list("question", flat=True))
