"""Blind double marking: which papers get a second marking, who gives it, and what comes of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEvent
from assessments.enums import MarkingMode
from common.errors import NotPermittedError
from courses.models import TeachingQualification
from evaluations.enums import DoubleMarking, DoubleResult, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, ExamChecks, MarkEvent, MarkPair, SlaBreach, Transition
from evaluations.selectors.conflicts import open_to
from evaluations.selectors.desk import desk_data
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import claim_evaluation, claim_next
from evaluations.services.double_marking import Difference, Risk, Tolerance, is_sampled, mean_in_halves
from evaluations.services.finishing import finalise_evaluation, return_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.opening import open_evaluation
from evaluations.services.second_marking import drop_late_seconds, drop_second
from evaluations.services.transitions import TransitionError
from evaluations.tests.builders import default_policy, hand_in, marking, written
from notifications.models import Notification
from tests.factories import NOW

db = pytest.mark.django_db
HOUR = timedelta(hours=1)
halves = st.integers(0, 20).map(lambda n: D(n) / 2)


@pytest.fixture
def checks(cast: Any) -> ExamChecks:
    default_policy()
    return ExamChecks.objects.create(exam=cast.exam, double=DoubleMarking.ALL)


def mark(
    evaluation: Evaluation, teacher: Any, *, four: str = "1", five: str = "1", alternative: str = "a"
) -> Evaluation:
    """The teacher gives question 4 and one alternative of 5 these marks."""
    claim_evaluation(evaluation=evaluation, teacher=teacher, now=NOW)
    exam = evaluation.attempt.exam
    for question, marks in ((written(exam, 4), four), (written(exam, 5, alternative), five)):
        save_mark(
            evaluation=evaluation, question_id=question.pk, version=0, steps={}, comment="As it stands.",
            free_marks=D(marks), actor=teacher, now=NOW,
        )  # fmt: skip
    return evaluation


def first_done(cast: Any, **marks: str) -> tuple[Evaluation, Evaluation]:
    """A paper that the teacher has marked, and its second marking."""
    record = mark(marking(cast.exam, cast.student, cast.teacher), cast.teacher, **marks)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    return record, Evaluation.objects.get(record=record, role=EvaluationRole.SECOND)


def second_done(cast: Any, second: Evaluation, **marks: str) -> Evaluation:
    mark(second, cast.colleague, **marks)
    return finalise_evaluation(evaluation=second, actor=cast.colleague, now=NOW + HOUR)


# --- The rule --------------------------------------------------------------------------------------------------------
@given(st.uuids(), st.integers(0, 100), st.integers(0, 100))
def test_the_sample_follows_from_the_paper_and_grows(paper: uuid.UUID, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert is_sampled(paper, fewer) == is_sampled(paper, fewer)
    assert is_sampled(paper, more) or not is_sampled(paper, fewer)
    assert (is_sampled(paper, 0), is_sampled(paper, 100)) == (False, True)


def test_a_sample_is_as_large_as_it_says() -> None:
    drawn = sum(is_sampled(uuid.UUID(int=n << 64 | n), 10) for n in range(5000))
    assert 400 < drawn < 600


@given(halves, halves)
def test_a_mean_is_in_halves_between_both(first: D, second: D) -> None:
    mean = mean_in_halves(first, second)
    assert min(first, second) <= mean <= max(first, second)
    assert mean % D("0.5") == 0
    assert mean == mean_in_halves(second, first)
    assert 0 <= mean - (first + second) / 2 < D("0.5")


@pytest.mark.parametrize(
    ("first", "second", "maximum", "allowed"),
    [("2", "3", "3", True), ("1.5", "3", "3", False), ("2", "4", "10", True), ("2", "4.5", "10", False)],
)
def test_the_larger_tolerance_holds(first: str, second: str, maximum: str, allowed: bool) -> None:
    difference = Difference(31, D(first), D(second), D(maximum))
    assert Tolerance(D(1), 20).allows(difference) == allowed


@pytest.mark.parametrize(
    ("risk", "found"),
    [
        (Risk(D(26), D(80), finished=9, disagreement=None), ["borderline"]),
        (Risk(D(50), D(80), finished=4, disagreement=None), ["new"]),
        (Risk(D(50), D(80), finished=9, disagreement=0.2), ["recent"]),
        (Risk(D(50), D(80), finished=9, disagreement=0.1), []),
    ],
)
def test_what_makes_a_paper_risky(risk: Risk, found: list[str]) -> None:
    reasons = risk.reasons(pass_percent=33, margin_percent=3, new_papers=5, disagreement_percent=15)
    assert [next(word for word in ("borderline", "new", "recent") if word in reason) for reason in reasons] == found


# --- The first marker finishes ---------------------------------------------------------------------------------------
@db
def test_without_checks_nothing_changes(cast: Any) -> None:
    record = mark(marking(cast.exam, cast.student, cast.teacher), cast.teacher)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    assert record.state == EvaluationState.RELEASED


@db
def test_the_record_waits_and_another_teacher_marks_it_blind(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    assert (record.state, record.finalised_at, record.total_marks) == (EvaluationState.SECOND, None, None)
    assert (second.state, second.teacher, second.due_at) == (EvaluationState.ASSIGNED, cast.colleague, record.due_at)
    desk = desk_data(Evaluation.objects.with_paper().get(pk=second.pk))
    assert all(question.mark is None for question in desk.questions)
    assert not any(page.annotations for page in desk.pages)
    assert record not in Evaluation.objects.visible_to(cast.colleague)
    held = Transition.objects.get(evaluation=record, name="hold")
    assert (held.actor, held.reason) == (cast.teacher, "Second marking: every paper of this exam.")
    assert AuditEvent.objects.filter(action="evaluation.held").count() == 1
    assert not Notification.objects.filter(user=cast.student, kind="paper_returned").exists()


@db
def test_who_marked_it_first_never_gets_it_again(cast: Any, checks: ExamChecks) -> None:
    _record, second = first_done(cast)
    Evaluation.objects.filter(pk=second.pk).update(state=EvaluationState.QUEUED, teacher=None)
    second.refresh_from_db()
    assert not open_to(Evaluation.objects.filter(pk=second.pk), cast.teacher).exists()
    assert open_to(Evaluation.objects.filter(pk=second.pk), cast.colleague).exists()
    with pytest.raises(NotPermittedError, match="You marked this paper before"):
        claim_evaluation(evaluation=second, teacher=cast.teacher, now=NOW)
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    # What the second has marked of it themselves is in nobody's way.
    mark(second, cast.colleague)
    Evaluation.objects.filter(pk=second.pk).update(state=EvaluationState.QUEUED, teacher=None)
    assert open_to(Evaluation.objects.filter(pk=second.pk), cast.colleague).exists()
    assert claim_next(teacher=cast.colleague, now=NOW) == second


@db
def test_nobody_else_may_mark_it_and_that_is_said(cast: Any, checks: ExamChecks) -> None:
    TeachingQualification.objects.filter(teacher=cast.colleague).delete()
    record = mark(marking(cast.exam, cast.student, cast.teacher), cast.teacher)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    assert record.state == EvaluationState.RELEASED
    said = Transition.objects.get(evaluation=record, name="finalise").reason
    assert said == "No second marking (every paper of this exam): nobody else may mark it."


@db
def test_too_little_time_is_left_and_that_is_said(cast: Any, checks: ExamChecks) -> None:
    record = mark(marking(cast.exam, cast.student, cast.teacher, due_in=HOUR), cast.teacher)
    finalise_evaluation(evaluation=record, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    assert record.state == EvaluationState.RELEASED
    assert "less than 2 h of the promise" in Transition.objects.get(evaluation=record, name="finalise").reason


@db
def test_a_new_marker_is_a_risk(cast: Any, checks: ExamChecks) -> None:
    ExamChecks.objects.update(double=DoubleMarking.RISK)
    record, _second = first_done(cast)
    assert "new marker: 0 papers" in Transition.objects.get(evaluation=record, name="hold").reason


# --- The second marker finishes --------------------------------------------------------------------------------------
@db
def test_within_the_tolerance_the_first_stands(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast, four="1", five="2")
    second_done(cast, second, four="2", five="2")
    record.refresh_from_db()
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, D(3))
    assert not MarkEvent.objects.filter(evaluation=record).exclude(actor=cast.teacher).exists()
    pairs = MarkPair.objects.order_by("question__number").values_list("first_marks", "second_marks", "first", "second")
    people = (cast.teacher.pk, cast.colleague.pk)
    assert list(pairs) == [(D(1), D(2), *people), (D(2), D(2), *people)]


@db
def test_the_mean_where_the_exam_says_so(cast: Any, checks: ExamChecks) -> None:
    ExamChecks.objects.update(result=DoubleResult.MEAN)
    record, second = first_done(cast, four="1", five="2")
    second_done(cast, second, four="1.5", five="1")
    record.refresh_from_db()
    # 1.25 goes up to 1.5.
    assert (record.state, record.written_marks) == (EvaluationState.RELEASED, D("1.5") + D("1.5"))
    events = MarkEvent.objects.filter(evaluation=record, question__number=4).order_by("version")
    assert [(event.marks, event.actor) for event in events] == [(D(1), cast.teacher), (D("1.5"), cast.colleague)]


@db
def test_another_alternative_is_compared_by_what_counts(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast, five="2")
    second_done(cast, second, five="1.5", alternative="b")
    record.refresh_from_db()
    assert record.state == EvaluationState.RELEASED
    assert MarkPair.objects.get(question__number=5).question.alternative == "a"


@db
def test_a_difference_goes_to_a_moderator(cast: Any, checks: ExamChecks) -> None:
    checks.moderators.set([cast.teacher])
    record, second = first_done(cast, four="0", five="1")
    second_done(cast, second, four="2", five="1")
    record.refresh_from_db()
    assert (record.state, record.finalised_at) == (EvaluationState.MODERATION, None)
    moved = Transition.objects.get(evaluation=record, name="moderate")
    assert moved.reason == "The markings differ: Q4 (0 and 2 of 3)"
    first = Evaluation.objects.get(record=record, role=EvaluationRole.FIRST)
    assert (first.state, first.teacher) == (EvaluationState.CLOSED, None)
    assert set(first.marks.values_list("question__number", "marks")) == {(4, D(0)), (5, D(1))}
    asked = Evaluation.objects.get(record=record, role=EvaluationRole.MODERATION)
    assert (asked.state, asked.teacher) == (EvaluationState.MODERATION, None)
    # Who marked it cannot moderate it, so the office is told.
    assert list(Notification.objects.filter(cause=f"moderation:{asked.pk}").values_list("user", flat=True)) == [
        cast.staff.pk
    ]


# --- Never lost, never silently late ---------------------------------------------------------------------------------
@db
def test_a_waiting_record_keeps_its_promise(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    mark(second, cast.colleague)
    assert scan_breaches(now=record.due_at + HOUR) == 1
    assert SlaBreach.objects.get().evaluation == record
    assert "second marking" in Notification.objects.filter(kind="sla_breached").first().body


@db
def test_what_nobody_has_begun_in_time_is_left_out(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    assert drop_late_seconds(now=record.due_at - 3 * HOUR) == 0
    assert (drop_late_seconds(now=record.due_at - HOUR), drop_late_seconds(now=record.due_at - HOUR)) == (1, 0)
    record.refresh_from_db()
    second.refresh_from_db()
    assert (record.state, second.state) == (EvaluationState.RELEASED, EvaluationState.CLOSED)
    said = Transition.objects.get(evaluation=record, name="settle").reason
    assert said == "No second marking: nobody had begun it with 2 h of the promise left."
    assert not SlaBreach.objects.exists()


@db
def test_what_is_begun_is_not_taken_away(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    mark(second, cast.colleague)
    assert drop_late_seconds(now=record.due_at - HOUR) == 0


@db
def test_staff_finish_it_without(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    drop_second(record=record, actor=cast.staff, reason="Needed today", now=NOW)
    second.refresh_from_db()
    record.refresh_from_db()
    assert (record.state, second.state) == (EvaluationState.RELEASED, EvaluationState.CLOSED)
    with pytest.raises(TransitionError):
        drop_second(record=record, actor=cast.staff, reason="Again", now=NOW)


@db
def test_a_returned_paper_ends_its_second_marking(cast: Any, checks: ExamChecks) -> None:
    record, second = first_done(cast)
    return_evaluation(evaluation=record, actor=cast.staff, reason="Page 2 is black", now=NOW)
    second.refresh_from_db()
    assert second.state == EvaluationState.CLOSED


@db
def test_a_paper_marked_by_question_is_marked_again_as_a_whole(cast: Any, checks: ExamChecks) -> None:
    cast.exam.marking = MarkingMode.BY_QUESTION
    cast.exam.save()
    record = open_evaluation(attempt_id=hand_in(cast.exam, cast.student).pk, now=NOW)
    assert record is not None
    shares = Evaluation.objects.filter(record=record, role=EvaluationRole.SHARE)
    shares.update(teacher=cast.teacher, state=EvaluationState.ASSIGNED)
    for share in shares:
        claim_evaluation(evaluation=share, teacher=cast.teacher, now=NOW)
        question = written(cast.exam, share.numbers[0], "a" if share.numbers[0] == 5 else "")
        save_mark(
            evaluation=share, question_id=question.pk, version=0, steps={}, comment="So.", free_marks=D(1),
            actor=cast.teacher, now=NOW,
        )  # fmt: skip
        finalise_evaluation(evaluation=share, actor=cast.teacher, now=NOW)
    record.refresh_from_db()
    second = Evaluation.objects.get(record=record, role=EvaluationRole.SECOND)
    assert (record.state, second.teacher, second.numbers) == (EvaluationState.SECOND, cast.colleague, None)
    second_done(cast, second)
    record.refresh_from_db()
    assert record.state == EvaluationState.RELEASED
