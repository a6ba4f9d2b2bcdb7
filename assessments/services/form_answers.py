"""A page of answers at once, as a browser without JavaScript sends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from assessments.models import Attempt, Response
from assessments.selectors.attempts import answer_shapes
from assessments.services.answers import AnswerShape, clean_answer
from assessments.services.attempts import save_response
from assessments.services.checking import CheckedResponse, check_response
from common.errors import DomainError


def save_answers(
    *,
    attempt: Attempt,
    answers: Mapping[str, tuple[dict[str, Any], int | None]],
    check: UUID | None = None,
    actor: User,
    now: datetime,
) -> CheckedResponse | None:
    """Saves each (answer, certainty) that differs from what is stored, and checks the question `check`.

    One answer that cannot be saved does not keep the others from it; the first such refusal is raised at the end, or
    that of the check.
    """
    stored = {str(row.question_id): row for row in Response.objects.filter(attempt=attempt)}
    shapes = answer_shapes(attempt.paper_id)
    refused: DomainError | None = None
    for question, (answer, certainty) in answers.items():
        row = stored.get(question)
        try:
            clean = clean_answer(AnswerShape(*shapes[question]), answer)
            if _is_stored(row, clean, certainty):
                continue
            saved = save_response(
                attempt=attempt,
                question_id=question,
                seq=_next_seq(row, now),
                answer=clean,
                marked_for_review=None,
                certainty=certainty,
                actor=actor,
                now=now,
            )
            stored[question] = Response(attempt=attempt, seq=saved.seq)
        except DomainError as error:
            refused = refused or error
    if check is not None and str(check) in answers:
        seq, answer = _next_seq(stored.get(str(check)), now), answers[str(check)][0]
        return check_response(attempt=attempt, question_id=check, seq=seq, answer=answer, actor=actor, now=now)
    if refused is not None:
        raise refused
    return None


def _is_stored(row: Response | None, answer: dict[str, Any], certainty: int | None) -> bool:
    """Whether saving would change nothing. A closed question's fields are not sent, so it looks emptied."""
    if row is None:
        return not answer and certainty is None
    return row.is_closed or (row.answer == answer and certainty in (None, row.certainty))


def _next_seq(row: Response | None, now: datetime) -> int:
    """Numbered as devices number their saves, so that what an older tab still sends does not come after this."""
    return max(int(now.timestamp() * 1000), row.seq + 1 if row else 1)
