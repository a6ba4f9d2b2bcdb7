"""Papers of a large cohort are given out together, with the result of giving them out one by one; decisions replay."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from accounts.models import GuardianLink, Leave, TeacherProfile, User, WorkingHours
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import AssignmentDecision, Evaluation, Transition
from evaluations.services import assignment
from evaluations.services.assignment import assign_evaluation, assign_waiting, give_evaluation
from evaluations.services.replaying import replay_decisions
from evaluations.signals import evaluation_assigned
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def staff_of(cast: Any, count: int) -> list[User]:
    """Teachers of different speed, load, cap, hours, leave and family."""
    dice = random.Random(3)
    TeacherProfile.objects.update(open_paper_cap=3)
    made = [factories.TeacherFactory() for _ in range(count)]
    for number, teacher in enumerate(made):
        TeachingQualification.objects.create(teacher=teacher, programme=cast.exam.programme)
        TeacherProfile.objects.filter(pk=teacher.pk).update(
            seconds_per_mark=dice.randrange(20, 90), open_paper_cap=dice.randrange(3, 9)
        )
        if number % 3 == 0:
            WorkingHours.objects.create(teacher_id=teacher.pk, weekday=2, opens=time(19), closes=time(21))
    Leave.objects.create(teacher_id=made[0].pk, starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 18))
    Leave.objects.create(teacher_id=made[1].pk, starts_on=date(2026, 11, 19), ends_on=date(2026, 11, 20))
    return made


def world(cast: Any, papers: int, teachers: int = 6) -> list[Evaluation]:
    made = staff_of(cast, teachers)
    dice = random.Random(5)
    students = more_students(papers)
    for student in students[::4]:
        GuardianLink.objects.create(guardian=dice.choice(made), student=student)
    due = [timedelta(hours=dice.randrange(2, 60)) for _ in students]
    return [evaluation_of(hand_in(cast.exam, s), due_in=each) for s, each in zip(students, due, strict=True)]


def outcome() -> list[tuple[Any, ...]]:
    rows = Evaluation.objects.order_by("pk").values_list("pk", "state", "teacher", "expected_seconds", "assigned_at")
    decisions = AssignmentDecision.objects.order_by("evaluation", "id")
    moves = Transition.objects.order_by("evaluation", "id")
    return [
        *rows,
        *decisions.values_list("evaluation", "chosen", "reason", "candidates", "unqualified"),
        *moves.values_list("evaluation", "name", "from_state", "to_state", "actor", "reason"),
    ]


@contextmanager
def undone() -> Iterator[None]:
    """What is done in it is undone at the end."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def test_together_is_as_one_by_one(cast: Any, monkeypatch: Any) -> None:
    """In batches of any size: loads, caps and conflicts count as if each paper had been alone."""
    results = []
    papers = world(cast, 40)
    for size in (1, 7, 500):
        with undone():
            monkeypatch.setattr(assignment, "BATCH", size)
            found = assign_waiting(now=NOW)
            results.append((found, outcome()))
    with undone():
        for paper in sorted(papers, key=lambda one: (one.due_at, one.pk)):
            assign_evaluation(evaluation=paper, now=NOW)
        alone = outcome()
    assert results[0] == results[1] == results[2]
    assert 20 < results[0][0] < 40, "some find nobody: the caps are full"
    given = {row[0] for row in alone if row[1] == EvaluationState.ASSIGNED}
    assert [row for row in results[0][1] if row[0] in given] == [row for row in alone if row[0] in given]
    assert len(given) == results[0][0]


def test_a_batch_tells_each_teacher_once_and_announces_each_paper(
    cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    for student in more_students(5):
        evaluation_of(hand_in(cast.exam, student), due_in=30 * HOUR)
    heard = []

    def hear(sender: Any, **ids: Any) -> None:
        heard.append((ids["evaluation_id"], ids["teacher_id"]))

    evaluation_assigned.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert (assign_waiting(now=NOW), assign_waiting(now=NOW)) == (5, 0)
    finally:
        evaluation_assigned.disconnect(hear)
    assert sorted(heard) == sorted(Evaluation.objects.values_list("pk", "teacher_id"))
    told = {one.user: one for one in Notification.objects.filter(kind="paper_assigned")}
    assert {one.title for one in told.values()} == {"3 papers to mark", "2 papers to mark"}
    assert {one.url for one in told.values()} == {"/marking/"}
    assert next(iter(told.values())).body == "The first is due by Thu 19 Nov, 4 pm."


def test_a_thousand_papers_cost_as_many_statements_as_ten(cast: Any, django_assert_max_num_queries: Any) -> None:
    TeacherProfile.objects.update(open_paper_cap=500)
    for student in more_students(10):
        evaluation_of(hand_in(cast.exam, student))
    with django_assert_max_num_queries(32) as few:
        assign_waiting(now=NOW)
    for student in more_students(40):
        evaluation_of(hand_in(cast.exam, student))
    with django_assert_max_num_queries(len(few)):
        assert assign_waiting(now=NOW) == 40


def test_transactions_are_as_long_as_they_may_be_and_a_run_ends(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each paper takes a tenth of a second by this clock: after the first transaction five fit into half a second."""
    monkeypatch.setattr(assignment, "FEWEST", 2)
    monkeypatch.setattr(assignment, "FIRST", 8)
    TeacherProfile.objects.update(open_paper_cap=500)
    for student in more_students(20):
        evaluation_of(hand_in(cast.exam, student))
    sizes: list[int] = []
    lock = assignment.lock_waiting

    def locked(ids: Any) -> Any:
        sizes.append(len(list(ids)))
        return lock(ids)

    monkeypatch.setattr(assignment, "lock_waiting", locked)
    assert assign_waiting(now=NOW, clock=lambda: sum(sizes) / 10) == 20
    assert sizes == [8, 5, 5, 2]
    Evaluation.objects.update(state=EvaluationState.QUEUED, teacher=None)
    sizes.clear()
    monkeypatch.setattr(assignment, "RUN", 1)
    assert assign_waiting(now=NOW, clock=lambda: sum(sizes) / 10) == 13
    assert sizes == [8, 5]


@pytest.mark.parametrize(
    ("papers", "seconds", "wanted"), [(100, 5, 20), (100, 0.4, 125), (100, 0, 200), (500, 0.1, 500)]
)
def test_the_next_transaction_takes_about_half_a_second(papers: int, seconds: float, wanted: int) -> None:
    assert assignment._next_size(papers, seconds) == wanted


def test_several_runs_at_once_give_each_paper_to_one_teacher(transactional_db: None, cast: Any) -> None:
    for student in more_students(12):
        evaluation_of(hand_in(cast.exam, student))
    found = run_at_once([lambda: assign_waiting(now=NOW)] * 4)
    assert sum(found) == 12
    assert Transition.objects.filter(name="assign").count() == 12
    assert {*Evaluation.objects.values_list("state", flat=True)} == {EvaluationState.ASSIGNED}


# --- Hours -----------------------------------------------------------------------------------------------------------
def test_hours_and_holidays_before_the_deadline_count(cast: Any) -> None:
    """The freer teacher has no hours before the deadline; the busier one has."""
    WorkingHours.objects.create(teacher_id=cast.teacher.pk, weekday=5, opens=time(9), closes=time(18))
    for student in more_students(3):
        evaluation_of(hand_in(cast.exam, student), teacher=cast.colleague, expected_seconds=3600, due_in=HOUR)
    paper = evaluation_of(hand_in(cast.exam, cast.student), due_in=30 * HOUR)
    decision = assign_evaluation(evaluation=paper, now=NOW)
    assert decision.chosen == cast.colleague
    assert decision.candidates[1]["open_seconds"] == 0


def test_who_would_be_late_comes_after_who_would_not(cast: Any) -> None:
    TeacherProfile.objects.filter(pk=cast.teacher.pk).update(seconds_per_mark=600)
    for student in more_students(1):
        evaluation_of(hand_in(cast.exam, student), teacher=cast.colleague, expected_seconds=1800, due_in=HOUR)
    paper = evaluation_of(hand_in(cast.exam, cast.student), due_in=HOUR)
    decision = assign_evaluation(evaluation=paper, now=NOW)
    assert decision.chosen == cast.colleague, "36 minutes fit into the hour, 80 do not"
    assert "of 2 teachers, 1 of them late" in decision.reason


def test_what_was_worked_on_already_is_not_work_any_more(cast: Any) -> None:
    known = evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher, expected_seconds=900, due_in=HOUR)
    Evaluation.objects.filter(pk=known.pk).update(active_seconds=850)
    evaluation_of(hand_in(cast.exam, cast.outsider), teacher=cast.colleague, expected_seconds=100, due_in=HOUR)
    assert assign_evaluation(evaluation=evaluation_of(hand_in(cast.exam, cast.student)), now=NOW).chosen == cast.teacher


# --- Replay ----------------------------------------------------------------------------------------------------------
def test_every_decision_comes_out_the_same_again(cast: Any) -> None:
    papers = world(cast, 30)
    assign_waiting(now=NOW)
    given = next(paper for paper in Evaluation.objects.filter(state=EvaluationState.ASSIGNED))
    give_evaluation(evaluation=given, reason="ill", now=NOW)
    TeacherProfile.objects.update(open_paper_cap=1, seconds_per_mark=1)  # what holds today does not matter
    replays = [replay for paper in papers for replay in replay_decisions(paper)]
    assert len(replays) >= 25
    assert {replay.is_same for replay in replays} == {True}


def test_a_decision_of_staff_and_one_from_before_cannot_be_worked_out(cast: Any) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    old = [{"teacher": str(cast.teacher.pk), "open_papers": 1, "expected_seconds": 1, "cap": 2}]
    AssignmentDecision.objects.create(evaluation=paper, at=NOW, chosen=cast.teacher, candidates=old, reason="x")
    assert [replay.is_same for replay in replay_decisions(paper)] == [None]


def test_the_command_tells_and_fails_when_it_comes_out_differently(cast: Any) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student))
    decision = assign_evaluation(evaluation=paper, now=NOW)
    out = StringIO()
    call_command("replay_assignment", paper.short_id, stdout=out)
    assert "the same teacher" in out.getvalue()
    assert "Anita Desai" in out.getvalue()
    other = next(one for one in (cast.teacher, cast.colleague) if one.pk != decision.chosen_id)
    AssignmentDecision.objects.create(
        evaluation=paper, at=NOW, chosen=other, candidates=decision.candidates, unqualified=0, reason="forged"
    )
    with pytest.raises(CommandError, match="comes out differently"):
        call_command("replay_assignment", str(paper.pk), stdout=out)
    with pytest.raises(CommandError, match="no paper"):
        call_command("replay_assignment", "zzzz")


def test_staff_read_how_it_was_decided(client: Any, cast: Any) -> None:
    GuardianLink.objects.create(guardian=cast.colleague, student=cast.student)
    paper = evaluation_of(hand_in(cast.exam, cast.student))
    assign_evaluation(evaluation=paper, now=NOW)
    client.force_login(cast.staff)
    page = client.get(reverse("admin:evaluations_evaluation_change", args=[paper.pk])).content.decode()
    assert "worked out again: the same" in page
    assert "guardian of the student" in page
    assert "own_seconds" not in page
