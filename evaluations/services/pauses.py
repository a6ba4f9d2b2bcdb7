"""The promise waits while the student is asked for something; the time it waited is kept, and the promise moves."""

from __future__ import annotations

from datetime import datetime

import structlog

from evaluations.enums import PauseReason
from evaluations.models import Evaluation, SlaPause
from evaluations.services import sla_clock
from evaluations.services.policies import clock_calendar, clock_policy

#: All that moves when the clock stood still.
MOMENTS = ("due_at", "half_at", "most_at", "remind_at")

log = structlog.get_logger(__name__)


def stop_clock(evaluation: Evaluation, *, now: datetime) -> None:
    """The clock of a locked evaluation stands still from now on, unless it does already or the promise is kept; with
    that of a share its record's."""
    if evaluation.paused_at is None and evaluation.finalised_at is None:
        evaluation.paused_at = now
        evaluation.save(update_fields=["paused_at"])
    if evaluation.record is not None:
        stop_clock(evaluation.record, now=now)


def start_clock(evaluation: Evaluation, *, at: datetime, reason: PauseReason = PauseReason.STUDENT) -> None:
    """The clock of a locked evaluation runs again since `at`: writes the pause and moves the promise. A record waits
    while any of its shares does."""
    started_at = evaluation.paused_at
    if started_at is None:
        return
    at = max(at, started_at)
    before = evaluation.due_at
    moved = moved_by_pause(evaluation, started_at, at)
    SlaPause.objects.create(
        evaluation=evaluation,
        reason=reason,
        started_at=started_at,
        ended_at=at,
        due_before=before,
        due_after=moved["due_at"],
    )
    for field, moment in {"paused_at": None, **moved}.items():
        setattr(evaluation, field, moment)
    evaluation.save(update_fields=["paused_at", *moved])
    if (
        evaluation.record is not None
        and not Evaluation.objects.filter(record=evaluation.record, paused_at__isnull=False).exists()
    ):
        start_clock(evaluation.record, at=at, reason=reason)


def moved_by_pause(
    evaluation: Evaluation, started_at: datetime, ended_at: datetime, *, fields: tuple[str, ...] = MOMENTS
) -> dict[str, datetime]:
    """The promise and the moments of reminders on the way to it, each by what was left of it when the pause began."""
    old = {field: getattr(evaluation, field) for field in fields if getattr(evaluation, field) is not None}
    policy = evaluation.policy
    try:
        clock, calendar = clock_policy(policy), clock_calendar(policy.calendar)
        return {
            field: sla_clock.resumed_due(
                due=moment, paused_at=started_at, resumed_at=ended_at, policy=clock, calendar=calendar
            )
            for field, moment in old.items()
        }
    except sla_clock.CalendarError as error:
        # A calendar without working days must not keep a picture out: the plain time is given.
        log.error("pause_without_calendar", policy=policy.slug, message=str(error))
        plain = ended_at - started_at
        return {field: moment + plain * (moment > started_at) for field, moment in old.items()}
