"""A teacher's own day: in which order, by when, and what does not fit any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F

from accounts.models import TeacherProfile, User
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.selectors.bookings import booked_spans
from evaluations.selectors.queues import WITH_A_TEACHER, with_counts
from evaluations.services.forecast import OpenTime
from evaluations.services.forecasting import HORIZON, institute_calendar, marking_spans
from evaluations.services.measuring import paces_of
from evaluations.services.sla_clock import Interval
from evaluations.services.speeds import Pace
from evaluations.services.workload import marks_left, works_of

#: From this chance of being late on a paper is said to be at risk, whatever the plan says.
RISKY = 0.5
#: The nearest so many are planned: more than anybody marks in two days, where each marks some questions of every paper.
MOST_PLANNED = 300
#: A paper of which nothing is known takes so long.
LEAST_SECONDS = 60


@dataclass(frozen=True)
class Task:
    """One paper to mark. `seconds`: of marking that are left at the teacher's speed. `student`: empty where hidden."""

    id: UUID
    label: str
    exam: str
    student: str
    state: str
    due_at: datetime
    seconds: float
    is_promised: bool = True
    risk: float = 0.0


@dataclass(frozen=True)
class PlannedTask:
    """`ends_at`: when it is done if nothing else is done before; None where the teacher has no hours for it."""

    task: Task
    ends_at: datetime | None
    is_today: bool

    @property
    def is_late(self) -> bool:
        return self.task.is_promised and (self.ends_at is None or self.ends_at > self.task.due_at)

    @property
    def is_at_risk(self) -> bool:
        return self.task.is_promised and (self.is_late or self.task.risk >= RISKY)

    @property
    def minutes(self) -> int:
        return max(1, round(self.task.seconds / 60))


@dataclass(frozen=True)
class NextDay:
    """The next day with hours: what of the plan falls on it, and how much is due on it."""

    day: date
    spans: list[Interval]
    papers: int
    seconds: float
    due: int


@dataclass(frozen=True)
class DayPlan:
    """`spans`: all hours of today; `left`: seconds of them from now on. `waiting`: papers that wait for their student,
    not planned. `rest`: how many come after the `tasks`, which are the nearest. Seconds are of marking."""

    spans: list[Interval]
    left: float
    tasks: list[PlannedTask]
    waiting: list[Task]
    seconds: float
    next_day: NextDay | None
    rest: int = 0

    @property
    def today(self) -> list[PlannedTask]:
        return [one for one in self.tasks if one.is_today]

    @property
    def later(self) -> list[PlannedTask]:
        return [one for one in self.tasks if not one.is_today]

    @property
    def at_risk(self) -> int:
        return sum(one.is_at_risk for one in self.tasks)

    @property
    def closes_at(self) -> datetime | None:
        return self.spans[-1][1] if self.spans else None


def day_plan(*, teacher: User, now: datetime) -> DayPlan:
    """The plan of a teacher with the nearest of what is with them now. Twelve queries, however many papers."""
    profile = TeacherProfile.objects.select_related("user").prefetch_related("working_hours", "leave").get(pk=teacher)
    zone = ZoneInfo(teacher.time_zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    booked = booked_spans([profile.pk], midnight, now + HORIZON)
    spans = marking_spans(profile, institute_calendar(), midnight, now + HORIZON, booked)
    mine = Evaluation.objects.filter(teacher=teacher, state__in=WITH_A_TEACHER)
    rows = with_counts(mine.select_related("attempt__exam", "attempt__student", "forecast"))
    rows = rows.order_by(F("finalised_at").asc(nulls_first=True), "due_at", "id")
    going, paused = rows.filter(paused_at=None)[:MOST_PLANNED], rows.exclude(paused_at=None)[:MOST_PLANNED]
    pace, works = paces_of([profile])[profile.pk], works_of([*going, *paused])
    tasks, waiting = ([_task(row, works[row.pk], pace) for row in found] for found in (going, paused))
    rest = max(0, mine.filter(paused_at=None).count() - MOST_PLANNED) if len(tasks) == MOST_PLANNED else 0
    return replace(plan_day(tasks, waiting, spans, now=now, zone=zone), rest=rest)


def plan_day(
    tasks: Iterable[Task], waiting: Iterable[Task], spans: Sequence[Interval], *, now: datetime, zone: ZoneInfo
) -> DayPlan:
    """Pure: the nearest promise first, corrections last; `spans` from the midnight of today in `zone`."""
    order = sorted(tasks, key=lambda task: (not task.is_promised, task.due_at, task.id))
    hours = OpenTime(spans, now)
    today = now.astimezone(zone).date()
    planned = []
    for task, used in zip(order, accumulate(task.seconds for task in order), strict=True):
        reach = hours.moment(used)
        ends = now + timedelta(seconds=reach) if reach != float("inf") else None
        planned.append(PlannedTask(task, ends, ends is not None and ends.astimezone(zone).date() == today))
    own = [span for span in spans if span[0].astimezone(zone).date() == today]
    return DayPlan(
        spans=own,
        left=sum(max(0.0, (closes - max(opens, now)).total_seconds()) for opens, closes in own),
        tasks=planned,
        waiting=list(waiting),
        seconds=_minutes(order),
        next_day=_next_day(planned, spans, today, zone),
    )


def _next_day(planned: list[PlannedTask], spans: Sequence[Interval], today: date, zone: ZoneInfo) -> NextDay | None:
    later = [span for span in spans if span[0].astimezone(zone).date() > today]
    if not later:
        return None
    day = later[0][0].astimezone(zone).date()
    then = [one for one in planned if one.ends_at and one.ends_at.astimezone(zone).date() == day]
    return NextDay(
        day=day,
        spans=[span for span in later if span[0].astimezone(zone).date() == day],
        papers=len(then),
        seconds=_minutes(one.task for one in then),
        due=sum(one.task.is_promised and one.task.due_at.astimezone(zone).date() == day for one in planned),
    )


def _minutes(tasks: Iterable[Task]) -> float:
    """Seconds of all of them in whole minutes, upwards."""
    return 60 * ceil(sum(task.seconds for task in tasks) / 60)


def _task(row: Any, work: Mapping[str, Any], pace: Pace) -> Task:
    """A paper with marks for some of its questions has that share of its time less to take, as in the forecast."""
    exam = row.attempt.exam
    forecast = getattr(row, "forecast", None)
    return Task(
        id=row.pk,
        label=row.short_id,
        exam=exam.title,
        student="" if exam.hide_names else row.attempt.student.name,
        state="begun" if row.state == EvaluationState.IN_PROGRESS else "new",
        due_at=row.due_at,
        seconds=max(LEAST_SECONDS, pace.seconds(marks_left(work, row.done or 0))),
        is_promised=row.finalised_at is None,
        risk=forecast.late_chance if forecast else 0.0,
    )
