"""The service-level clock: when a paper handed in at a certain moment must be marked. Pure arithmetic, no database.

Moments go in and come out as aware datetimes; results are in UTC. A *working day* is a day of the calendar's zone
that has opening hours and is no holiday, from local midnight to local midnight; every other day is a *closed day*.

The three policies, and what the clock counts in each:

- `WorkingHours(9)`: only time in which the office is open.
- `ElapsedExcludingClosedDays(48)`: all hours of working days, night and day, and none of closed days.
- `SameWorkingDay(cutoff=12:00, due=18:00)`: handed in by the cut-off (12:00:00 is in time, 12:00:01 is not), due at
  18:00 that day; later, or on a closed day, at 18:00 of the next working day.

All lengths are real (elapsed) time, so a night in which clocks change is an hour shorter or longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from common.local_times import moment_reached

#: A calendar without a working day in so many days is an error.
HORIZON_DAYS = 366
#: The longest budget that is taken for one and not for a slip of the pen.
MAX_HOURS = 24 * HORIZON_DAYS
MIDNIGHT = time(0)
INDIA = ZoneInfo("Asia/Kolkata")

Interval = tuple[datetime, datetime]


class CalendarError(ValueError):
    """A calendar or a policy that no deadline can be worked out from."""


@dataclass(frozen=True)
class WeeklyHours:
    """Opening hours by weekday (0 is Monday) as local `(opens, closes)`; `closes` 00:00 means the end of the day."""

    days: Mapping[int, tuple[tuple[time, time], ...]]

    def __post_init__(self) -> None:
        for weekday, hours in self.days.items():
            if weekday not in range(7):
                raise CalendarError(f"Weekday {weekday} does not exist; 0 is Monday and 6 is Sunday.")
            last = MIDNIGHT
            for number, (opens, closes) in enumerate(hours):
                if number and last == MIDNIGHT:
                    raise CalendarError("Opening hours after the end of the day.")
                if opens < last or (closes != MIDNIGHT and closes <= opens):
                    span = f"{opens:%H:%M}–{closes:%H:%M}"
                    raise CalendarError(f"Opening hours {span} overlap others or end before they begin.")
                last = closes

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.days.items())))

    @classmethod
    def same_every_day(cls, weekdays: range | tuple[int, ...], opens: time, closes: time) -> WeeklyHours:
        return cls(dict.fromkeys(weekdays, ((opens, closes),)))


@dataclass(frozen=True)
class Calendar:
    """When an office works. `holidays` are local dates on which it does not, whatever the weekday."""

    time_zone: ZoneInfo = INDIA
    weekly_hours: WeeklyHours = field(default_factory=lambda: WeeklyHours.same_every_day(range(6), time(9), time(18)))
    holidays: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """A date that the zone leaves out, as Samoa did 30 December 2011, is none."""
        open_day = day not in self.holidays and bool(self.weekly_hours.days.get(day.weekday()))
        return open_day and self.at(day, MIDNIGHT) < self.at(day + timedelta(days=1), MIDNIGHT)

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open at the moment; closing time itself is closed."""
        moment = _utc(at, "at")
        return any(start <= moment < end for start, end in self.open_intervals(self.local_date(moment)))

    def local_date(self, moment: datetime) -> date:
        return moment.astimezone(self.time_zone).date()

    def at(self, day: date, local: time) -> datetime:
        """The UTC moment of a local time: the first of one that comes twice; of one that is skipped, the skip."""
        return moment_reached(datetime.combine(day, local), self.time_zone)

    def open_intervals(self, day: date) -> list[Interval]:
        """The opening hours of one local day as UTC intervals, in order; empty on a closed day."""
        if not self.is_working_day(day):
            return []
        hours = self.weekly_hours.days[day.weekday()]
        spans = [(self.at(day, opens), self._end(day, closes)) for opens, closes in hours]
        return [(start, end) for start, end in spans if start < end]  # hours that the clocks skip are none

    def whole_day(self, day: date) -> list[Interval]:
        """A working day from local midnight to local midnight in UTC; empty on a closed day."""
        return [(self.at(day, MIDNIGHT), self._end(day, MIDNIGHT))] if self.is_working_day(day) else []

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`. Raises CalendarError when there is none in a year."""
        for offset in range(1, HORIZON_DAYS + 1):
            if self.is_working_day(day + timedelta(days=offset)):
                return day + timedelta(days=offset)
        raise CalendarError(f"This calendar has no working day in the {HORIZON_DAYS} days after {day:%d %B %Y}.")

    def _end(self, day: date, closes: time) -> datetime:
        return self.at(day + timedelta(days=1), MIDNIGHT) if closes == MIDNIGHT else self.at(day, closes)


@dataclass(frozen=True)
class WorkingHours:
    """A budget of opening hours."""

    hours: Decimal

    def __post_init__(self) -> None:
        _require_positive(self.hours)


@dataclass(frozen=True)
class ElapsedExcludingClosedDays:
    """A budget of hours that run day and night on working days and stand still on closed days."""

    hours: Decimal

    def __post_init__(self) -> None:
        _require_positive(self.hours)


@dataclass(frozen=True)
class SameWorkingDay:
    """By `cutoff` → `due` the same working day; later → `due` the next. Local times."""

    cutoff: time
    due: time

    def __post_init__(self) -> None:
        if self.due <= self.cutoff:
            raise CalendarError(f"The cut-off {self.cutoff:%H:%M} must come before the deadline {self.due:%H:%M}.")


Policy = WorkingHours | ElapsedExcludingClosedDays | SameWorkingDay


def due_at(*, submitted_at: datetime, policy: Policy, calendar: Calendar) -> datetime:
    """The moment (UTC) by which a paper submitted at `submitted_at` must be marked. Always later than it."""
    return budget_at(submitted_at=submitted_at, policy=policy, calendar=calendar, fraction=Decimal(1))


def budget_at(*, submitted_at: datetime, policy: Policy, calendar: Calendar, fraction: Decimal) -> datetime:
    """The moment (UTC) at which `fraction` (over 0, to 1) of the policy's budget is used; reminders hang on it.

    Of `SameWorkingDay` the budget is the open time between submission and deadline.
    """
    start = _utc(submitted_at, "submitted_at")
    if not 0 < fraction <= 1:
        raise CalendarError(f"The fraction of a budget must be over 0 and at most 1, not {fraction}.")
    match policy:
        case WorkingHours(hours=hours):
            return _advance(start, _seconds(hours) * fraction, calendar, whole_days=False)
        case ElapsedExcludingClosedDays(hours=hours):
            return _advance(start, _seconds(hours) * fraction, calendar, whole_days=True)
        case SameWorkingDay():
            due = _same_day_due(start, policy, calendar)
            budget = working_seconds_between(start, due, calendar)
            if fraction == 1 or budget == 0:
                return due
            return min(due, _advance(start, budget * fraction, calendar, whole_days=False))


def resumed_due(
    *, due: datetime, paused_at: datetime, resumed_at: datetime, policy: Policy, calendar: Calendar
) -> datetime:
    """The promise (UTC) after the clock stood still: what was left of the budget at `paused_at` runs from `resumed_at`.

    What is left counts as the policy counts; of `SameWorkingDay` it is open time, or plain time where none was left.
    Never before `due`; a promise that had passed stays where it was.
    """
    old, start, end = _utc(due, "due"), _utc(paused_at, "paused_at"), _utc(resumed_at, "resumed_at")
    if start >= old or end <= start:
        return old
    whole_days = isinstance(policy, ElapsedExcludingClosedDays)
    left = _counted_seconds(start, old, calendar, whole_days=whole_days)
    if not left:
        return max(old, end + (old - start))
    return max(old, _advance(end, left, calendar, whole_days=whole_days))


def add_working_time(start: datetime, seconds: Decimal, calendar: Calendar) -> datetime:
    """The moment (UTC) at which so many open seconds have passed since `start`.

    No seconds at all give `start` if the office is open then, otherwise the next opening.
    """
    if seconds < 0:
        raise CalendarError(f"Working time cannot be counted backwards ({seconds} s).")
    return _advance(_utc(start, "start"), seconds, calendar, whole_days=False)


def working_seconds_between(start: datetime, end: datetime, calendar: Calendar) -> Decimal:
    """Open seconds between two moments; 0 when `end` is not after `start`."""
    return _counted_seconds(_utc(start, "start"), _utc(end, "end"), calendar, whole_days=False)


def _counted_seconds(first: datetime, last: datetime, calendar: Calendar, *, whole_days: bool) -> Decimal:
    total = timedelta()
    day = calendar.local_date(first)
    while day <= calendar.local_date(last):
        for opens, closes in calendar.whole_day(day) if whole_days else calendar.open_intervals(day):
            total += max(min(closes, last) - max(opens, first), timedelta())
        day += timedelta(days=1)
    return _as_seconds(total)


def _same_day_due(start: datetime, policy: SameWorkingDay, calendar: Calendar) -> datetime:
    day = calendar.local_date(start)
    if not calendar.is_working_day(day) or start > calendar.at(day, policy.cutoff):
        day = calendar.next_working_day(day)
    return calendar.at(day, policy.due)


def _advance(start: datetime, seconds: Decimal, calendar: Calendar, *, whole_days: bool) -> datetime:
    """Spend counted time from `start`. Used up exactly at a closing time, the answer is that closing time."""
    left = _as_timedelta(seconds)
    for opens, closes in _counted_intervals(start, calendar, whole_days=whole_days):
        begin = max(start, opens)
        if begin >= closes:
            continue
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("unreachable: the intervals go on until CalendarError")


def _counted_intervals(start: datetime, calendar: Calendar, *, whole_days: bool) -> Iterator[Interval]:
    day = calendar.local_date(start)
    idle_days = 0
    while idle_days <= HORIZON_DAYS:
        intervals = calendar.whole_day(day) if whole_days else calendar.open_intervals(day)
        idle_days = 0 if intervals else idle_days + 1
        yield from intervals
        day += timedelta(days=1)
    raise CalendarError(f"This calendar has no open hours in the {HORIZON_DAYS} days before {day:%d %B %Y}.")


def _utc(moment: datetime, name: str) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone: {moment.isoformat()}. Pass an aware datetime, in UTC.")
    return moment.astimezone(UTC)


def _require_positive(hours: Decimal) -> None:
    if not isinstance(hours, Decimal) or not hours.is_finite() or not 0 < hours <= MAX_HOURS:
        raise CalendarError(f"A budget must be a Decimal of hours over 0 and at most {MAX_HOURS}, not {hours!r}.")


def _seconds(hours: Decimal) -> Decimal:
    return hours * 3600


def _as_timedelta(seconds: Decimal) -> timedelta:
    # To the microsecond, upwards: no deadline falls before its budget is used.
    return timedelta(microseconds=int((seconds * 1_000_000).to_integral_value(rounding=ROUND_CEILING)))


def _as_seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 1_000_000
