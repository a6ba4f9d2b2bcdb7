"""Re-marks: tokens, another teacher, the decision step by step, and what becomes of the record."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent
from assessments.models import Attempt
from common.errors import DomainError, NotPermittedError
from evaluations.enums import Conflict, EvaluationRole, EvaluationState, RemarkState, TokenKind
from evaluations.models import (
    AfterMarksPolicy,
    Evaluation,
    MarkCorrection,
    MarkEvent,
    QuestionMark,
    RemarkRequest,
    RemarkToken,
    SlaBreach,
)
from evaluations.selectors.after_marks import policy_for
from evaluations.selectors.conflicts import conflicts_of, open_to, sitting_of
from evaluations.selectors.remarks import alike, tokens_left
from evaluations.services.assignment import assign_evaluation
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import claim_evaluation, lapse_idle_claims
from evaluations.services.finishing import finalise_evaluation, reopen_evaluation, return_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.remarks import RemarkError, ask_remark, decide_remark, open_recheck
from evaluations.tests.builders import evaluation_of, hand_in, marking, step_ids, written
from evaluations.tests.visits import MOST_QUERIES, cost
from notifications.models import Notification
from tests.factories import NOW
from tests.law_urls_world import World

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + 3 * HOUR


def give(evaluation: Evaluation, number: int, alternative: str, awarded: list[str], now: Any = NOW) -> None:
    """The teacher who has it gives the steps of a question these marks."""
    question = written(evaluation.attempt.exam, number, alternative)
    known = QuestionMark.objects.filter(evaluation=evaluation, question=question).first()
    steps = {step: Decimal(one) for step, one in zip(step_ids(question), awarded, strict=False)}
    save_mark(
        evaluation=evaluation, question_id=question.pk, version=known.version if known else 0, steps=steps,
        comment="", actor=evaluation.teacher, now=now,
    )  # fmt: skip


def marked(cast: Any, student: Any) -> Evaluation:
    """A paper the teacher marked, back with its student since NOW: question 4 has half its first step, 5a nothing."""
    paper = marking(cast.exam, student, cast.teacher)
    give(paper, 4, "", ["0.5"])
    give(paper, 5, "a", ["0"])
    finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW)
    return Evaluation.objects.with_paper().get(pk=paper.pk)


@pytest.fixture
def record(cast: Any) -> Evaluation:
    return marked(cast, cast.student)


def ask(record: Evaluation, number: int = 4, alternative: str = "", **changes: Any) -> RemarkRequest:
    question = written(record.attempt.exam, number, alternative)
    given = {
        "attempt": record.attempt, "question_id": question.pk, "steps": [UUID(step_ids(question)[0])],
        "reason": "The sign is shown.", "place": None, "request_id": uuid4(), "actor": record.attempt.student,
        "now": LATER,
    }  # fmt: skip
    return ask_remark(**{**given, **changes})


def with_colleague(cast: Any, asked: RemarkRequest, now: Any = LATER) -> Evaluation:
    """The colleague has taken the re-mark up, whoever was thought of."""
    Evaluation.objects.filter(pk=asked.remark_id).update(teacher=cast.colleague, state="assigned", assigned_at=now)
    remark = Evaluation.objects.with_paper().get(pk=asked.remark_id)
    return claim_evaluation(evaluation=remark, teacher=cast.colleague, now=now)


def decide(cast: Any, asked: RemarkRequest, awarded: str, now: Any = LATER) -> RemarkRequest:
    remark = with_colleague(cast, asked, now)
    give(remark, asked.question.number, asked.question.alternative, [awarded], now)
    words = {step.pk: "I read it so." for step in asked.steps.all()}
    return decide_remark(evaluation=remark, words=words, actor=cast.colleague, now=now)


def left(record: Evaluation) -> int:
    exam, student = record.attempt.exam, record.attempt.student
    return tokens_left(student=student, exam=exam, policy=policy_for(exam))


# --- Asking ----------------------------------------------------------------------------------------------------------
def test_a_re_mark_is_a_question_for_another_teacher_with_its_own_promise(cast: Any, record: Evaluation) -> None:
    asked = ask(record)
    remark = asked.remark
    assert (remark.role, remark.record, remark.numbers) == (EvaluationRole.REMARK, record, [4])
    assert remark.submitted_at == LATER
    assert remark.due_at > LATER
    assert (asked.first_marker, asked.marks_before) == (cast.teacher, Decimal("0.5"))
    assert left(record) == 1
    found = conflicts_of([sitting_of(remark)])[remark.pk]
    assert found[cast.teacher.pk] == Conflict.MARKED
    assert not open_to(Evaluation.objects.filter(pk=remark.pk), cast.teacher)
    assert open_to(Evaluation.objects.filter(pk=remark.pk), cast.colleague)
    remark.refresh_from_db()
    assert remark.teacher != cast.teacher


def test_who_marks_again_may_go_on_after_a_pause(cast: Any, record: Evaluation) -> None:
    remark = with_colleague(cast, ask(record))
    give(remark, 4, "", ["1"], LATER)
    lapse_idle_claims(now=LATER + HOUR)
    Evaluation.objects.filter(pk=remark.pk).update(teacher=None, state="queued")
    remark.refresh_from_db()
    assert cast.colleague.pk not in conflicts_of([sitting_of(remark)])[remark.pk]
    assert open_to(Evaluation.objects.filter(pk=remark.pk), cast.colleague)


def test_what_cannot_be_asked(cast: Any, record: Evaluation) -> None:
    give_full = written(cast.exam, 4)
    for changes, code in (
        ({"now": NOW + HOUR}, "too_early"),
        ({"now": NOW + timedelta(days=7)}, "too_late"),
        ({"reason": "  "}, "words_missing"),
        ({"reason": "x" * 1001}, "too_long"),
        ({"question_id": uuid4()}, "unknown_question"),
        ({"question_id": written(cast.exam, 5, "b").pk}, "unknown_question"),
        ({"steps": [uuid4()]}, "unknown_step"),
        ({"steps": [UUID(step_ids(written(cast.exam, 5, "a"))[0])]}, "unknown_step"),
    ):
        with pytest.raises(DomainError) as refused:
            ask(record, **changes)
        assert refused.value.code == code
    with pytest.raises(NotPermittedError):
        ask(record, actor=cast.guardian)
    assert (left(record), RemarkRequest.objects.count()) == (2, 0)
    assert give_full


def test_sent_twice_it_costs_one_token_and_a_question_is_asked_once(record: Evaluation) -> None:
    one = uuid4()
    assert ask(record, request_id=one) == ask(record, request_id=one)
    assert left(record) == 1
    with pytest.raises(RemarkError, match="already"):
        ask(record)


def test_without_a_token_nothing_is_marked_again(record: Evaluation) -> None:
    AfterMarksPolicy.objects.create(exam=record.attempt.exam, remark_tokens=1)
    ask(record)
    with pytest.raises(RemarkError, match="no re-marks left"):
        ask(record, 5, "a")


# --- Deciding --------------------------------------------------------------------------------------------------------
def test_upheld_the_record_is_corrected_and_everybody_told(cast: Any, record: Evaluation) -> None:
    before = record.total_marks
    asked = decide(cast, ask(record), "1")
    record.refresh_from_db()
    assert (asked.state, record.state) == (RemarkState.UPHELD, EvaluationState.RELEASED)
    assert record.total_marks == before + Decimal("0.5")
    mark = QuestionMark.objects.get(evaluation=record, question=asked.question)
    assert (mark.marks, mark.version) == (Decimal(1), 2)
    assert MarkEvent.objects.filter(evaluation=record, actor=cast.colleague).count() == 1
    change = MarkCorrection.objects.get(evaluation=record)
    assert (change.before, change.after) == (Decimal("0.5"), Decimal(1))
    assert (change.total_before, change.total_after) == (before, record.total_marks)
    assert left(record) == 2
    told = Notification.objects.filter(kind="marks_changed")
    assert set(told.values_list("user", flat=True)) >= {cast.student.pk, cast.guardian.pk}
    assert Notification.objects.get(user=cast.teacher, kind="remark_news").title.endswith("½ → 1")
    assert AuditEvent.objects.filter(action="evaluation.corrected").count() == 1


def test_not_upheld_nothing_changes_but_the_token_is_gone(cast: Any, record: Evaluation) -> None:
    before = record.total_marks
    asked = decide(cast, ask(record), "0")
    record.refresh_from_db()
    assert (asked.state, record.total_marks, left(record)) == (RemarkState.REFUSED, before, 1)
    assert not MarkCorrection.objects.exists()
    assert Notification.objects.filter(user=cast.student, title__endswith="stays").exists()


def test_a_decision_needs_marks_and_words_for_each_step(cast: Any, record: Evaluation) -> None:
    asked = ask(record)
    remark = with_colleague(cast, asked)
    with pytest.raises(RemarkError, match="marks first"):
        decide_remark(evaluation=remark, words={}, actor=cast.colleague, now=LATER)
    give(remark, 4, "", ["1"], LATER)
    with pytest.raises(RemarkError, match="each step"):
        decide_remark(evaluation=remark, words={}, actor=cast.colleague, now=LATER)
    with pytest.raises(DomainError) as refused:
        finalise_evaluation(evaluation=remark, actor=cast.colleague, now=LATER)
    assert refused.value.code == "decision_needed"
    reopen_evaluation(evaluation=record, actor=cast.staff, reason="Page two", now=LATER)
    words = {step.pk: "So." for step in asked.steps.all()}
    with pytest.raises(RemarkError, match="being corrected"):
        decide_remark(evaluation=remark, words=words, actor=cast.colleague, now=LATER)


def test_a_re_mark_that_is_late_is_flagged(record: Evaluation) -> None:
    remark = ask(record).remark
    scan_breaches(now=remark.due_at + HOUR)
    assert SlaBreach.objects.filter(evaluation=remark).exists()


def test_papers_marked_alike_are_proposed_and_opened_once(cast: Any, record: Evaluation) -> None:
    other = marked(cast, cast.classmate)
    asked = decide(cast, ask(record), "1")
    assert [mark.evaluation for mark in alike(asked)] == [other]
    assert Notification.objects.filter(user=cast.staff, kind="remark_news").count() == 1
    step = asked.steps.get().step_id
    opened = open_recheck(
        record=other, question_id=asked.question_id, steps=[step], reason="Alike", actor=cast.staff, now=LATER
    )
    assert (opened.is_recheck, alike(asked), left(other)) == (True, [], 2)
    assert not RemarkToken.objects.filter(request=opened).exists()


def test_a_correction_by_opening_again_is_noted_with_before_and_after(cast: Any, record: Evaluation) -> None:
    before = record.total_marks
    reopen_evaluation(evaluation=record, actor=cast.staff, reason="Step 2 was overlooked", now=LATER)
    again = claim_evaluation(evaluation=record, teacher=cast.teacher, now=LATER)
    give(again, 4, "", ["1"], LATER)
    finalise_evaluation(evaluation=again, actor=cast.teacher, now=LATER)
    change = MarkCorrection.objects.get(evaluation=record)
    assert (change.before, change.after, change.reason) == (Decimal("0.5"), Decimal(1), "Step 2 was overlooked")
    assert (change.total_before, change.total_after) == (before, before + Decimal("0.5"))
    assert Notification.objects.filter(user=cast.guardian, kind="marks_changed").count() == 1


# --- For every sequence ----------------------------------------------------------------------------------------------
MOVES = st.lists(st.tuples(st.sampled_from([(4, ""), (5, "a")]), st.sampled_from(["0", "0.5", "1", None])), max_size=5)
STEP = count()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, tokens=st.integers(0, 2))
def test_tokens_and_totals_reconcile_whatever_happens(cast: Any, moves: Any, tokens: int) -> None:
    """Tokens are never below 0, spent less given back is what is missing, and a record's total is that of its marks."""
    Attempt.objects.filter(exam=cast.exam).exclude(evaluations=None).update(exam=cast.exam)
    record = Evaluation.objects.with_paper().filter(role="record", attempt__student=cast.student).first()
    record = record or marked(cast, cast.student)
    AfterMarksPolicy.objects.update_or_create(exam=cast.exam, defaults={"remark_tokens": tokens})
    for (number, alternative), awarded in moves:
        try:
            asked = ask(record, number, alternative)
            if awarded is not None:
                decide(cast, asked, awarded)
        except DomainError:
            pass
        rows = RemarkToken.objects.filter(student=cast.student)
        spent, back = (rows.filter(kind=kind).count() for kind in (TokenKind.SPENT, TokenKind.REFUNDED))
        assert back == RemarkRequest.objects.filter(state=RemarkState.UPHELD).count()
        assert left(record) == max(tokens - spent + back, 0)
        record.refresh_from_db()
        total = QuestionMark.objects.filter(evaluation=record).aggregate(total=Sum("marks"))["total"]
        assert record.written_marks == total
        assert record.total_marks == record.attempt.objective_marks + total


# --- Pages -----------------------------------------------------------------------------------------------------------
def test_the_form_of_a_re_mark(as_: Any, world: World) -> None:
    question = written(world.released.attempt.exam, 4)
    url = reverse("remark-ask", args=[world.released.attempt_id, question.pk])
    text = as_("student").get(url).content.decode()
    assert "2 re-marks left" in text
    step = step_ids(question)[-1]
    given = {"steps": [step], "text": "Look at the sign.", "message_id": uuid4()}
    assert as_("student").post(url, {**given, "text": ""}).status_code == 422
    assert as_("student").post(url, given).status_code == 302
    page = as_("guardian").get(reverse("after-marks", args=[world.released.attempt_id])).content.decode()
    assert "Re-mark of question 4" in page
    assert "One re-mark is left" in page
    assert cost(as_("student"), reverse("after-marks", args=[world.released.attempt_id])) <= MOST_QUERIES


def test_the_second_teacher_sees_what_was_pointed_at_and_decides(as_: Any, world: World) -> None:
    cast, question = world.cast, written(world.released.attempt.exam, 4)
    page = world.released.attempt.uploads.get(page_number=1).pages.get()
    step = UUID(step_ids(question)[-1])
    asked = ask_remark(
        attempt=world.released.attempt, question_id=question.pk, steps=[step], reason="Look at the sign.",
        place=None, request_id=uuid4(), actor=cast.student, now=world.now,
    )  # fmt: skip
    RemarkRequest.objects.filter(pk=asked.pk).update(page=page, region={"x": 0.1, "y": 0.1, "w": 0.2, "h": 0.1})
    remark = with_colleague(cast, asked, world.now)
    desk = as_("colleague").get(reverse("marking-desk", args=[remark.pk])).content.decode()
    assert "Look at the sign." in desk
    assert as_("colleague").post(reverse("marking-finalise", args=[remark.pk]))["Location"].endswith("/decision/")
    url = reverse("remark-decision", args=[remark.pk])
    assert "Mark the question at the desk first" in as_("colleague").get(url).content.decode()
    give(remark, 4, "", [str(one.marks) for one in question.version.steps.order_by("position")], world.now)
    words = {f"why_{one.pk}": "It is there." for one in asked.steps.all()}
    assert as_("colleague").post(url, {}).status_code == 422
    assert as_("colleague").post(url, words)["Location"] == reverse("marking-queue")
    result = as_("student").get(reverse("result-page", args=[world.released.attempt_id])).content.decode()
    assert "Question 4 was corrected" in result
    assert "It is there." in result


def test_staff_open_re_checks_with_one_press(as_: Any, cast: Any, record: Evaluation, client: Any) -> None:
    marked(cast, cast.classmate)
    asked = decide(cast, ask(record), "1")
    client.force_login(cast.staff)
    url = reverse("admin:evaluations_rechecks", args=[asked.pk])
    found = client.get(url).context["found"]
    client.post(url, {"paper": [str(mark.evaluation_id) for mark in found]})
    assert RemarkRequest.objects.filter(is_recheck=True).count() == 1


def test_without_a_teacher_a_re_mark_waits(cast: Any, record: Evaluation) -> None:
    asked = ask(record)
    Evaluation.objects.filter(pk=asked.remark_id).update(teacher=None, state="queued")
    decision = assign_evaluation(evaluation=asked.remark, now=LATER)
    assert decision.chosen != cast.teacher


def test_a_paper_of_somebody_else_is_not_there(as_: Any, world: World) -> None:
    other = evaluation_of(hand_in(world.cast.exam, world.cast.outsider), teacher=world.cast.teacher, state="released")
    question = written(world.cast.exam, 4)
    for name, args in (("remark-ask", [other.attempt_id, question.pk]), ("after-marks", [other.attempt_id])):
        assert as_("student").get(reverse(name, args=args)).status_code == 404


def test_a_re_mark_waits_while_its_paper_is_returned(cast: Any, record: Evaluation) -> None:
    remark = with_colleague(cast, ask(record))
    reopen_evaluation(evaluation=record, actor=cast.staff, reason="Page two", now=LATER)
    return_evaluation(evaluation=record, actor=cast.staff, reason="Cannot be read", now=LATER)
    remark.refresh_from_db()
    assert remark.state == EvaluationState.IN_PROGRESS
