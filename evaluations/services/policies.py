"""From policy and calendar rows to the pure clock."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import structlog
from django.db import DatabaseError

from accounts.enums import Feature
from accounts.models import User
from accounts.selectors import find_entitlement
from common.errors import DomainError
from evaluations.enums import PolicyKind
from evaluations.models import SlaPolicy, WorkingCalendar
from evaluations.services import sla_clock

#: The shares of the budget at which a teacher is reminded, and then warned.
HALF, MOST = Decimal("0.5"), Decimal("0.8")

log = structlog.get_logger(__name__)


class PolicyError(DomainError):
    """No promise can be worked out: a policy or a calendar is missing or makes no sense."""


def choose_policy(*, student: User, now: datetime) -> SlaPolicy:
    """The policy the student's entitlement names, else the default. Raises PolicyError when there is neither."""
    policies = SlaPolicy.objects.select_related("calendar")
    granted = find_entitlement(user=student, feature=Feature.SLA_POLICY, now=now)
    chosen: SlaPolicy | None = policies.filter(slug=granted.value).first() if granted else None
    if granted and chosen is None:
        log.error("sla_policy_unknown", slug=granted.value, entitlement=str(granted.pk))
    chosen = chosen or policies.filter(is_default=True).first()
    if chosen is None:
        raise PolicyError("No marking promise is set up as the default. Choose one in the back office.", "no_policy")
    return chosen


def clock_calendar(calendar: WorkingCalendar) -> sla_clock.Calendar:
    """The calendar's rows as the clock wants them. Two queries."""
    days: dict[int, list[tuple[time, time]]] = {}
    for hours in calendar.opening_hours.order_by("weekday", "opens"):
        days.setdefault(hours.weekday, []).append((hours.opens, hours.closes))
    return sla_clock.Calendar(
        time_zone=ZoneInfo(calendar.time_zone),
        weekly_hours=sla_clock.WeeklyHours({weekday: tuple(spans) for weekday, spans in days.items()}),
        holidays=frozenset(calendar.holidays.values_list("date", flat=True)),
    )


def clock_policy(policy: SlaPolicy) -> sla_clock.Policy:
    if policy.kind == PolicyKind.SAME_DAY:
        assert policy.cutoff is not None
        assert policy.due_time is not None
        return sla_clock.SameWorkingDay(cutoff=policy.cutoff, due=policy.due_time)
    assert policy.hours is not None
    if policy.kind == PolicyKind.WORKING_HOURS:
        return sla_clock.WorkingHours(policy.hours)
    return sla_clock.ElapsedExcludingClosedDays(policy.hours)


def promised_at(*, policy: SlaPolicy, submitted_at: datetime) -> datetime:
    """When a paper submitted at `submitted_at` is due back. Raises PolicyError when the rows make no sense."""
    try:
        return sla_clock.due_at(
            submitted_at=submitted_at, policy=clock_policy(policy), calendar=clock_calendar(policy.calendar)
        )
    except sla_clock.CalendarError as error:
        raise PolicyError(f"“{policy.name}” gives no deadline: {error}", "bad_policy") from error


def promise_called(slug: str) -> tuple[sla_clock.Policy, sla_clock.Calendar]:
    """The policy of this slug with its calendar; where there is none, or no database, what its name says.

    Names are `working-9h`, `elapsed-48h` and `same-day` (by 12:00, back by 18:00), in office hours of India.
    """
    try:
        row = SlaPolicy.objects.select_related("calendar").filter(slug=slug).first()
        if row is not None:
            return clock_policy(row), clock_calendar(row.calendar)
    except DatabaseError:
        log.info("simulated_without_database", slug=slug)
    if slug == "same-day":
        return sla_clock.SameWorkingDay(cutoff=time(12), due=time(18)), sla_clock.Calendar()
    named = re.fullmatch(r"(working|elapsed)-(\d{1,4}(?:\.\d+)?)h", slug)
    if named is None:
        raise PolicyError(f"There is no promise “{slug}”. Names are working-9h, elapsed-48h, same-day.", "no_policy")
    hours = Decimal(named[2])
    try:
        if named[1] == "working":
            return sla_clock.WorkingHours(hours), sla_clock.Calendar()
        return sla_clock.ElapsedExcludingClosedDays(hours), sla_clock.Calendar()
    except sla_clock.CalendarError as error:
        raise PolicyError(f"“{slug}” gives no deadline: {error}", "bad_policy") from error


def rung_moments(
    *, policy: SlaPolicy, submitted_at: datetime, due_at: datetime, calendar: sla_clock.Calendar | None = None
) -> tuple[datetime, datetime]:
    """When half and four fifths of the budget are used, never after `due_at`. `calendar`: the policy's, if at hand.

    Rows that make no sense any more (they did when the promise was given) give shares of the plain time.
    """
    try:
        calendar = calendar or clock_calendar(policy.calendar)
        clock = clock_policy(policy)
        half, most = (
            sla_clock.budget_at(submitted_at=submitted_at, policy=clock, calendar=calendar, fraction=fraction)
            for fraction in (HALF, MOST)
        )
        return min(half, due_at), min(most, due_at)
    except sla_clock.CalendarError as error:
        log.error("rungs_without_calendar", policy=policy.slug, message=str(error))
        whole = max(due_at - submitted_at, timedelta())
        return submitted_at + whole / 2, submitted_at + whole * 4 / 5
