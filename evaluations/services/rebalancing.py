"""Papers of teachers who went on leave, or must not begin them any more, go to somebody who is there and may."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Leave, User
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, Transition
from evaluations.selectors.eligibility import held_by_barred
from evaluations.services.assignment import AssignmentError, give_evaluation
from evaluations.services.assignment_news import tell_gone
from evaluations.services.choosing import HOLDER

DAY = timedelta(days=1)
BATCH = 200


def rebalance(*, now: datetime) -> int:
    """Gives papers that are not begun, of teachers who are away from today until their due day, to the best others.

    Both are told; where nobody can have it a paper stays, and the next sweep tries again. What waits for its student,
    and what staff gave to somebody although they were away, stays too. Returns how many moved. Repeatable, also by
    several at once: three queries while nobody is away. Then what teachers hold who must not begin it
    (`move_from_barred`).
    """
    leaves = _leaves(now)
    papers = Evaluation.objects.filter(
        state=EvaluationState.ASSIGNED, finalised_at=None, paused_at=None, teacher__in=list(leaves)
    ).select_related("policy__calendar", "attempt__exam", "teacher")
    moved = 0
    hopeless: set[UUID] = set()
    moved += move_from_barred(now=now)
    for paper in list(papers.order_by("due_at", "id")) if leaves else []:
        assert paper.teacher is not None
        programme = paper.attempt.exam.programme_id
        until = _away_until(paper, leaves[paper.teacher.pk], now)
        if until is None or programme in hopeless:
            continue
        try:
            taker, nobody = _give(paper, paper.teacher, until, now)
        except AssignmentError:  # begun, or given to somebody, meanwhile
            continue
        moved += taker is not None
        if nobody:
            hopeless.add(programme)
    return moved


def move_from_barred(*, now: datetime, teacher: User | None = None) -> int:
    """Gives papers that are not begun, of teachers who must not have papers of the exam now (paused, or with practice
    papers to mark first), to the best others; `teacher`: only theirs. Where nobody can have it a paper stays. Returns
    how many moved. Repeatable; one query while there is none."""
    rows = held_by_barred().filter(paused_at=None).select_related("attempt__exam", "teacher")
    if teacher is not None:
        rows = rows.filter(teacher=teacher)
    moved = 0
    for paper in list(rows.order_by("due_at", "id")[:BATCH]):
        assert paper.teacher is not None
        reason = f"{paper.teacher.name} may not begin papers of this exam now"
        try:
            with transaction.atomic():
                taker, _ranking = give_evaluation(evaluation=paper, reason=reason, now=now)
                if taker is not None:
                    tell_gone(paper, paper.teacher, now, is_barred=True)
        except AssignmentError:  # begun, or given to somebody, meanwhile
            continue
        moved += taker is not None
    return moved


def _give(paper: Evaluation, giver: User, until: date, now: datetime) -> tuple[User | None, bool]:
    """Who has it now, if anybody, and whether nobody could have any paper of its programme."""
    with transaction.atomic():
        reason = f"{giver.name} is away until {until:%d %B %Y}"
        taker, ranking = give_evaluation(evaluation=paper, reason=reason, now=now)
        if taker is not None:
            tell_gone(paper, giver, now, away_until=until)
    return taker, taker is None and not ranking.conflicted and not ranking.count(HOLDER)


def _leaves(now: datetime) -> dict[UUID, list[tuple[date, date]]]:
    """The first and last days of leave, in order, by teacher: those of today, in any zone, and later."""
    leaves: dict[UUID, list[tuple[date, date]]] = defaultdict(list)
    rows = Leave.objects.filter(ends_on__gte=(now - DAY).date()).order_by("starts_on", "ends_on")
    for teacher, first, last in rows.values_list("teacher_id", "starts_on", "ends_on"):
        leaves[teacher].append((first, last))
    return {teacher: days for teacher, days in leaves.items() if days[0][0] <= (now + DAY).date()}


def _away_until(paper: Evaluation, leaves: list[tuple[date, date]], now: datetime) -> date | None:
    """The last day of the teacher's leave, when it runs from today (or before) to the due day of the paper.

    Leave that follows on leave is one. None too when staff gave the paper during it: they know.
    """
    zone = ZoneInfo(paper.policy.calendar.time_zone)
    today = now.astimezone(zone).date()
    since, until = date.max, today - DAY
    for first, last in leaves:
        if first <= until + DAY and last >= today:
            since, until = min(since, first), max(until, last)
    if until < max(today, paper.due_at.astimezone(zone).date()):
        return None
    if paper.assigned_at is not None and paper.assigned_at.astimezone(zone).date() >= since:
        given = Transition.objects.filter(evaluation=paper, name__in=["assign", "reassign"]).last()
        if given is not None and given.actor_id is not None:
            return None
    return until
