"""Starting, answering and submitting an attempt."""

import itertools
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.enums import Feature
from accounts.models import Entitlement
from accounts.services.entitlements import NoEntitlement
from assessments import signals
from assessments.enums import AttemptState, ExamKind, QuestionType, SubmitReason
from assessments.models import Attempt, Blueprint, BlueprintSection, BlueprintSlot, Paper, PaperQuestion, Response
from assessments.selectors.attempts import exam_list, paper_for_student
from assessments.services.answers import MAX_TEXT, AnswerShape, BadAnswer, clean_answer
from assessments.services.attempts import (
    close_overdue_attempts,
    paper_seed,
    save_response,
    start_attempt,
    submit_attempt,
)
from common.errors import DomainError, NotPermittedError
from courses.models import CohortMembership
from tests import factories

NOW = factories.NOW
MINUTE = timedelta(minutes=1)
RIGHT = {1: {"choices": ["B"]}, 2: {"choices": ["A", "C"]}, 3: {"value": "3.5"}}


@pytest.fixture
def attempt(cast):
    return start_attempt(exam=cast.exam, student=cast.student, now=NOW)


@pytest.fixture
def heard():
    """What was announced, as (name, ids)."""
    facts, keep = [], []
    for name in ("attempt_started", "attempt_submitted", "attempt_handed_in"):

        def receiver(sender, signal, name=name, **ids):
            facts.append((name, ids))

        keep.append(receiver)
        getattr(signals, name).connect(receiver)
    yield facts
    for name, receiver in zip(("attempt_started", "attempt_submitted", "attempt_handed_in"), keep, strict=True):
        getattr(signals, name).disconnect(receiver)


def question(attempt, number, alternative=""):
    return attempt.paper.questions.get(number=number, alternative=alternative)


def save(attempt, number, answer, seq=1, *, now=NOW, marked=None, actor=None, alternative=""):
    return save_response(
        attempt=attempt, question_id=question(attempt, number, alternative).pk, seq=seq, answer=answer,
        marked_for_review=marked, actor=actor or attempt.student, now=now,
    )  # fmt: skip


def code_of(call, *args, **kwargs):
    with pytest.raises(DomainError) as caught:
        call(*args, **kwargs)
    assert caught.value.message.endswith((".", ")"))
    return caught.value.code


def used(student):
    return sum(Entitlement.objects.filter(user=student, feature=Feature.EXAM_ATTEMPT).values_list("used", flat=True))


# --- Starting --------------------------------------------------------------------------------------------------------
def test_start_sets_deadlines_and_uses_one_exam(cast, attempt):
    assert (attempt.state, attempt.paper) == (AttemptState.IN_PROGRESS, cast.exam.paper)
    assert (attempt.started_at, attempt.ends_at) == (NOW, NOW + 60 * MINUTE)
    assert attempt.sheets_due_at == NOW + 65 * MINUTE
    assert used(cast.student) == 1


def test_start_again_returns_the_live_attempt(cast, attempt):
    again = start_attempt(exam=cast.exam, student=cast.student, now=NOW + MINUTE)
    assert (again.pk, again.started_at, used(cast.student)) == (attempt.pk, NOW, 1)


def test_start_announces_once(cast, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
        start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    assert heard == [("attempt_started", {"attempt_id": attempt.pk})]


def test_extra_time_lengthens_writing_even_past_closing(cast):
    factories.AccommodationFactory(student=cast.student, extra_time_percent=25)
    cast.exam.closes_at = NOW + 10 * MINUTE
    cast.exam.save()
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    assert attempt.ends_at == NOW + 75 * MINUTE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"opens_at": NOW + MINUTE}, "exam_not_open"),
        ({"closes_at": NOW}, "exam_closed"),
        ({"is_published": False}, "not_for_you"),
    ],
)
def test_start_refused_by_the_exam(cast, change, code):
    for name, value in change.items():
        setattr(cast.exam, name, value)
    cast.exam.save()
    assert code_of(start_attempt, exam=cast.exam, student=cast.student, now=NOW) == code
    assert (Attempt.objects.count(), used(cast.student)) == (0, 0)


@pytest.mark.parametrize("name", ["outsider", "teacher", "staff", "guardian"])
def test_start_refused_to_whom_it_is_not_set(cast, name):
    with pytest.raises(NotPermittedError):
        start_attempt(exam=cast.exam, student=cast.people[name], now=NOW)


def test_start_refused_when_attempts_are_used_up(cast, attempt):
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW + MINUTE)
    assert code_of(start_attempt, exam=cast.exam, student=cast.student, now=NOW + MINUTE) == "no_attempts_left"
    assert used(cast.student) == 1


def test_cancelled_attempt_does_not_count(cast, attempt):
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.CANCELLED)
    assert start_attempt(exam=cast.exam, student=cast.student, now=NOW + MINUTE).pk != attempt.pk


def test_start_without_entitlement_leaves_nothing(cast):
    Entitlement.objects.filter(user=cast.student).delete()
    with pytest.raises(NoEntitlement):
        start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    assert not Attempt.objects.exists()


def test_start_after_a_forgotten_attempt_submits_it_first(cast, attempt):
    cast.exam.max_attempts = 2
    cast.exam.save()
    later = attempt.ends_at + MINUTE
    second = start_attempt(exam=cast.exam, student=cast.student, now=later)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submit_reason) == (AttemptState.SUBMITTED, SubmitReason.TIME_UP)
    assert (second.started_at, used(cast.student)) == (later, 2)


def test_database_refuses_two_live_attempts(attempt):
    values = {name: getattr(attempt, name) for name in ("exam", "paper", "student", "started_at", "ends_at")}
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(**values, sheets_due_at=attempt.ends_at)


@pytest.fixture
def drawn_exam(cast):
    """An exam whose papers are drawn: one single-choice question from a bank of four, twice."""
    for _ in range(4):
        factories.question_version(QuestionType.SINGLE_CHOICE, "1")
    programme = cast.cohort.programme
    blueprint = Blueprint.objects.create(
        programme=programme, slug="draw", name="Draw", kind=ExamKind.CUSTOM, duration_minutes=10, total_marks=1
    )
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="Section A")
    unit = factories.UnitFactory()
    BlueprintSlot.objects.create(section=section, number=1, unit=unit, types=["single_choice"], marks=1)
    return factories.ExamFactory(paper=None, blueprint=blueprint, max_attempts=4, for_cohorts=[cast.cohort])


def test_drawn_papers_of_a_student_share_no_question(cast, drawn_exam):
    drawn = []
    for number in range(3):
        attempt = start_attempt(exam=drawn_exam, student=cast.student, now=NOW + number * MINUTE)
        assert attempt.paper.seed == paper_seed(drawn_exam.pk, cast.student.pk, number + 1)
        drawn += attempt.paper.questions.values_list("version__question_id", flat=True)
        submit_attempt(attempt=attempt, actor=cast.student, now=NOW + number * MINUTE)
    assert len(set(drawn)) == 3


def test_seed_differs_by_exam_student_and_number():
    a, b = uuid.uuid4(), uuid.uuid4()
    seeds = {paper_seed(*triple) for triple in itertools.product((a, b), (a, b), (1, 2))}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)


# --- Answers ---------------------------------------------------------------------------------------------------------
SINGLE, MULTIPLE = (AnswerShape(f"{kind}_choice", tuple("ABCD")) for kind in ("single", "multiple"))
NUMERIC, WRITTEN = AnswerShape("numeric"), AnswerShape("long_answer")


@pytest.mark.parametrize(
    ("shape", "answer", "stored"),
    [
        (SINGLE, {"choices": ["B"]}, {"choices": ["B"]}),
        (SINGLE, {"choices": ["B", "B"]}, {"choices": ["B"]}),
        (SINGLE, {"choices": []}, {}),
        (SINGLE, {}, {}),
        (MULTIPLE, {"choices": ["C", "A"]}, {"choices": ["A", "C"]}),
        (NUMERIC, {"value": " 3.5 "}, {"value": "3.5"}),
        (NUMERIC, {"value": " "}, {}),
        (WRITTEN, {"text": " x = 2\n"}, {"text": " x = 2\n"}),
        (WRITTEN, {"text": "अ" * MAX_TEXT}, {"text": "अ" * MAX_TEXT}),
        (WRITTEN, {"not_attempted": True}, {"not_attempted": True}),
        (WRITTEN, {"not_attempted": False}, {}),
        (WRITTEN, {"on_paper": True}, {"on_paper": True}),
    ],
)
def test_answer_is_stored_in_one_form(shape, answer, stored):
    assert clean_answer(shape, answer) == stored


@pytest.mark.parametrize(
    ("shape", "answer", "code"),
    [
        (SINGLE, {"choices": ["A", "B"]}, "answer_choice"),
        (SINGLE, {"choices": ["E"]}, "answer_choice"),
        (SINGLE, {"choices": "B"}, "answer_shape"),
        (SINGLE, {"choices": [["B"]]}, "answer_shape"),
        (SINGLE, {"value": "B"}, "answer_shape"),
        (SINGLE, {"choices": ["B"], "is_correct": True}, "answer_shape"),
        (SINGLE, ["B"], "answer_shape"),
        (NUMERIC, {"value": 3.5}, "answer_shape"),
        (NUMERIC, {"value": "1" * 61}, "answer_too_long"),
        (NUMERIC, {"value": "1\x00"}, "answer_text"),
        (WRITTEN, {"text": "x" * (MAX_TEXT + 1)}, "answer_too_long"),
        (WRITTEN, {"text": "half \ud83d"}, "answer_text"),
        (WRITTEN, {"text": None}, "answer_shape"),
        (WRITTEN, {"not_attempted": 1}, "answer_shape"),
        (WRITTEN, {"not_attempted": True, "text": "x"}, "answer_shape"),
    ],
)
def test_answer_that_does_not_fit_is_refused(shape, answer, code):
    with pytest.raises(BadAnswer) as caught:
        clean_answer(shape, answer)
    assert caught.value.code == code


def test_save_stores_answer_and_mark_apart(attempt):
    save(attempt, 1, {"choices": ["A"]}, 1)
    save(attempt, 1, None, 2, marked=True)
    save(attempt, 1, {"choices": ["C"]}, 3)
    stored = Response.objects.get(attempt=attempt)
    assert (stored.answer, stored.marked_for_review, stored.seq) == ({"choices": ["C"]}, True, 3)


def test_save_with_an_older_seq_is_ignored(attempt):
    save(attempt, 1, {"choices": ["A"]}, 5, now=NOW)
    late = save(attempt, 1, {"choices": ["B"]}, 4, now=NOW + MINUTE)
    assert (late.seq, late.saved_at, late.applied) == (5, NOW, False)
    assert Response.objects.get(attempt=attempt).answer == {"choices": ["A"]}


def test_save_repeated_is_the_same_save(attempt):
    first = save(attempt, 1, {"choices": ["A"]}, 5, marked=True)
    again = save(attempt, 1, {"choices": ["A"]}, 5, marked=True, now=NOW + MINUTE)
    other = save(attempt, 1, {"choices": ["B"]}, 5, now=NOW + MINUTE)
    assert again == first
    assert (other.applied, other.seq) == (False, 5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(1, 7)), repeats=st.lists(st.integers(1, 6), max_size=4))
def test_saves_in_any_order_end_with_the_highest_seq(attempt, order, repeats):
    Response.objects.filter(attempt=attempt).delete()
    for seq in [*order, *repeats]:
        save(attempt, 3, {"value": str(seq)}, seq)
    stored = Response.objects.get(attempt=attempt)
    assert (stored.seq, stored.answer) == (6, {"value": "6"})


def test_save_within_network_grace_counts_and_later_does_not(attempt):
    assert save(attempt, 1, {"choices": ["A"]}, 1, now=attempt.ends_at + timedelta(seconds=14)).applied
    late = attempt.ends_at + timedelta(seconds=15)
    assert code_of(save, attempt, 1, {"choices": ["B"]}, 2, now=late) == "time_up"


def test_save_after_submit_is_refused_even_with_a_stale_attempt(attempt):
    stale = Attempt.objects.get(pk=attempt.pk)
    submitted = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
    assert code_of(save, stale, 1, {"choices": ["B"]}) == "already_submitted"
    assert code_of(save, submitted, 1, {"choices": ["B"]}) == "already_submitted"
    assert not Response.objects.exists()


def test_repeating_after_the_end_what_is_stored_is_no_late_answer(attempt):
    save(attempt, 1, {"choices": ["A"]}, 5)
    submitted = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
    again = save(submitted, 1, {"choices": ["A"]}, 5)
    older = save(submitted, 1, {"choices": ["C"]}, 4)
    other = save(submitted, 1, {"choices": ["C"]}, 5)
    assert [(told.seq, told.applied) for told in (again, older, other)] == [(5, True), (5, False), (5, False)]
    assert code_of(save, submitted, 1, {"choices": ["C"]}, 6) == "already_submitted"
    assert Response.objects.get().answer == {"choices": ["A"]}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"seq": 0}, "bad_seq"),
        ({"seq": 2**63}, "bad_seq"),
        ({"seq": True}, "bad_seq"),
        ({"seq": None}, "bad_seq"),
        ({"answer": None}, "nothing_to_save"),
        ({"marked": "yes"}, "bad_mark"),
        ({"answer": {"choices": ["Z"]}}, "answer_choice"),
    ],
)
def test_save_refused(attempt, values, code):
    assert code_of(save, attempt, 1, **({"answer": {"choices": ["A"]}} | values)) == code


def test_save_for_another_paper_or_person_is_refused(cast, attempt):
    other = factories.small_paper().questions.first()
    values = {"seq": 1, "answer": {}, "marked_for_review": None, "now": NOW}
    kwargs = values | {"attempt": attempt, "question_id": other.pk, "actor": cast.student}
    assert code_of(save_response, **kwargs) == "unknown_question"
    with pytest.raises(NotPermittedError):
        save(attempt, 1, {"choices": ["A"]}, actor=cast.classmate)


def test_save_costs_one_query(attempt, django_assert_num_queries):
    pk = question(attempt, 1).pk
    values = {"attempt": attempt, "question_id": pk, "marked_for_review": None, "actor": attempt.student, "now": NOW}
    save_response(seq=1, answer={"choices": ["A"]}, **values)
    # with its line of the flight record, which SQLite cannot write in the same statement
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        save_response(seq=2, answer={"choices": ["B"]}, **values)
    with django_assert_num_queries(3):
        save_response(seq=1, answer={"choices": ["B"]}, **values)


# --- Submitting ------------------------------------------------------------------------------------------------------
def answer_all(attempt, answers):
    for number, answer in answers.items():
        save(attempt, number, answer)


def test_submit_marks_every_objective_question(attempt):
    answer_all(attempt, RIGHT | {3: {"value": "4"}, 4: {"text": "x = 1"}})
    submitted = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW + MINUTE)
    assert (submitted.state, submitted.submit_reason) == (AttemptState.SUBMITTED, SubmitReason.STUDENT)
    assert (submitted.objective_marks, submitted.objective_max) == (Decimal(3), Decimal(4))
    assert submitted.submitted_at == NOW + MINUTE
    found = {r.question.number: (r.is_correct, r.marks) for r in Response.objects.select_related("question")}
    assert found == {1: (True, 1), 2: (True, 2), 3: (False, 0), 4: (None, None)}


def test_submit_twice_changes_and_announces_nothing_more(attempt, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
        again = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW + MINUTE)
    assert again.submitted_at == first.submitted_at == NOW
    assert heard == [("attempt_submitted", {"attempt_id": attempt.pk})]


def test_paper_without_written_questions_is_handed_in_at_once(cast, heard, django_capture_on_commit_callbacks):
    paper = factories.small_paper([row for row in factories.SMALL_PAPER if row[0] == "A"])
    exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort])
    attempt = start_attempt(exam=exam, student=cast.student, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        submitted = submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    assert (submitted.state, submitted.handed_in_at) == (AttemptState.HANDED_IN, NOW)
    assert [name for name, _ in heard] == ["attempt_submitted", "attempt_handed_in"]


def test_cleared_and_missing_answers_score_nothing(attempt):
    answer_all(attempt, {1: {}})
    submitted = submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
    assert submitted.objective_marks == 0
    assert Response.objects.get(attempt=attempt).is_correct is None


def test_submit_by_another_person_or_after_cancelling_is_refused(cast, attempt):
    with pytest.raises(NotPermittedError):
        submit_attempt(attempt=attempt, actor=cast.staff, now=NOW)
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.CANCELLED)
    assert code_of(submit_attempt, attempt=attempt, actor=cast.student, now=NOW) == "attempt_cancelled"


def test_submit_costs_a_constant_number_of_queries(attempt, django_assert_num_queries):
    answer_all(attempt, RIGHT)
    # savepoint, lock, questions, corrected keys, responses, one update of all responses, the attempt, the note for
    # the statistics, the flight record, who wants to hear of it, release; on PostgreSQL the lock of the keys
    with django_assert_num_queries(12 if connection.vendor == "postgresql" else 11):
        submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)


def test_overdue_attempts_are_submitted_with_what_was_saved(cast, attempt):
    answer_all(attempt, {1: {"choices": ["B"]}})
    other = start_attempt(exam=cast.exam, student=cast.classmate, now=NOW + 30 * MINUTE)
    assert close_overdue_attempts(now=attempt.ends_at + timedelta(seconds=14)) == 0
    later = attempt.ends_at + MINUTE
    assert (close_overdue_attempts(now=later), close_overdue_attempts(now=later)) == (1, 0)
    attempt.refresh_from_db()
    other.refresh_from_db()
    assert (attempt.state, attempt.submit_reason) == (AttemptState.SUBMITTED, SubmitReason.TIME_UP)
    assert (attempt.submitted_at, attempt.objective_marks) == (attempt.ends_at, 1)
    assert other.state == AttemptState.IN_PROGRESS
    assert code_of(save, attempt, 1, {"choices": ["A"]}, 9) == "time_up"


def test_one_broken_attempt_does_not_stop_the_others(cast, monkeypatch):
    from assessments.services import overdue

    first = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    second = start_attempt(exam=cast.exam, student=cast.classmate, now=NOW + MINUTE)
    real = overdue.finish_writing

    def finish(attempt, *, now):
        if attempt.pk == first.pk:
            raise RuntimeError("broken row")
        real(attempt, now=now)

    monkeypatch.setattr(overdue, "finish_writing", finish)
    assert close_overdue_attempts(now=NOW + timedelta(hours=2)) == 1
    second.refresh_from_db()
    assert second.state == AttemptState.SUBMITTED


# --- Reading ---------------------------------------------------------------------------------------------------------
def test_paper_for_student_holds_no_key_and_no_model_answer(cast):
    paper = cast.exam.paper
    version = paper.questions.get(number=1).version
    assert version.answer == {"choices": ["B"]}
    content = paper_for_student(paper)
    allowed = {"id", "number", "alternative", "type", "marks", "text", "html", "options", "parts", "is_written"}
    allowed |= {"grading", "unit"}  # how it is marked, and in what
    questions = [question for section in content["sections"] for question in section["questions"]]
    assert [q["number"] for q in questions] == [1, 2, 3, 4, 5, 5]
    assert all(set(question) == allowed for question in questions)
    assert all(set(option) == {"label", "letter", "text", "html"} for q in questions for option in q["options"])
    for secret in ("x = 1", "Step 1", "tolerance", "'answer':", "explanation", "correct"):
        assert secret not in str(content)
    assert content["sections"][0].keys() == {"label", "title", "instruction", "questions"}
    assert {q["number"]: q["marks"] for q in questions} == {1: "1", 2: "2", 3: "1", 4: "3", 5: "5"}


def test_options_with_hidden_facts_do_not_leak_them(db):
    version = factories.question_version()
    leaky = [{"label": "A", "source": "a", "html": "<p>a</p>", "is_correct": True, "why": "secret"}]
    hidden = type(version).objects.create(
        question=version.question, number=2, marks=1, text_source="t", text_html="t", options=leaky,
        created_by=version.created_by, created_at=NOW,
        parts=[{"label": "i", "source": "p", "html": "p", "marks": "1", "model_answer": "secret"}],
    )  # fmt: skip
    programme = factories.ProgrammeFactory()
    fresh = Paper.objects.create(
        programme=programme, title="P", seed=1, sections=[{"label": "A", "title": "A", "key": "secret"}],
        total_marks=Decimal(1), written_marks=Decimal(0), frozen_at=NOW,
    )  # fmt: skip
    PaperQuestion.objects.create(
        paper=fresh, section="A", number=1, version=hidden, type="single_choice", marks=1, is_written=False
    )
    assert "secret" not in str(paper_for_student(fresh))
    assert "is_correct" not in str(paper_for_student(fresh))


def test_paper_for_student_is_read_once(cast, django_assert_num_queries):
    paper_for_student(cast.exam.paper)
    with django_assert_num_queries(0):
        paper_for_student(cast.exam.paper)


@pytest.mark.parametrize("count", [1, 3])
def test_exam_list_is_one_query_with_ones_own_attempts(cast, attempt, count, django_assert_num_queries):
    for _ in range(count):
        factories.ExamFactory(for_cohorts=[cast.cohort])
    CohortMembership.objects.filter(user=cast.outsider).delete()
    with django_assert_num_queries(1):
        rows = list(exam_list(cast.student))
    mine = next(row for row in rows if row.pk == cast.exam.pk)
    assert (mine.attempts_used, mine.latest_attempt_id) == (1, attempt.pk)
    assert len(rows) == count + 1
    assert all(row.attempts_used == 0 for row in rows if row != mine)
    assert not exam_list(cast.outsider).exists()
