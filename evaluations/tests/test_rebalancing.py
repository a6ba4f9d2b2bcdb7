"""Papers of teachers on leave go to who is there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Leave, TeacherProfile
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.services.assignment import reassign_evaluations
from evaluations.services.rebalancing import rebalance
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
# NOW is Wednesday the 18th, 10:00 in Kolkata; papers are due on Friday the 20th.
HOUR = timedelta(hours=1)


def paper(cast: Any, **fields: Any) -> Evaluation:
    known: dict[str, Any] = {"teacher": cast.teacher, "assigned_at": NOW - HOUR}
    return evaluation_of(hand_in(cast.exam, more_students(1)[0]), **known | fields)


def away(cast: Any, first: int, last: int) -> Leave:
    days = {"starts_on": date(2026, 11, first), "ends_on": date(2026, 11, last)}
    return Leave.objects.create(teacher_id=cast.teacher.pk, **days)


@pytest.mark.parametrize(
    ("leaves", "moves"),
    [
        ([(18, 20)], True),
        ([(10, 25)], True),
        ([(18, 19)], False),  # back on the due day
        ([(19, 25)], False),  # there today
        ([(18, 18), (19, 20)], True),  # leave upon leave
        ([(18, 18), (20, 20)], False),  # there in between
        ([(10, 17), (24, 25)], False),
        ([(17, 19), (18, 22)], True),
    ],
)
def test_whose_papers_move(cast: Any, leaves: list[tuple[int, int]], moves: bool) -> None:
    one = paper(cast)
    for first, last in leaves:
        away(cast, first, last)
    assert [rebalance(now=NOW) for _again in range(2)] == [int(moves), 0]
    one.refresh_from_db()
    assert one.teacher == (cast.colleague if moves else cast.teacher)


def test_both_are_told_and_the_reason_is_kept(cast: Any) -> None:
    one = paper(cast)
    away(cast, 18, 20)
    rebalance(now=NOW)
    moved = one.transitions.get(name="reassign")
    assert (moved.actor, moved.reason) == (None, f"{cast.teacher.name} is away until 20 November 2026")
    assert Notification.objects.get(user=cast.colleague).kind == "paper_assigned"
    gone = Notification.objects.get(user=cast.teacher)
    assert gone.title == f"Paper {one.short_id}, {cast.exam.title}, went to another teacher"
    assert gone.body == "You are away until Fri 20 Nov."


@pytest.mark.parametrize(
    "fields",
    [
        {"state": EvaluationState.IN_PROGRESS},
        {"state": EvaluationState.FINALISED, "finalised_at": NOW},
        {"finalised_at": NOW},
        {"paused_at": NOW},
    ],
)
def test_what_is_begun_done_or_waits_for_its_student_stays(cast: Any, fields: dict[str, Any]) -> None:
    paper(cast, **fields)
    away(cast, 18, 25)
    assert rebalance(now=NOW) == 0


def test_a_paper_stays_while_nobody_can_have_it(cast: Any) -> None:
    one = paper(cast)
    away(cast, 18, 25)
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(open_paper_cap=0)
    assert rebalance(now=NOW) == 0
    one.refresh_from_db()
    assert (one.teacher, one.state) == (cast.teacher, EvaluationState.ASSIGNED)
    assert not Notification.objects.exists()
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(open_paper_cap=9)
    assert rebalance(now=NOW + HOUR) == 1


def test_what_staff_gave_during_the_leave_stays(cast: Any) -> None:
    TeachingQualification.objects.get_or_create(teacher=cast.teacher, programme=cast.exam.programme)
    one = paper(cast, teacher=cast.colleague)
    reassign_evaluations(evaluations=[one], teacher=cast.teacher, actor=cast.staff, reason="She agreed", now=NOW)
    leave = away(cast, 18, 25)
    assert rebalance(now=NOW + HOUR) == 0
    # Who was well when they got it, and has fallen ill since, does not keep it.
    leave.starts_on = date(2026, 11, 19)
    leave.save()
    assert rebalance(now=NOW + 24 * HOUR) == 1


def test_eight_at_once_move_each_paper_once(transactional_db: Any, cast: Any) -> None:
    made = [paper(cast) for _ in range(4)]
    away(cast, 18, 25)
    assert sum(run_at_once([lambda: rebalance(now=NOW)] * 8)) == 4
    assert all(one.transitions.filter(name="reassign").count() == 1 for one in made)
    assert Notification.objects.filter(user=cast.teacher).count() == 4
