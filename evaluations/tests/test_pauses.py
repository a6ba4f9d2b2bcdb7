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
from evaluations.tests.test_sla_clock import INDIA, NOON, calendars, elapsed, hours, moment, moments, policies

#: Those with a budget to spend; a fixed hour of the day has none once the office is closed.
budgets = policies.filter(lambda policy: not isinstance(policy, SameWorkingDay))
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
    ],
)
def test_the_promise_after_a_pause(policy: Policy, due: str, paused: str, resumed: str, expected: str) -> None:
    found = resumed_due(
        due=moment(due), paused_at=moment(paused), resumed_at=moment(resumed), policy=policy, calendar=INDIA
    )
    assert found == moment(expected)


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
