"""A teacher's own day: the order, the times, the line where the hours end, what is at risk."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Leave, TeacherProfile, User, WorkingHours
from evaluations.enums import EvaluationState
from evaluations.models import MarkingSpeed, PaperForecast
from evaluations.services.day_plans import Task, day_plan, plan_day
from evaluations.services.workload import work_to_do
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

# NOW is Wednesday 10:00 in Kolkata; the institute is open 9:00 to 18:00, Monday to Saturday.
INDIA = ZoneInfo("Asia/Kolkata")
HOUR = timedelta(hours=1)


def task(number: int, due: float, hours: float = 1, **values: Any) -> Task:
    return Task(UUID(int=number), str(number), "Mock", "", "new", NOW + due * HOUR, hours * 3600, **values)


def span(start: float, end: float) -> tuple[datetime, datetime]:
    return NOW + start * HOUR, NOW + end * HOUR


def test_the_nearest_promise_comes_first_and_corrections_last() -> None:
    tasks = [task(1, 9), task(2, 3), task(3, -5, is_promised=False), task(4, 3)]
    plan = plan_day(tasks, [], [span(-1, 8)], now=NOW, zone=INDIA)
    assert [one.task.id.int for one in plan.tasks] == [2, 4, 1, 3]
    assert [one.ends_at for one in plan.tasks] == [NOW + n * HOUR for n in (1, 2, 3, 4)]
    assert (plan.left, plan.at_risk, len(plan.later)) == (8 * 3600, 0, 0)


def test_what_does_not_fit_stands_behind_the_line() -> None:
    tasks = [task(n, 40) for n in range(3)]
    plan = plan_day(tasks, [], [span(-1, 1.5), span(23, 32)], now=NOW, zone=INDIA)
    assert [len(plan.today), len(plan.later)] == [1, 2]
    assert plan.closes_at == NOW + 1.5 * HOUR
    assert plan.later[0].ends_at == NOW + 23.5 * HOUR
    assert plan.next_day is not None
    assert (plan.next_day.papers, plan.next_day.seconds, plan.next_day.day) == (2, 7200, date(2026, 11, 19))
    assert plan.seconds == 3 * 3600


def test_what_comes_too_late_or_is_likely_to_is_at_risk() -> None:
    tasks = [
        task(1, 0.5),
        task(2, 9, risk=0.5),
        task(3, 9.5, risk=0.2),
        task(4, 99, hours=50),
        task(5, 1, is_promised=False),
    ]
    plan = plan_day(tasks, [], [span(0, 10)], now=NOW, zone=INDIA)
    assert [(one.task.id.int, one.is_late, one.is_at_risk) for one in plan.tasks] == [
        (1, True, True),
        (2, False, True),
        (3, False, False),
        (4, True, True),
        (5, False, False),
    ]
    assert plan.tasks[3].ends_at is None
    assert plan.next_day is None


def test_without_hours_today_the_plan_begins_on_the_next_day() -> None:
    plan = plan_day([task(1, 40)], [], [span(23, 32)], now=NOW, zone=INDIA)
    assert (plan.spans, plan.left, plan.closes_at, plan.today) == ([], 0, None, [])
    assert plan.later[0].ends_at == NOW + 24 * HOUR
    assert plan.next_day is not None
    assert plan.next_day.due == 0


@given(
    st.lists(st.tuples(st.floats(-5, 60), st.floats(0.02, 5)), max_size=20),
    st.lists(st.tuples(st.floats(0, 12), st.floats(0.1, 11)), max_size=4),
)
def test_no_paper_is_planned_outside_the_hours_or_twice(tasks: list[Any], days: list[Any]) -> None:
    spans = [span(24 * n + start, 24 * n + start + length) for n, (start, length) in enumerate(days)]
    plan = plan_day([task(n, due, hours) for n, (due, hours) in enumerate(tasks)], [], spans, now=NOW, zone=INDIA)
    assert {one.task.id.int for one in plan.tasks} == set(range(len(tasks)))
    ends = [one.ends_at for one in plan.tasks if one.ends_at]
    assert ends == sorted(ends)
    assert all(any(opens <= end <= closes + timedelta(microseconds=10) for opens, closes in spans) for end in ends)
    done = sum(one.task.seconds for one in plan.tasks if one.ends_at)
    assert done <= sum((closes - opens).total_seconds() for opens, closes in spans) + 0.001


@pytest.mark.django_db
def test_the_plan_is_made_of_the_teacher_s_own_hours_and_papers(cast: Any) -> None:
    first, second, third, waits = more_students(4)
    TeacherProfile.objects.filter(pk=cast.teacher.pk).update(seconds_per_mark=450)
    evaluation_of(hand_in(cast.exam, first), teacher=cast.teacher, due_in=9 * HOUR)
    risky = evaluation_of(hand_in(cast.exam, second), teacher=cast.teacher, due_in=8 * HOUR)
    evaluation_of(hand_in(cast.exam, third), teacher=cast.colleague)
    evaluation_of(hand_in(cast.exam, waits), teacher=cast.teacher, paused_at=NOW)
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, state=EvaluationState.RELEASED)
    PaperForecast.objects.create(evaluation=risky, expected_at=NOW, late_chance=0.9, made_at=NOW)
    plan = day_plan(teacher=cast.teacher, now=NOW)
    assert [(one.task.exam, one.minutes, one.is_at_risk) for one in plan.tasks] == [
        ("Maths mock 1", 60, True),
        ("Maths mock 1", 60, False),
    ]
    assert (plan.left, len(plan.waiting)) == (8 * 3600, 1)
    assert plan.spans == [(NOW - HOUR, NOW + 8 * HOUR)]
    User.objects.filter(pk=cast.teacher.pk).update(time_zone="Europe/London")
    cast.teacher.refresh_from_db()
    WorkingHours.objects.create(teacher_id=cast.teacher.pk, weekday=2, opens=time(20), closes=time(21))
    plan = day_plan(teacher=cast.teacher, now=NOW)
    assert plan.spans == [(datetime(2026, 11, 18, 20, tzinfo=UTC), datetime(2026, 11, 18, 21, tzinfo=UTC))]
    Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 18))
    plan = day_plan(teacher=cast.teacher, now=NOW)
    assert (plan.spans, plan.at_risk) == ([], 2)


@pytest.mark.django_db
def test_a_paper_takes_what_its_questions_take_this_teacher_now(cast: Any) -> None:
    """Whatever was expected when it was given out: speeds were measured since."""
    TeacherProfile.objects.filter(pk=cast.teacher.pk).update(seconds_per_mark=60)
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, expected_seconds=99_999)
    work = work_to_do(paper)
    assert [one.minutes for one in day_plan(teacher=cast.teacher, now=NOW).tasks] == [sum(work["marks"].values())]
    kind, marks = max(work["marks"].items(), key=lambda pair: pair[1])
    MarkingSpeed.objects.create(
        teacher_id=cast.teacher.pk, question_type=kind, seconds_per_mark=600, spread=0.4, papers=9, updated_at=NOW
    )
    (task,) = day_plan(teacher=cast.teacher, now=NOW).tasks
    assert task.task.seconds == 60 * (sum(work["marks"].values()) - marks) + 600 * marks
