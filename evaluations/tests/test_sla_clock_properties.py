"""What holds for every moment, policy and calendar. `python -m tests.bench.sla_clock` runs the same many times more.

A promise in closed time means something else for each policy:

- `WorkingHours`: the office is open until just before the deadline, which may be a closing time itself.
- `ElapsedExcludingClosedDays`: the deadline ends time of a working day, by night as by day; it may be the midnight that
  ends one.
- `SameWorkingDay`: the deadline is its local hour on a working day, also where the office keeps other hours.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from evaluations.services.sla_clock import (
    Calendar,
    ElapsedExcludingClosedDays,
    SameWorkingDay,
    WeeklyHours,
    WorkingHours,
    add_working_time,
    budget_at,
    due_at,
    resumed_due,
    working_seconds_between,
)
from evaluations.tests.test_sla_clock import APIA, CASABLANCA, HAVANA, IST, LONDON, LORD_HOWE, NEW_YORK

# Half an hour in Lord Howe, back for Ramadan in Casablanca; Samoa left out 30 December 2011, a Friday.
ZONES = [
    IST, LONDON, NEW_YORK, HAVANA, ZoneInfo("Pacific/Chatham"), LORD_HOWE, CASABLANCA, APIA,
]  # fmt: skip
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - zone added
    st.datetimes(datetime(2011, 12, 20), datetime(2012, 1, 5), timezones=st.just(UTC)),  # noqa: DTZ001 - zone added
)
second_counts = st.integers(1, 90 * 3600).map(Decimal)
policies = st.one_of(
    st.integers(1, 4 * 120).map(lambda quarters: WorkingHours(Decimal(quarters) / 4)),
    st.integers(1, 4 * 120).map(lambda quarters: ElapsedExcludingClosedDays(Decimal(quarters) / 4)),
    st.tuples(st.integers(0, 1438), st.integers(0, 1439))
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: SameWorkingDay(cutoff=time(*divmod(pair[0], 60)), due=time(*divmod(pair[1], 60)))),
)

#: Those with a budget to spend; a fixed hour of the day has none once the office is closed.
budgets = policies.filter(lambda policy: not isinstance(policy, SameWorkingDay))


@st.composite
def calendars(draw) -> Calendar:
    """Any zone that changes its clocks or does not, one or two spans on at least one weekday, some holidays."""
    week = {}
    for weekday in draw(st.sets(st.integers(0, 6), min_size=1)):
        minutes = sorted(draw(st.sets(st.integers(0, 1439), min_size=4, max_size=4)))
        first, second, third, fourth = (time(*divmod(minute, 60)) for minute in minutes)
        week[weekday] = ((first, second), (third, fourth)) if draw(st.booleans()) else ((first, fourth),)
    return Calendar(
        time_zone=draw(st.sampled_from(ZONES)),
        weekly_hours=WeeklyHours(week),
        holidays=frozenset(draw(st.sets(st.dates(date(2026, 1, 1), date(2029, 12, 31)), max_size=8))),
    )


@given(moments, policies, calendars())
def test_deadline_lies_after_the_submission_and_in_utc(submitted, policy, calendar):
    due = due_at(submitted_at=submitted, policy=policy, calendar=calendar)

    assert due > submitted
    assert due.utcoffset() == timedelta(0)


@given(moments, st.integers(0, 10 * 24 * 3600), policies, calendars())
def test_who_hands_in_later_is_never_due_earlier(submitted, later, policy, calendar):
    first = due_at(submitted_at=submitted, policy=policy, calendar=calendar)
    second = due_at(submitted_at=submitted + timedelta(seconds=later), policy=policy, calendar=calendar)

    assert first <= second


@given(moments, second_counts, calendars())
def test_working_deadline_is_never_in_closed_time_and_costs_exactly_the_budget(start, seconds, calendar):
    due = add_working_time(start, seconds, calendar)

    assert calendar.is_open(due - timedelta(microseconds=1))
    assert working_seconds_between(start, due, calendar) == seconds


@given(moments, second_counts, second_counts, calendars())
def test_working_time_adds_up(start, first, second, calendar):
    in_two_steps = add_working_time(add_working_time(start, first, calendar), second, calendar)

    assert in_two_steps == add_working_time(start, first + second, calendar)


@given(moments, st.integers(1, 200), calendars())
def test_elapsed_deadline_counts_every_hour_of_working_days_and_no_other(submitted, budget, calendar):
    due = due_at(submitted_at=submitted, policy=ElapsedExcludingClosedDays(Decimal(budget)), calendar=calendar)

    minute = timedelta(minutes=1)
    counted = timedelta()
    day = calendar.local_date(submitted)
    while day <= calendar.local_date(due):
        start, end = calendar.at(day, time(0)), calendar.at(day + timedelta(days=1), time(0))
        if calendar.is_working_day(day):
            counted += max(min(end, due) - max(start, submitted), timedelta())
        day += timedelta(days=1)
    assert counted == budget * 60 * minute
    assert calendar.is_working_day(calendar.local_date(due - timedelta(microseconds=1)))


@given(moments, policies, calendars(), st.integers(1, 99))
def test_reminders_come_in_order_before_the_deadline(submitted, policy, calendar, percent):
    part = Decimal(percent) / 100
    used = budget_at(submitted_at=submitted, policy=policy, calendar=calendar, fraction=part)
    more = budget_at(submitted_at=submitted, policy=policy, calendar=calendar, fraction=part + Decimal("0.01"))

    assert submitted < used <= more <= due_at(submitted_at=submitted, policy=policy, calendar=calendar)


@given(moments, policies, calendars())
def test_deadline_is_never_in_closed_time(submitted, policy, calendar):
    due = due_at(submitted_at=submitted, policy=policy, calendar=calendar)

    just_before = due - timedelta(microseconds=1)
    match policy:
        case WorkingHours():
            assert calendar.is_open(just_before)
        case ElapsedExcludingClosedDays():
            assert calendar.is_working_day(calendar.local_date(just_before))
        case SameWorkingDay():
            local = due.astimezone(calendar.time_zone)
            assert calendar.is_working_day(local.date())
            # On a day whose clocks skip that hour it is the end of the skip.
            assert local.time() == policy.due or due == calendar.at(local.date(), policy.due)


@given(moments, budgets, st.integers(0, 200), calendars())
def test_who_is_promised_more_time_is_never_due_earlier(submitted, policy, quarters, calendar):
    longer = type(policy)(policy.hours + Decimal(quarters) / 4)

    assert due_at(submitted_at=submitted, policy=policy, calendar=calendar) <= due_at(
        submitted_at=submitted, policy=longer, calendar=calendar
    )


@given(moments, st.lists(st.integers(0, 1439), min_size=3, max_size=3, unique=True).map(sorted), calendars())
def test_a_later_cut_off_is_never_due_later_and_a_later_hour_never_earlier(submitted, minutes, calendar):
    first, second, third = (time(*divmod(minute, 60)) for minute in minutes)

    def due(cutoff: time, hour: time) -> datetime:
        return due_at(submitted_at=submitted, policy=SameWorkingDay(cutoff=cutoff, due=hour), calendar=calendar)

    assert due(second, third) <= due(first, third)
    assert due(first, second) <= due(first, third)


@given(moments, policies, calendars(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_pause_never_shortens_and_an_empty_one_changes_nothing(submitted, policy, calendar, runs, stands):
    due = due_at(submitted_at=submitted, policy=policy, calendar=calendar)
    paused = submitted + timedelta(seconds=runs)

    def resumed(after: int) -> datetime:
        return resumed_due(
            due=due,
            paused_at=paused,
            resumed_at=paused + timedelta(seconds=after),
            policy=policy,
            calendar=calendar,
        )

    assert resumed(stands) >= due
    assert resumed(0) == due


@given(moments, st.integers(0, 3 * 24 * 3600), budgets, calendars())
def test_a_pause_in_closed_time_changes_nothing(submitted, runs, policy, calendar):
    """From a closing to the next opening, or from a midnight to the next working day, as the policy counts."""
    day = calendar.local_date(submitted + timedelta(seconds=runs))
    counted = calendar.open_intervals if isinstance(policy, WorkingHours) else calendar.whole_day
    spans = (span for offset in range(60) for span in counted(day + timedelta(days=offset)))
    gaps = ((one[1], two[0]) for one, two in pairwise(spans) if one[1] < two[0])
    closes, opens = next(gaps, (submitted, submitted))  # who never closes has no such pause
    due = due_at(submitted_at=submitted, policy=policy, calendar=calendar)

    assert resumed_due(due=due, paused_at=closes, resumed_at=opens, policy=policy, calendar=calendar) == due
