"""Practice before the first paper: who must, how a round is decided, and that it counts nowhere."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEvent, Consent
from common.errors import ConflictError, DomainError, NotPermittedError
from common.testing.database import run_at_once
from evaluations.enums import Conflict, EvaluationRole, EvaluationState, RoundState, ScriptState, StandingState
from evaluations.models import (
    CalibrationPair,
    Evaluation,
    ExamChecks,
    MarkerStanding,
    MarkingSpeed,
    PracticeRound,
    QuestionMark,
)
from evaluations.selectors.agreement import agreements
from evaluations.selectors.calibration import practice_cards
from evaluations.selectors.conflicts import conflicts_of, open_to, sitting_of
from evaluations.selectors.desk import desk_data
from evaluations.selectors.desk_history import earlier_marks
from evaluations.selectors.queues import queue_for, staff_board, waiting_for
from evaluations.services.assignment import AssignmentError, assign_evaluation, reassign_evaluations
from evaluations.services.bulk_giving import Order, give_in_bulk
from evaluations.services.calibration_scripts import (
    ScriptError,
    choose_script,
    open_script,
    retire_script,
    save_references,
)
from evaluations.services.claims import claim_evaluation, claim_for_desk, claim_next, lapse_idle_claims
from evaluations.services.double_marking import Difference, Tolerance
from evaluations.services.forecasting import open_queue
from evaluations.services.practice import PracticeError, begin_practice
from evaluations.services.practice_rules import in_drawn_order, judge, scripts_for_round, seeds_due
from evaluations.services.rebalancing import move_from_barred
from evaluations.services.standings import Decision, StandingError, decide_standing
from evaluations.tests.builders import evaluation_of, hand_in, marking, written
from evaluations.tests.calibration import agree, asking, marked_record, practise, ready_script
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

db = pytest.mark.django_db
HOUR = timedelta(hours=1)
halves = st.integers(0, 20).map(lambda n: D(n) / 2)
some_ids = st.lists(st.uuids(), unique=True, max_size=8)


@pytest.fixture
def checks(cast: Any) -> ExamChecks:
    """Two scripts that the colleague has marked; the teacher has practised nothing."""
    return asking(cast.exam, cast.colleague)


def round_of(checks: ExamChecks, teacher: Any) -> list[Evaluation]:
    at_work = begin_practice(checks=checks, teacher=teacher, now=NOW)
    return [paper.evaluation for paper in at_work.papers.order_by("id")]


def pass_round(checks: ExamChecks, teacher: Any, **marks: str) -> PracticeRound:
    for evaluation in round_of(checks, teacher):
        practise(evaluation, teacher, **marks)
    return PracticeRound.objects.filter(checks=checks, teacher=teacher).latest("number")


def standing(checks: ExamChecks, teacher: Any) -> MarkerStanding:
    return MarkerStanding.objects.get(checks=checks, teacher=teacher)


# --- Pure ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_marks", "within", "bias", "passed"),
    [
        ([("4", "4"), ("2", "2")], 2, 0.0, True),
        ([("4", "3"), ("2", "2")], 2, -10.0, True),  # a mark less is within; 1 of 10 marks together
        ([("4", "3"), ("2", "1")], 2, -20.0, False),  # each is close, but all of them strict
        ([("4", "2"), ("2", "4")], 0, 0.0, False),  # it evens out, but nothing is close
        ([], 0, 0.0, False),
    ],
)
def test_a_round_is_judged_by_single_questions_and_by_all_together(
    given_marks: list[tuple[str, str]], within: int, bias: float, passed: bool
) -> None:
    rows = [Difference(n, D(a), D(b), D(5)) for n, (a, b) in enumerate(given_marks)]
    verdict = judge(rows, Tolerance(D(1), 20))
    assert (verdict.within, verdict.bias) == (within, bias)
    assert verdict.is_passed(least_share=80, most_bias=10) is passed


@given(st.lists(st.tuples(halves, halves), min_size=1, max_size=12))
def test_who_changes_sides_changes_the_sign(pairs: list[tuple[D, D]]) -> None:
    there = judge([Difference(1, a, b, D(10)) for a, b in pairs], Tolerance(D(1), 0))
    back = judge([Difference(1, b, a, D(10)) for a, b in pairs], Tolerance(D(1), 0))
    assert (there.within, there.bias) == (back.within, pytest.approx(-back.bias))
    assert 0 <= there.share <= 100
    assert -100 <= there.bias <= 100


@given(some_ids, st.data())
def test_rounds_take_fresh_scripts_first_and_never_one_twice(scripts: list[uuid.UUID], data: Any) -> None:
    seen = data.draw(st.lists(st.sampled_from(scripts))) if scripts else []
    wanted = data.draw(st.integers(0, 10))
    exam, teacher = uuid.UUID(int=1), uuid.UUID(int=2)
    chosen = scripts_for_round(scripts, seen=seen, wanted=wanted, exam=exam, teacher=teacher)
    assert len(chosen) == len(set(chosen)) == min(wanted, len(scripts))
    fresh = set(scripts) - set(seen)
    assert fresh <= set(chosen) or set(chosen) <= fresh
    assert in_drawn_order(scripts, key="k") == in_drawn_order(list(reversed(scripts)), key="k")


@given(st.integers(0, 400), st.integers(1, 40), st.uuids())
def test_seeds_never_come_more_often_than_the_rate(finished: int, every: int, teacher: uuid.UUID) -> None:
    due = partial(seeds_due, every=every, exam=uuid.UUID(int=7), teacher=teacher)
    assert due(finished) * every <= finished
    assert due(finished) >= finished // every - 1
    assert 0 <= due(finished + 1) - due(finished) <= 1
    assert seeds_due(finished, every=0, exam=teacher, teacher=teacher) == 0


# --- The gate --------------------------------------------------------------------------------------------------------
@db
def test_nobody_who_has_not_practised_gets_a_paper_in_any_way(cast: Any, checks: ExamChecks) -> None:
    pass_round_of_nobody = evaluation_of(hand_in(cast.exam, cast.student))
    assert (
        conflicts_of([sitting_of(pass_round_of_nobody)])[pass_round_of_nobody.pk][cast.teacher.pk] == Conflict.PRACTICE
    )
    decision = assign_evaluation(evaluation=pass_round_of_nobody, now=NOW)
    assert decision.chosen is None
    assert "2 without the practice papers of this exam" in decision.reason
    assert waiting_for(cast.teacher) == 0
    assert not open_to(Evaluation.objects.filter(state="queued"), cast.teacher).exists()
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    with pytest.raises(NotPermittedError, match="practice papers"):
        claim_evaluation(evaluation=pass_round_of_nobody, teacher=cast.teacher, now=NOW)
    held = evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.colleague)
    with pytest.raises(AssignmentError, match="practice papers"):
        reassign_evaluations(evaluations=[held], teacher=cast.teacher, actor=cast.staff, reason="x", now=NOW)
    order = Order(held.pk, cast.colleague.pk, held.state, cast.teacher.pk)
    given_away = give_in_bulk(orders=[order], actor=cast.staff, reason="x", now=NOW)
    assert given_away.moved == 0


@db
def test_what_is_with_them_and_begun_is_finished_and_the_rest_moves(cast: Any, checks: ExamChecks) -> None:
    """The exam began to ask for practice after papers were given out."""
    begun = marking(cast.exam, cast.student, cast.teacher, active_seconds=60)
    lapse_idle_claims(now=NOW + 2 * HOUR)
    begun.refresh_from_db()
    assert begun.state == EvaluationState.ASSIGNED
    fresh = evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher, due_in=HOUR)
    assert claim_next(teacher=cast.teacher, now=NOW) == begun
    with pytest.raises(NotPermittedError):
        claim_for_desk(evaluation=fresh, person=cast.teacher, now=NOW)
    assert move_from_barred(now=NOW) == 0, "nobody may have it"
    waiting = next(paper for paper in open_queue(NOW).papers if paper.id == fresh.pk)
    assert waiting.marker is None, "the forecast expects it of somebody who may, and warns where nobody may"
    assert {cast.teacher.pk, cast.colleague.pk} <= waiting.barred
    decide_standing(checks=checks, teacher=cast.colleague, decision=Decision.WAIVE, reason="Wrote the scheme", actor=cast.staff, now=NOW)  # fmt: skip # noqa: E501
    assert move_from_barred(now=NOW) == 1
    fresh.refresh_from_db()
    assert fresh.teacher == cast.colleague


@db
def test_moderators_and_staff_need_no_practice_and_exams_without_it_are_open(cast: Any, checks: ExamChecks) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student))
    checks.moderators.add(cast.teacher)
    assert claim_next(teacher=cast.teacher, now=NOW) == paper
    other = factories.ExamFactory(for_cohorts=[cast.cohort], paper=cast.exam.paper)
    free = evaluation_of(hand_in(other, cast.student))
    assert claim_next(teacher=cast.colleague, now=NOW) == free


# --- Practising ------------------------------------------------------------------------------------------------------
@db
def test_a_passed_round_opens_the_exam_and_leaves_no_trace_elsewhere(cast: Any, checks: ExamChecks) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student))
    Notification.objects.all().delete()
    before = (staff_board(NOW), MarkingSpeed.objects.count(), cast.teacher.teacher_profile.seconds_per_mark)
    assert [card.kind for card in practice_cards(cast.teacher, NOW)] == ["begin"]
    done = pass_round(checks, cast.teacher, four="2.5")
    cast.teacher.teacher_profile.refresh_from_db()
    after = (staff_board(NOW), MarkingSpeed.objects.count(), cast.teacher.teacher_profile.seconds_per_mark)
    assert (done.state, done.share, round(done.bias or 0, 1)) == (RoundState.PASSED, 100.0, round(100 * 1 / 16, 1))
    assert standing(checks, cast.teacher).state == StandingState.PASSED
    assert before == after
    assert not Notification.objects.exists()
    assert practice_cards(cast.teacher, NOW) == []
    assert claim_next(teacher=cast.teacher, now=NOW) == paper
    assert AuditEvent.objects.filter(action="standing.changed").count() == 1
    rows = Evaluation.objects.filter(role=EvaluationRole.PRACTICE)
    assert set(rows.values_list("state", "finalised_at", "released_at")) == {(EvaluationState.PRACTISED, None, None)}
    assert CalibrationPair.objects.filter(teacher=cast.teacher).count() == 4
    assert [one.teacher for one in agreements(since=NOW - HOUR, until=NOW + HOUR)] == [cast.teacher.pk]


@db
def test_rounds_that_are_not_passed_end_and_staff_are_told(cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague, practice_rounds=2)
    first = pass_round(checks, cast.teacher, four="0", five="0")
    assert (first.state, standing(checks, cast.teacher).state) == (RoundState.FAILED, StandingState.PRACTISING)
    pass_round(checks, cast.teacher, four="0", five="0")
    assert standing(checks, cast.teacher).state == StandingState.FAILED
    assert Notification.objects.filter(user=cast.staff, kind="calibration").count() == 1
    assert [card.kind for card in practice_cards(cast.teacher, NOW)] == ["stuck"]
    with pytest.raises(PracticeError, match="All rounds are used"):
        begin_practice(checks=checks, teacher=cast.teacher, now=NOW)
    decide_standing(checks=checks, teacher=cast.teacher, decision=Decision.AGAIN, reason="We spoke", actor=cast.staff, now=NOW)  # fmt: skip # noqa: E501
    assert pass_round(checks, cast.teacher).state == RoundState.PASSED


@db
def test_who_marked_a_script_or_is_of_the_family_never_gets_it(cast: Any, checks: ExamChecks) -> None:
    with pytest.raises(PracticeError, match="No practice paper is ready"):
        begin_practice(checks=checks, teacher=cast.colleague, now=NOW)
    assert Notification.objects.filter(user=cast.staff, kind="calibration").count() == 1


@db
def test_the_same_round_for_two_tabs_and_none_without_need(cast: Any, checks: ExamChecks) -> None:
    assert round_of(checks, cast.teacher) == round_of(checks, cast.teacher)
    assert [card.kind for card in practice_cards(cast.teacher, NOW)] == ["carry_on"]
    assert practice_cards(cast.teacher, NOW + timedelta(days=900)), "an exam that does not close"
    type(cast.exam).objects.filter(pk=cast.exam.pk).update(closes_at=NOW)
    assert practice_cards(cast.teacher, NOW + timedelta(days=29))
    assert practice_cards(cast.teacher, NOW + timedelta(days=31)) == []
    checks.moderators.add(cast.teacher)
    assert practice_cards(cast.teacher, NOW) == []
    with pytest.raises(NotPermittedError):
        begin_practice(checks=checks, teacher=cast.newcomer, now=NOW)


@db
def test_two_sessions_take_the_same_practice(transactional_db: Any, cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague)
    made = run_at_once([partial(begin_practice, checks=checks, teacher=cast.teacher, now=NOW)] * 3)
    assert len({one.pk for one in made}) == 1
    assert Evaluation.objects.filter(role=EvaluationRole.PRACTICE).count() == 2


@db
def test_the_desk_shows_no_name_no_reference_and_no_history(cast: Any, checks: ExamChecks) -> None:
    type(cast.exam).objects.filter(pk=cast.exam.pk).update(hide_names=False)
    evaluation = Evaluation.objects.with_paper().get(pk=round_of(checks, cast.teacher)[0].pk)
    desk = desk_data(evaluation)
    student = evaluation.attempt.student.name
    assert desk.student_name.startswith("Candidate ")
    assert student not in str(desk)
    assert all(question.mark is None for question in desk.questions)
    assert earlier_marks(evaluation=evaluation, question_id=written(cast.exam, 4).pk) == []
    assert queue_for(cast.teacher, NOW) == []


@db
def test_a_consent_that_is_withdrawn_takes_the_pages_away_at_once(cast: Any, checks: ExamChecks) -> None:
    evaluation = round_of(checks, cast.teacher)[0]
    assert cast.teacher.has_perm("evaluations.mark_evaluation", evaluation)
    Consent.objects.filter(person=evaluation.attempt.student).update(withdrawn_at=NOW)
    assert not Evaluation.objects.visible_to(cast.teacher).filter(pk=evaluation.pk).exists()
    assert not cast.teacher.has_perm("evaluations.mark_evaluation", evaluation)


# --- Scripts ---------------------------------------------------------------------------------------------------------
@db
def test_a_script_is_chosen_agreed_on_and_then_fixed(cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague, scripts=0)
    record = marked_record(cast.exam, cast.colleague)
    script = choose_script(checks=checks, record=record, numbers=[4], use="practice", actor=cast.staff, now=NOW)
    assert (script.numbers, script.marks.get().marks) == ([4], D(2))
    question = written(cast.exam, 4)
    said = {question.pk: ({}, D("1.5"), "The unit is missing.")}
    save_references(script=script, said=said, actor=cast.staff, now=NOW)
    open_script(script=script, actor=cast.staff, now=NOW)
    with pytest.raises(ConflictError, match="in use"):
        save_references(script=script, said=said, actor=cast.staff, now=NOW)
    with pytest.raises(ConflictError, match="already"):
        choose_script(checks=checks, record=record, numbers=[], use="seed", actor=cast.staff, now=NOW)
    retire_script(script=script, actor=cast.staff, now=NOW)
    assert retire_script(script=script, actor=cast.staff, now=NOW).state == ScriptState.RETIRED
    assert QuestionMark.objects.get(evaluation=record, question=question).marks == D(2), "the paper stays as it is"


@db
def test_what_cannot_be_a_script_is_said(cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague, scripts=0)
    record = marked_record(cast.exam, cast.colleague)

    def choose(**more: Any) -> Any:
        asked = {"checks": checks, "record": record, "numbers": [], "use": "practice", "actor": cast.staff, "now": NOW}
        return choose_script(**{**asked, **more})

    for more, said in [
        ({"use": "both"}, "for what"),
        ({"numbers": [77]}, "Question 77"),
        ({"record": evaluation_of(hand_in(cast.exam, cast.student))}, "is marked"),
    ]:
        with pytest.raises(ScriptError, match=said):
            choose(**more)
    elsewhere = factories.ExamFactory(for_cohorts=[cast.cohort])
    other = asking(elsewhere, cast.colleague, scripts=0)
    with pytest.raises(ScriptError, match="same questions"):
        choose(checks=other)
    script = choose()
    script.marks.filter(question__number=4).update(words="")
    with pytest.raises(ScriptError, match="Say why for question 4"):
        open_script(script=script, actor=cast.staff, now=NOW)
    Consent.objects.all().delete()
    with pytest.raises(ScriptError, match="agreed"):
        choose(record=evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher, state="released"))


@db
def test_a_script_of_an_earlier_exam_with_the_same_questions(cast: Any) -> None:
    earlier = factories.ExamFactory(for_cohorts=[cast.cohort], paper=cast.exam.paper, title="Last year")
    checks = asking(cast.exam, cast.colleague, scripts=0, papers=1)
    record = marked_record(earlier, cast.colleague)
    script = choose_script(checks=checks, record=record, numbers=[], use="practice", actor=cast.staff, now=NOW)
    open_script(script=script, actor=cast.staff, now=NOW)
    evaluation = Evaluation.objects.with_paper().get(pk=round_of(checks, cast.teacher)[0].pk)
    assert desk_data(evaluation).exam_title == cast.exam.title
    practise(evaluation, cast.teacher)
    assert standing(checks, cast.teacher).state == StandingState.PASSED


# --- Decisions -------------------------------------------------------------------------------------------------------
@db
def test_decisions_need_a_reason_and_are_not_made_twice(cast: Any, checks: ExamChecks) -> None:
    def decide(decision: Decision, reason: str = "We spoke") -> MarkerStanding:
        return decide_standing(
            checks=checks, teacher=cast.teacher, decision=decision, reason=reason, actor=cast.staff, now=NOW
        )

    with pytest.raises(StandingError, match="reason"):
        decide(Decision.WAIVE, " ")
    with pytest.raises(ConflictError, match="not paused"):
        decide(Decision.LIFT)
    assert decide(Decision.WAIVE).state == StandingState.WAIVED
    with pytest.raises(ConflictError, match="already"):
        decide(Decision.WAIVE)
    decide(Decision.PAUSE)
    with pytest.raises(ConflictError, match="paused already"):
        decide(Decision.PAUSE)
    assert [card.kind for card in practice_cards(cast.teacher, NOW)] == ["again"]
    assert pass_round(checks, cast.teacher).state == RoundState.PASSED
    assert standing(checks, cast.teacher).paused_at is None, "passing again ends the pause"


@db
def test_a_pause_and_a_claim_come_one_after_the_other(transactional_db: Any, cast: Any) -> None:
    checks = asking(cast.exam, cast.colleague, papers=0, scripts=0)
    MarkerStanding.objects.create(checks=checks, teacher=cast.teacher, updated_at=NOW)
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)

    def claim() -> str:
        try:
            claim_evaluation(evaluation=paper, teacher=cast.teacher, now=NOW)
        except DomainError as error:
            return error.code
        return "claimed"

    def stop() -> str:
        decide_standing(
            checks=checks, teacher=cast.teacher, decision=Decision.PAUSE, reason="Drift", actor=cast.staff, now=NOW
        )
        return "paused"

    told = run_at_once([claim, stop])
    paper.refresh_from_db()
    assert "paused" in told
    assert (paper.state == EvaluationState.IN_PROGRESS) == ("claimed" in told)
    assert claim_next(teacher=cast.teacher, now=NOW) is None
    agree(cast.student)
    ready_script(checks, marked_record(cast.exam, cast.colleague))
