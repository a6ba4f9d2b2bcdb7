"""All teachers' leave by week, and the papers that go to others because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import Leave
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.selectors.board_page import list_url

WEEKS = 10
DAY = timedelta(days=1)


@dataclass(frozen=True)
class LeaveRow:
    """`moving`: papers that the teacher has not begun and that are due in these days; `days`: of leave in each week."""

    leave: Leave
    moving: int
    url: str
    days: list[int]
    is_now: bool


@dataclass(frozen=True)
class LeaveBoard:
    weeks: list[date]
    rows: list[LeaveRow]


def leave_board(now: datetime) -> LeaveBoard:
    """Leave that is not over, the nearest first. Two queries."""
    zone = timezone.get_default_timezone()
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    weeks = [monday + timedelta(weeks=n) for n in range(WEEKS)]
    leaves = list(
        Leave.objects.filter(ends_on__gte=today).select_related("teacher__user").order_by("starts_on", "ends_on", "pk")
    )
    due = _due_days({leave.teacher_id for leave in leaves})
    return LeaveBoard(weeks, [_row(leave, due.get(leave.teacher_id, []), weeks, today) for leave in leaves])


def papers_due(teacher: UUID, first: date, last: date) -> int:
    """Papers that are not begun and due in these days. One query."""
    return sum(first <= day <= last for day in _due_days({teacher}).get(teacher, []))


def _due_days(teachers: set[UUID]) -> dict[UUID, list[date]]:
    zone = timezone.get_default_timezone()
    rows = Evaluation.objects.filter(
        teacher__in=teachers, state=EvaluationState.ASSIGNED, finalised_at=None, paused_at=None
    )
    due: dict[UUID, list[date]] = {}
    for teacher, moment in rows.values_list("teacher_id", "due_at"):
        due.setdefault(teacher, []).append(moment.astimezone(zone).date())
    return due


def _row(leave: Leave, due: list[date], weeks: list[date], today: date) -> LeaveRow:
    first, last = leave.starts_on, leave.ends_on
    return LeaveRow(
        leave=leave,
        moving=sum(max(first, today) <= day <= last for day in due),
        url=list_url(teacher=leave.teacher_id, due="open", state__exact=EvaluationState.ASSIGNED.value),
        days=[max(0, (min(last, week + 6 * DAY) - max(first, week)).days + 1) for week in weeks],
        is_now=first <= today,
    )
