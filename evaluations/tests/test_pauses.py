"""What waiting for the student does to the promise: cases worked out by hand, and sums that hold for every calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.services.sla_clock import (
    Calendar,
    ElapsedExcludingClosedDays,
    Policy,
    SameWorkingDay,
    WorkingHours,
    due_at,
    resumed_due,
    working_seconds_between,
)
from evaluations.tests.test_sla_clock import DIWALI, EVERY_DAY, INDIA, LONDON, NOON, elapsed, hours, moment
from evaluations.tests.test_sla_clock_properties import budgets, calendars, moments, policies

LONDON_ALL_WEEK = Calendar(time_zone=LONDON, weekly_hours=EVERY_DAY)
#: Seconds from one event to the next: of a promise some fall before it, some after.
gaps = st.lists(st.tuples(st.integers(0, 2 * 24 * 3600), st.integers(0, 5 * 24 * 3600)), max_size=4)


# 2 November 2026 is a Monday; offices are open 9 to 18, Monday to Saturday.
@pytest.mark.parametrize(
    ("policy", "due", "paused", "resumed", "expected"),
    [
        # Two of nine working hours are left; asked on Friday afternoon, answered on Sunday.
        (hours("9"), "2026-11-07T10:00", "2026-11-06T17:00", "2026-11-08T15:00", "2026-11-09T11:00"),
        # Nothing of the budget runs at night, so a picture of the night costs nothing.
        (hours("9"), "2026-11-04T10:00", "2026-11-03T20:00", "2026-11-04T07:00", "2026-11-04T10:00"),
        # Forty-eight hours: every hour of working days counts, so does every hour of the pause.
        (elapsed("48"), "2026-11-04T17:00", "2026-11-03T20:00", "2026-11-03T23:00", "2026-11-04T20:00"),
        # Over a Sunday: 5 h are left on Saturday night, and run from Monday's midnight.
        (elapsed("48"), "2026-11-09T02:00", "2026-11-07T21:00", "2026-11-08T12:00", "2026-11-09T05:00"),
        # Back by 18:00 today: three open hours are left at 15:00.
        (NOON, "2026-11-04T18:00", "2026-11-04T15:00", "2026-11-04T16:00", "2026-11-05T10:00"),
        # A promise that had passed stays passed.
        (hours("9"), "2026-11-03T10:00", "2026-11-03T10:00", "2026-11-05T10:00", "2026-11-03T10:00"),
        # Half an hour of Saturday: 3 h are left at 17:00, so 0.5 h of Saturday and 2.5 h of Monday.
        (hours("9"), "2026-11-09T11:00", "2026-11-07T17:00", "2026-11-07T17:30", "2026-11-09T11:30"),
        # Over the Sunday into Monday: the same 3 h from 10:00.
        (hours("9"), "2026-11-09T11:00", "2026-11-07T17:00", "2026-11-09T10:00", "2026-11-09T13:00"),
        # From Saturday night to Sunday noon the office was closed anyway.
        (hours("9"), "2026-11-09T11:00", "2026-11-07T20:00", "2026-11-08T12:00", "2026-11-09T11:00"),
        # One second is left; the office has just closed.
        (hours("9"), "2026-11-03T10:00", "2026-11-03T09:59:59", "2026-11-03T18:00", "2026-11-04T09:00:01"),
        # On the leap day 7 h are left: 2 h of it from 16:00, and 5 h of 1 March.
        (hours("9"), "2028-02-29T17:00", "2028-02-29T10:00", "2028-02-29T16:00", "2028-03-01T14:00"),
        # A pause within Sunday, which no clock counts.
        (elapsed("48"), "2026-11-10T15:00", "2026-11-08T10:00", "2026-11-08T20:00", "2026-11-10T15:00"),
        # Over the year's end: 46 h are left; 2 h of Friday 1 January, 24 h of Saturday, 20 h of Monday.
        (elapsed("48"), "2027-01-02T20:00", "2026-12-31T22:00", "2027-01-01T22:00", "2027-01-04T20:00"),
        # One open second is left of Wednesday; Thursday 9:30.
        (NOON, "2026-11-04T18:00", "2026-11-04T17:59:59", "2026-11-05T09:30", "2026-11-05T09:30:01"),
        # 2 h of Saturday and 9 h of Monday are left; 8 h of Monday from 10:00, 3 h of Tuesday.
        (NOON, "2026-11-09T18:00", "2026-11-07T16:00", "2026-11-09T10:00", "2026-11-10T12:00"),
        # Asked and withdrawn in the same second.
        (NOON, "2026-11-09T18:00", "2026-11-07T16:00", "2026-11-07T16:00", "2026-11-09T18:00"),
    ],
)
def test_the_promise_after_a_pause(policy: Policy, due: str, paused: str, resumed: str, expected: str) -> None:
    found = resumed_due(
        due=moment(due), paused_at=moment(paused), resumed_at=moment(resumed), policy=policy, calendar=INDIA
    )
    assert found == moment(expected)


# London's clocks spring forward on Sunday 29 March 2026; DIWALI is closed from Friday 6 to Tuesday 10 November.
@pytest.mark.parametrize(
    ("calendar", "policy", "due", "paused", "resumed", "expected"),
    [
        # 4 h of Saturday, and 0 to 13 o'clock of Sunday is 12 h: 16 h from 5 o'clock.
        (
            LONDON_ALL_WEEK,
            elapsed("24"),
            "2026-03-29T13:00",
            "2026-03-28T20:00",
            "2026-03-29T05:00",
            "2026-03-29T21:00",
        ),
        # 0.5 h of Saturday and 8 h of Sunday are left; 8 h of Sunday from 10:00, 0.5 h of Monday.
        (LONDON_ALL_WEEK, hours("9"), "2026-03-29T17:00", "2026-03-28T17:30", "2026-03-29T10:00", "2026-03-30T09:30"),
        # 1 h of Thursday and 7 h of Wednesday are left, and the picture came on a holiday: 8 h of Wednesday.
        (DIWALI, hours("9"), "2026-11-11T16:00", "2026-11-05T17:00", "2026-11-10T12:00", "2026-11-11T17:00"),
        # 4 + 24 + 16 h are left on Thursday night; 16 h of Wednesday from 8:00, 24 h of Thursday, 4 h of Friday.
        (DIWALI, elapsed("48"), "2026-11-12T16:00", "2026-11-05T20:00", "2026-11-11T08:00", "2026-11-13T04:00"),
    ],
)
def test_pauses_over_holidays_and_a_changing_clock(
    calendar: Calendar, policy: Policy, due: str, paused: str, resumed: str, expected: str
) -> None:
    zone = calendar.time_zone
    found = resumed_due(
        due=moment(due, zone), paused_at=moment(paused, zone), resumed_at=moment(resumed, zone),
        policy=policy, calendar=calendar,
    )  # fmt: skip
    assert found == moment(expected, zone)


def test_a_deadline_after_closing_time_gets_plain_time() -> None:
    late = SameWorkingDay(cutoff=NOON.cutoff, due=moment("2026-11-04T20:00").time())
    found = resumed_due(
        due=moment("2026-11-04T20:00"), paused_at=moment("2026-11-04T19:00"), resumed_at=moment("2026-11-05T12:00"),
        policy=late, calendar=INDIA,
    )  # fmt: skip
    assert found == moment("2026-11-05T13:00")


def paused_often(submitted: datetime, policy: Policy, calendar: Calendar, waits: Any) -> tuple[datetime, Any]:
    """The promise after pauses one after another, and those of them that began before it had passed."""
    due, clock, held = due_at(submitted_at=submitted, policy=policy, calendar=calendar), submitted, []
    for runs, stands in waits:
        start = clock + timedelta(seconds=runs)
        clock = start + timedelta(seconds=stands)
        if start < due:
            held.append((start, clock))
        due = resumed_due(due=due, paused_at=start, resumed_at=clock, policy=policy, calendar=calendar)
    return due, held


@given(moments, policies, calendars(), gaps)
def test_the_time_that_counted_is_the_budget_whatever_was_waited_for(
    submitted: datetime, policy: Policy, calendar: Calendar, waits: Any
) -> None:
    due, held = paused_often(submitted, policy, calendar, waits)
    if isinstance(policy, WorkingHours):
        waited = sum(working_seconds_between(start, end, calendar) for start, end in held)
        assert working_seconds_between(submitted, due, calendar) - waited == policy.hours * 3600
    plain = due_at(submitted_at=submitted, policy=policy, calendar=calendar)
    assert due >= plain
    if isinstance(policy, ElapsedExcludingClosedDays):
        # No more work time is given than was waited for: between the two lie closed days at most.
        waited_for = sum((end - start for start, end in held), timedelta())
        assert working_seconds_between(plain, due, calendar) <= waited_for.total_seconds()


@given(moments, budgets, calendars(), st.integers(0, 2 * 24 * 3600), st.integers(1, 10**5), st.integers(1, 10**5))
def test_two_pauses_end_to_end_are_one(
    submitted: datetime, policy: Policy, calendar: Calendar, runs: int, first: int, second: int
) -> None:
    together, _ = paused_often(submitted, policy, calendar, [(runs, first + second)])
    apart, _ = paused_often(submitted, policy, calendar, [(runs, first), (0, second)])
    assert apart == together


@given(moments, budgets, calendars(), st.integers(0, 2 * 24 * 3600), st.integers(0, 10**5), st.integers(0, 10**5))
def test_who_answers_later_is_never_due_earlier(
    submitted: datetime, policy: Policy, calendar: Calendar, runs: int, stands: int, longer: int
) -> None:
    sooner, _ = paused_often(submitted, policy, calendar, [(runs, stands)])
    later, _ = paused_often(submitted, policy, calendar, [(runs, stands + longer)])
    assert sooner <= later
