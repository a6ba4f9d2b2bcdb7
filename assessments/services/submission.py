"""The end of writing: an attempt is locked, its objective questions are marked, and the fact is announced."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, SubmitReason
from assessments.models import Attempt, PaperQuestion, Response
from assessments.services.item_statistics import note_marked
from assessments.services.keys import keys_of
from assessments.services.locks import Lock, hold
from assessments.services.scoring import MarkedShape, score_answer
from assessments.signals import attempt_handed_in, attempt_submitted
from common.errors import DomainError, NotPermittedError
from common.events import announce

log = structlog.get_logger(__name__)

# A save that left the device in time may arrive this much later.
NETWORK_GRACE = timedelta(seconds=15)


def submit_attempt(*, attempt: Attempt, actor: User, now: datetime) -> Attempt:
    """Ends the writing of `attempt` for its student and returns it as it now is; repeating it changes nothing.

    Locks the attempt. A paper without written questions is handed in at once.
    """
    require_student(attempt, actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if locked.state == AttemptState.CANCELLED:
            raise cancelled()
        if locked.state == AttemptState.IN_PROGRESS:
            finish_writing(locked, now=now)
    return locked


def lock_attempt(attempt_id: UUID, *, skip_locked: bool = False) -> Attempt:
    """The attempt with its paper, locked until the transaction ends. Every service locks the attempt first.

    Raises Attempt.DoesNotExist, also when `skip_locked` and somebody else holds it.
    """
    rows = Attempt.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return rows.select_related("paper").get(pk=attempt_id)


def require_student(attempt: Attempt, actor: User) -> None:
    """Only the student works on their attempt."""
    if actor.pk != attempt.student_id:
        raise NotPermittedError(_("Only the student can do this."), "not_permitted")


def cancelled() -> DomainError:
    return DomainError(_("This attempt was cancelled. Ask your institute."), "attempt_cancelled")


def is_time_up(attempt: Attempt, now: datetime) -> bool:
    return now >= attempt.ends_at + NETWORK_GRACE


def finish_writing(attempt: Attempt, *, now: datetime) -> None:
    """Marks and submits a locked attempt that is in progress. Must run inside the transaction that locked it."""
    late = is_time_up(attempt, now)
    attempt.submit_reason = SubmitReason.TIME_UP if late else SubmitReason.STUDENT
    attempt.submitted_at = attempt.ends_at if late else now
    attempt.objective_marks, attempt.objective_max = _mark_objective(attempt)
    attempt.state = AttemptState.SUBMITTED
    if not attempt.paper.written_marks:
        attempt.state, attempt.handed_in_at = AttemptState.HANDED_IN, now
    fields = ["submit_reason", "submitted_at", "objective_marks", "objective_max", "state", "handed_in_at"]
    attempt.save(update_fields=fields)
    note_marked([attempt.pk])
    announce(attempt_submitted, attempt_id=attempt.pk)
    if attempt.state == AttemptState.HANDED_IN:
        announce(attempt_handed_in, attempt_id=attempt.pk)


def _mark_objective(attempt: Attempt) -> tuple[Decimal, Decimal]:
    """Scores every saved objective response; returns (marks, maximum). Of two alternatives the better one counts."""
    # Whoever corrects a key waits for this, and then finds the attempt submitted; or this waits and reads the new key.
    hold(Lock.KEYS, shared=True)
    questions = list(PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=False).select_related("version"))
    keys = keys_of(questions)
    saved = {response.question_id: response for response in Response.objects.filter(attempt=attempt)}
    gained: dict[int, Decimal] = {}
    possible: dict[int, Decimal] = {}
    scored = []
    for question in questions:
        possible[question.number] = question.marks
        gained.setdefault(question.number, Decimal(0))
        response = saved.get(question.pk)
        if response is None:
            continue
        response.is_correct, response.marks = score_response(question, keys[question.pk], response.answer)
        gained[question.number] = max(gained[question.number], response.marks)
        scored.append(response)
    if scored:
        Response.objects.bulk_update(scored, ["is_correct", "marks"])
    return sum(gained.values(), Decimal(0)), sum(possible.values(), Decimal(0))


def score_response(question: PaperQuestion, key: dict[str, Any], answer: dict[str, Any]) -> tuple[bool | None, Decimal]:
    """(is correct, marks); None for an answer that was cleared, or where the key itself is unusable."""
    if not answer:
        return None, Decimal(0)
    try:
        shown = question.shown
        shape = MarkedShape(len(shown.options), {part["label"]: Decimal(part["marks"]) for part in shown.parts})
        result = score_answer(question.type, question.marks, key, answer, shape)
    except ValueError as error:
        # A broken key is the bank's fault: the student's submission must not fail over it. Re-marking mends it.
        log.error("question_key_unusable", question_id=str(question.pk), error=str(error))
        return None, Decimal(0)
    return result.is_correct, result.marks
