"""Papers given to others in bulk: what is shown beforehand, what the press then does, and what meanwhile changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, GuardianLink, Leave, TeacherProfile
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import AssignmentDecision, Evaluation, Transition
from evaluations.services.bulk_giving import Order, give_in_bulk
from evaluations.services.bulk_plans import PlanError, plan_moves
from evaluations.services.forecasting import refresh_forecasts
from evaluations.services.transitions import TransitionError
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LIST = "admin:evaluations_evaluation_changelist"


def papers(cast: Any, count: int, teacher: Any = None, **fields: Any) -> list[Evaluation]:
    return [evaluation_of(hand_in(cast.exam, who), teacher=teacher, **fields) for who in more_students(count)]


def ids(rows: list[Evaluation]) -> list[Any]:
    return [row.pk for row in rows]


def orders(plan: Any) -> list[Order]:
    return [
        Order(move.evaluation.pk, move.evaluation.teacher_id, move.evaluation.state, move.taker.pk)
        for move in plan.going
    ]


# --- What is shown ---------------------------------------------------------------------------------------------------
def test_what_would_come_of_it_is_shown_for_each_paper_and_for_who_gets_it(cast: Any) -> None:
    TeacherProfile.objects.filter(pk=cast.teacher.pk).update(seconds_per_mark=3600)
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(seconds_per_mark=60)
    mine = papers(cast, 3, cast.teacher, due_in=10 * HOUR)
    plan = plan_moves(papers=ids(mine), taker=cast.colleague, now=NOW)
    assert [move.taker for move in plan.moves] == [cast.colleague] * 3
    assert plan.moves[2].before is not None
    assert plan.moves[2].before.late_chance > 0.9
    assert plan.moves[2].after is not None
    assert plan.moves[2].after.late_chance == 0
    assert plan.late_before > 1.5
    assert plan.late_after == 0
    (receiver,) = plan.receivers
    assert (receiver.gets, receiver.before.papers, receiver.after.papers) == (3, 0, 3)
    assert (receiver.before.work, receiver.after.work) == (0, 3 * 8 * 60)
    assert not Transition.objects.exists()


def test_who_cannot_have_it_is_said_with_the_reason(cast: Any) -> None:
    fine, ward, theirs, done, foreign = papers(cast, 5, cast.teacher)
    GuardianLink.objects.create(guardian=cast.colleague, student=ward.attempt.student)
    Evaluation.objects.filter(pk=theirs.pk).update(teacher=cast.colleague)
    Evaluation.objects.filter(pk=done.pk).update(state=EvaluationState.RELEASED, finalised_at=NOW)
    foreign.attempt.exam = factories.ExamFactory(programme=factories.ProgrammeFactory(slug="hpbose-ix", grade="IX"))
    foreign.attempt.save()
    plan = plan_moves(papers=ids([fine, ward, theirs, done, foreign]), taker=cast.colleague, now=NOW)
    assert {move.evaluation.pk: move.why for move in plan.staying} == {
        ward.pk: "Anita Desai may not mark this student.",
        theirs.pk: "Anita Desai has it already.",
        done.pk: "It is back with the student.",
        foreign.pk: "Anita Desai is not qualified for its programme.",
    }
    assert [move.evaluation.pk for move in plan.going] == [fine.pk]
    (stays,) = plan_moves(papers=[fine.pk], taker=cast.newcomer, now=NOW).staying
    assert stays.why == "Vikram Sethi is not a verified teacher."


def test_whoever_suits_best_is_chosen_for_each_and_never_who_has_it(cast: Any) -> None:
    other = factories.TeacherFactory()
    TeachingQualification.objects.create(teacher=other, programme=cast.cohort.programme)
    TeacherProfile.objects.filter(pk__in=[cast.colleague.pk, other.pk]).update(seconds_per_mark=450)
    papers(cast, 2, other)
    mine = papers(cast, 4, cast.teacher)
    plan = plan_moves(papers=ids(mine), taker=None, now=NOW)
    given = [move.taker.pk for move in plan.going if move.taker]
    assert sorted(given.count(key) for key in (cast.colleague.pk, other.pk)) == [1, 3]
    assert given.count(cast.colleague.pk) == 3
    Leave.objects.create(teacher_id=other.pk, starts_on=date(2026, 11, 1), ends_on=date(2027, 3, 1))
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(open_paper_cap=1)
    plan = plan_moves(papers=ids(mine), taker=None, now=NOW)
    assert len(plan.going) == 1
    assert {move.why for move in plan.staying} == {"Nobody who may mark it has hours in the next three weeks."}


def test_a_plan_costs_the_same_for_one_paper_and_for_thirty(cast: Any, django_assert_max_num_queries: Any) -> None:
    made = papers(cast, 30, cast.teacher)
    refresh_forecasts(now=NOW)
    for taker in (cast.colleague, None):
        with django_assert_max_num_queries(20) as one:
            plan_moves(papers=ids(made[:1]), taker=taker, now=NOW)
        with django_assert_max_num_queries(len(one)):
            plan_moves(papers=ids(made), taker=taker, now=NOW)


def test_nothing_or_too_much_is_refused(cast: Any) -> None:
    with pytest.raises(PlanError):
        plan_moves(papers=[], taker=cast.colleague, now=NOW)


# --- What the press does ---------------------------------------------------------------------------------------------
def test_all_move_at_once_with_their_record(cast: Any) -> None:
    mine = papers(cast, 3, cast.teacher, state=EvaluationState.IN_PROGRESS, claimed_at=NOW, lease_until=NOW + HOUR)
    plan = plan_moves(papers=ids(mine), taker=cast.colleague, now=NOW)
    given = give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW)
    assert (given.moved, given.left) == (3, [])
    for paper in Evaluation.objects.filter(pk__in=ids(mine)):
        assert (paper.teacher, paper.state, paper.lease_until) == (cast.colleague, EvaluationState.ASSIGNED, None)
        assert paper.expected_seconds == 8 * cast.colleague.teacher_profile.seconds_per_mark
        move = paper.transitions.get()
        assert (move.name, move.from_state, move.actor, move.reason) == ("reassign", "in_progress", cast.staff, "Ill")
        assert paper.decisions.get().reason == "Given to Anita Desai by Office: Ill"
    events = AuditEvent.objects.filter(action="evaluation.reassigned", actor=cast.staff, reason="Ill")
    assert {event.object_id for event in events} == {str(paper.pk) for paper in mine}
    assert events[0].before == {"teacher": str(cast.teacher.pk), "state": "in_progress"}


@pytest.mark.parametrize("count", [1, 5])
def test_a_move_is_one_piece_of_news_for_who_gets_and_for_who_loses_papers(cast: Any, count: int) -> None:
    mine = papers(cast, count, cast.teacher)
    plan = plan_moves(papers=ids(mine), taker=cast.colleague, now=NOW)
    give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW)
    told, gone = (Notification.objects.get(user=who) for who in (cast.colleague, cast.teacher))
    if count == 1:
        assert (told.title, told.url) == ("A paper to mark: Maths mock 1", f"/marking/{mine[0].pk}/")
        assert told.body == "Due by Fri 20 Nov, 10 am."
        assert gone.title == f"Paper {mine[0].short_id}, Maths mock 1, went to another teacher"
    else:
        assert (told.title, told.url) == ("5 papers to mark", "/marking/")
        assert told.body == "The first is due by Fri 20 Nov, 10 am."
        assert gone.title == "5 papers went to other teachers"
    assert (gone.kind, gone.body, gone.url) == (
        "paper_moved",
        "The office gave them on. Marks you gave are kept."
        if count > 1
        else "The office gave it on. Marks you gave are kept.",
        "/marking/",
    )


def test_a_paper_that_comes_back_is_told_again_and_one_that_nobody_had_to_nobody(cast: Any) -> None:
    mine = papers(cast, 1, cast.teacher)
    for hours, taker in enumerate((cast.colleague, cast.teacher, cast.colleague)):
        plan = plan_moves(papers=ids(mine), taker=taker, now=NOW + hours * HOUR)
        give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW + hours * HOUR)
    assert Notification.objects.filter(user=cast.colleague, kind="paper_assigned").count() == 2
    waiting = papers(cast, 1)
    gone = Notification.objects.filter(kind="paper_moved").count()
    plan = plan_moves(papers=ids(waiting), taker=cast.colleague, now=NOW)
    give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW)
    assert Notification.objects.filter(kind="paper_moved").count() == gone == 3


def test_what_changed_meanwhile_stays_and_is_told(cast: Any) -> None:
    fine, begun, done, moved, barred = made = papers(cast, 5, cast.teacher)
    plan = plan_moves(papers=ids(made), taker=cast.colleague, now=NOW)
    Evaluation.objects.filter(pk=begun.pk).update(state=EvaluationState.IN_PROGRESS)
    Evaluation.objects.filter(pk=done.pk).update(state=EvaluationState.FINALISED, finalised_at=NOW)
    Evaluation.objects.filter(pk=moved.pk).update(teacher=cast.newcomer)
    GuardianLink.objects.create(guardian=cast.colleague, student=barred.attempt.student)
    given = give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW)
    assert given.moved == 1
    assert dict(given.left) == {
        begun.short_id: "It is being marked now.",
        done.short_id: "It is marked now.",
        moved.short_id: "It went to somebody else meanwhile.",
        barred.short_id: "The teacher may not mark this student any more.",
    }
    assert set(Transition.objects.values_list("evaluation_id", flat=True)) == {fine.pk}
    assert AssignmentDecision.objects.count() == 1


def test_a_receiver_who_is_not_verified_any_more_gets_nothing(cast: Any) -> None:
    plan = plan_moves(papers=ids(papers(cast, 2, cast.teacher)), taker=cast.colleague, now=NOW)
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(verified_at=None)
    given = give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW)
    assert (given.moved, {why for _name, why in given.left}) == (0, {"The teacher is not verified any more."})


def test_without_a_reason_nothing_moves(cast: Any) -> None:
    plan = plan_moves(papers=ids(papers(cast, 2, cast.teacher)), taker=cast.colleague, now=NOW)
    with pytest.raises(TransitionError):
        give_in_bulk(orders=orders(plan), actor=cast.staff, reason=" ", now=NOW)
    assert Evaluation.objects.filter(teacher=cast.teacher).count() == 2


def test_giving_costs_the_same_for_one_paper_and_for_thirty(cast: Any, django_assert_max_num_queries: Any) -> None:
    made = papers(cast, 31, cast.teacher)
    plan = plan_moves(papers=ids(made), taker=cast.colleague, now=NOW)
    wanted = orders(plan)
    with django_assert_max_num_queries(24) as one:
        give_in_bulk(orders=wanted[:1], actor=cast.staff, reason="Ill", now=NOW)
    with django_assert_max_num_queries(len(one)):
        assert give_in_bulk(orders=wanted[1:], actor=cast.staff, reason="Ill", now=NOW).moved == 30


def test_two_at_once_move_each_paper_once(transactional_db: None, cast: Any) -> None:
    other = factories.TeacherFactory()
    TeachingQualification.objects.create(teacher=other, programme=cast.cohort.programme)
    made = papers(cast, 4, cast.teacher)
    plans = [plan_moves(papers=ids(made), taker=taker, now=NOW) for taker in (cast.colleague, other)]

    def press(plan: Any) -> Any:
        return lambda: give_in_bulk(orders=orders(plan), actor=cast.staff, reason="Ill", now=NOW).moved

    assert sorted(run_at_once([press(plan) for plan in plans])) == [0, 4]
    assert Transition.objects.count() == 4


# --- The page --------------------------------------------------------------------------------------------------------
def act(client: Any, rows: list[Evaluation], **values: Any) -> Any:
    data = {"action": "reassign", "_selected_action": [str(row.pk) for row in rows], **values}
    return client.post(reverse(LIST), data, follow=True)


def test_staff_look_first_and_press_then(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    mine = papers(cast, 2, cast.teacher)
    asked = act(client, mine)
    assert "Whoever suits best, each" in asked.content.decode()
    assert 'name="plan"' not in asked.content.decode()
    values = {"teacher": str(cast.colleague.pk), "reason": "Ill"}
    assert act(client, mine, teacher="nobody", reason="").status_code == 422
    shown = act(client, mine, **values)
    assert "2 papers would go." in shown.content.decode()
    assert Evaluation.objects.filter(teacher=cast.teacher).count() == 2
    Evaluation.objects.filter(pk=mine[0].pk).update(state=EvaluationState.FINALISED, finalised_at=NOW)
    done = act(client, mine, **values, plan=shown.context["sealed"]).content.decode()
    assert "1 paper is with another teacher now." in done
    assert f"Paper {mine[0].short_id} stayed: It is marked now." in done
    assert "too long ago" in act(client, mine, **values, plan="x:y:z").content.decode()


def test_whoever_suits_best_on_the_page(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    mine = papers(cast, 1, cast.teacher)
    shown = act(client, mine, teacher="best", reason="Ill")
    act(client, mine, teacher="best", reason="Ill", plan=shown.context["sealed"])
    assert Evaluation.objects.get().teacher == cast.colleague


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_others_move_nothing(client: Any, cast: Any, who: str) -> None:
    client.force_login(cast.people[who])
    mine = papers(cast, 1, cast.teacher)
    assert act(client, mine, teacher="best", reason="Ill").status_code in (200, 403)
    assert Evaluation.objects.get().teacher == cast.teacher
