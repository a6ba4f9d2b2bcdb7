"""From policy and calendar rows to the pure clock."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import structlog

from accounts.enums import Feature
from accounts.models import User
from accounts.selectors import find_entitlement
from common.errors import DomainError
from evaluations.enums import PolicyKind
from evaluations.models import SlaPolicy, WorkingCalendar
from evaluations.services import sla_clock

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
