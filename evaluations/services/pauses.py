"""The promise waits while the student is asked for something; the time it waited is kept, and the promise moves."""

from __future__ import annotations

from datetime import datetime

import structlog

from evaluations.enums import PauseReason
from evaluations.models import Evaluation, SlaPause
from evaluations.services import sla_clock
from evaluations.services.policies import clock_calendar, clock_policy

log = structlog.get_logger(__name__)


def stop_clock(evaluation: Evaluation, *, now: datetime) -> None:
    """The clock of a locked evaluation stands still from now on, unless it does already or the promise is kept."""
    if evaluation.paused_at is None and evaluation.finalised_at is None:
        evaluation.paused_at = now
        evaluation.save(update_fields=["paused_at"])


def start_clock(evaluation: Evaluation, *, at: datetime, reason: PauseReason = PauseReason.STUDENT) -> None:
    """The clock of a locked evaluation runs again since `at`: writes the pause and moves the promise."""
    started_at = evaluation.paused_at
    if started_at is None:
        return
    at = max(at, started_at)
    due_before, due_after = evaluation.due_at, _due_after(evaluation, started_at, at)
    SlaPause.objects.create(
        evaluation=evaluation,
        reason=reason,
        started_at=started_at,
        ended_at=at,
        due_before=due_before,
        due_after=due_after,
    )
    evaluation.paused_at, evaluation.due_at = None, due_after
    evaluation.save(update_fields=["paused_at", "due_at"])


def _due_after(evaluation: Evaluation, started_at: datetime, at: datetime) -> datetime:
    policy = evaluation.policy
    try:
        return sla_clock.resumed_due(
            due=evaluation.due_at,
            paused_at=started_at,
            resumed_at=at,
            policy=clock_policy(policy),
            calendar=clock_calendar(policy.calendar),
        )
    except sla_clock.CalendarError as error:
        # A calendar without working days must not keep a picture out: the plain time is given.
        log.error("pause_without_calendar", policy=policy.slug, message=str(error))
        return evaluation.due_at + (at - started_at)
