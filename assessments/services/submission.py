"""The end of writing: an attempt is locked, its objective questions are marked, and the fact is announced."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, FlightEvent, SubmitReason
from assessments.models import Attempt, PaperQuestion, Response, Try
from assessments.services.behaviours import Rules, total_marks
from assessments.services.flight_rows import note_event
from assessments.services.item_statistics import note_marked
from assessments.services.judging import Key, judge_answer, judge_response, rules_of, tried_answers
from assessments.services.keys import keys_of
from assessments.services.locks import Lock, hold
from assessments.services.time_bounds import bounded_times
from assessments.services.webhook_data import submitted_data
from assessments.signals import attempt_handed_in, attempt_submitted
from common.errors import DomainError, NotPermittedError
from common.events import announce
from notifications.enums import WebhookType
from notifications.services.webhooks import record_webhook

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
    """The attempt with its paper and exam, locked until the transaction ends. Every service locks the attempt first.

    Raises Attempt.DoesNotExist, also when `skip_locked` and somebody else holds it.
    """
    rows = Attempt.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return rows.select_related("paper", "exam").get(pk=attempt_id)


def require_student(attempt: Attempt, actor: User) -> None:
    """Only the student works on their attempt."""
    if actor.pk != attempt.student_id:
        raise NotPermittedError(_("Only the student can do this."), "not_permitted")


def cancelled() -> DomainError:
    return DomainError(_("This attempt was cancelled. Ask your institute."), "attempt_cancelled")


def is_time_up(attempt: Attempt, now: datetime) -> bool:
    return now >= attempt.ends_at + NETWORK_GRACE


def finish_writing(attempt: Attempt, *, now: datetime) -> None:
    """Marks and submits a locked attempt that is in progress. Must run inside the transaction that locked it.

    Of a rehearsal nobody is told, and no statistic notes it.
    """
    late = is_time_up(attempt, now)
    attempt.submit_reason = SubmitReason.TIME_UP if late else SubmitReason.STUDENT
    attempt.submitted_at = attempt.ends_at if late else now
    attempt.objective_marks, attempt.objective_max = _mark_objective(attempt, now)
    attempt.state = AttemptState.SUBMITTED
    if not attempt.paper.written_marks:
        attempt.state, attempt.handed_in_at = AttemptState.HANDED_IN, now
    fields = ["submit_reason", "submitted_at", "objective_marks", "objective_max", "state", "handed_in_at"]
    attempt.save(update_fields=fields)
    reason = str(attempt.submit_reason)
    note_event(attempt, FlightEvent.SUBMITTED, now=now, began_at=attempt.submitted_at, reason=reason)
    if attempt.exam.is_rehearsal:
        return
    note_marked([attempt.pk])
    # An attempt that was opened again after an outage is submitted again.
    cause = f"{attempt.pk}:{attempt.submitted_at.isoformat()}"
    record_webhook(type=WebhookType.ATTEMPT_SUBMITTED, cause=cause, data=partial(submitted_data, attempt), now=now)
    announce(attempt_submitted, attempt_id=attempt.pk)
    if attempt.state == AttemptState.HANDED_IN:
        announce(attempt_handed_in, attempt_id=attempt.pk)


def _mark_objective(attempt: Attempt, now: datetime) -> tuple[Decimal, Decimal]:
    """Scores every saved objective response as the exam behaves; returns (marks, maximum).

    Of two alternatives the better one counts. Also bounds the times of all responses.
    """
    # Whoever corrects a key waits for this, and then finds the attempt submitted; or this waits and reads the new key.
    hold(Lock.KEYS, shared=True)
    rules = rules_of(attempt.exam)
    questions = list(PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=False).select_related("version"))
    keys = keys_of(questions)
    saved = {response.question_id: response for response in Response.objects.filter(attempt=attempt)}
    tried = _tried_to_the_end(attempt, rules, questions, keys, saved, now) if rules.has_tries else {}
    possible = {question.number: question.marks * rules.factor for question in questions}
    counted: list[tuple[int, Decimal | None]] = []
    scored = []
    for question in questions:
        response = saved.get(question.pk)
        if response is None:
            continue
        tries = tried.get((attempt.pk, question.pk), [])
        judged = judge_response(rules, question, keys[question.pk], response, tries)
        judged.write_to(response)
        counted.append((question.number, judged.marks if response.answer or tries else None))
        scored.append(response)
    if scored:
        Response.objects.bulk_update(scored, ["is_correct", "marks", "bare_marks"])
    if bounded := bounded_times(attempt, saved.values()):
        Response.objects.bulk_update(bounded, ["seconds"])
    return total_marks(counted), sum(possible.values(), Decimal(0))


def _tried_to_the_end(
    attempt: Attempt,
    rules: Rules,
    questions: list[PaperQuestion],
    keys: dict[UUID, Key],
    saved: dict[UUID, Response],
    now: datetime,
) -> dict[tuple[UUID, UUID], list[Key]]:
    """The answers tried, by attempt and question. What stands unchecked at the end is a last try, if one was left."""
    tried = tried_answers([attempt.pk])
    last = []
    for question in questions:
        response, tries = saved.get(question.pk), tried[attempt.pk, question.pk]
        if response is None or response.is_closed or not response.answer or len(tries) >= rules.most_tries:
            continue
        if tries and tries[-1] == response.answer:
            continue
        verdict = judge_answer(question, keys[question.pk], response.answer)
        tries.append(response.answer)
        last.append(
            Try(
                attempt=attempt,
                question=question,
                number=len(tries),
                answer=response.answer,
                is_correct=verdict.is_correct,
                marks=verdict.marks,
                made_at=now,
            )
        )
    Try.objects.bulk_create(last)
    return tried
