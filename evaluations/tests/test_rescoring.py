"""A wrong key is corrected: who changes, once, everywhere, whatever else happens at the same moment."""

from __future__ import annotations

from decimal import Decimal
from threading import Event

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from assessments.enums import QuestionType
from assessments.models import Attempt, KeyCorrection, PaperQuestion, RescoredAttempt, Response
from assessments.services import rescoring as lower
from assessments.services.attempts import submit_attempt
from assessments.services.content_schema import QuestionInvalidError
from assessments.services.hand_in import hand_in as hand_in_sheets
from assessments.services.item_statistics import count_marked_attempts, rebuild_item_statistics
from assessments.services.keys import key_of, keys_of
from assessments.tests.sittings import LATER, all_statistics, new_student, question, sit, sit_all
from assessments.tests.sittings import answers_of as answers
from common.errors import DomainError, NotPermittedError
from common.testing.database import run_at_once
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, MarkCorrection, MarkedPaper
from evaluations.selectors.results import result_data
from evaluations.services import rescoring as upper
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.rescoring import preview_rescore, rescore
from evaluations.tests.builders import evaluation_of
from notifications.models import Notification
from tests import factories

pytestmark = pytest.mark.django_db

TO_C = {"choices": ["C"]}
OBJECTIVE = [("A", 1, "", QuestionType.SINGLE_CHOICE, "1", ()), ("A", 2, "", QuestionType.NUMERIC, "1", ())]


def to_c(cast, **values):
    given = {"answer": TO_C, "reason": "C is right, not B.", "actor": cast.staff, "now": LATER, **values}
    return rescore(version=question(cast.exam, 1).version, **given)


def objective(attempts):
    found = dict(Attempt.objects.values_list("pk", "objective_marks"))
    return [found[attempt.pk] for attempt in attempts]


def test_the_preview_says_who_changes_and_writes_nothing(cast):
    right, wrong, other = sit_all(cast, ["B--", "CCR", "D--"])
    seen = preview_rescore(version=question(cast.exam, 1).version, answer=TO_C)
    changes = {c.attempt.pk: (c.question_before, c.question_after, c.before, c.after) for c in seen.changes}
    assert changes == {right.pk: (1, 0, 1, 0), wrong.pk: (0, 1, 3, 4)}
    assert (seen.answers, seen.up, seen.down, seen.previous) == (3, 1, 1, {"choices": ["B"]})
    assert objective([right, wrong, other]) == [1, 3, 0]
    assert not KeyCorrection.objects.exists()


def test_answers_marks_and_statistics_follow_the_new_key(cast):
    attempts = sit_all(cast, ["B--", "CCR", "D--", "-C-"])
    count_marked_attempts()
    done = to_c(cast)
    assert objective(attempts) == [0, 4, 0, 2]
    first = Response.objects.filter(question__number=1).order_by("attempt_id")
    assert list(first.values_list("is_correct", "marks")) == [(False, 0), (True, 1), (False, 0)]
    rows = RescoredAttempt.objects.values_list("attempt", "question_before", "question_after", "before", "after")
    assert list(rows) == [(attempts[0].pk, 1, 0, 1, 0), (attempts[1].pk, 0, 1, 3, 4)]
    assert key_of(question(cast.exam, 1).version) == TO_C
    event = AuditEvent.objects.get(action="question.key_corrected")
    assert (event.before, event.after["answer"], event.actor) == ({"answer": {"choices": ["B"]}}, TO_C, cast.staff)
    assert (event.after["marks_up"], event.after["marks_down"], done.correction.number) == (1, 1, 1)
    assert count_marked_attempts() == 2
    kept = all_statistics()
    rebuild_item_statistics()
    assert all_statistics() == kept


def test_doing_it_again_changes_nothing_and_back_restores(cast):
    attempts = sit_all(cast, ["B--", "CCR"])
    count_marked_attempts()
    before = all_statistics()
    to_c(cast)
    again = to_c(cast)
    assert (again.correction, again.changes) == (None, ())
    assert KeyCorrection.objects.count() == AuditEvent.objects.filter(action="question.key_corrected").count() == 1
    assert count_marked_attempts() == 2
    to_c(cast, answer={"choices": ["B"]})
    assert objective(attempts) == [1, 3]
    assert list(KeyCorrection.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    count_marked_attempts()
    assert all_statistics() == before


def test_later_submissions_and_the_result_page_use_the_corrected_key(cast):
    to_c(cast)
    [attempt] = sit_all(cast, ["C--"])
    assert attempt.objective_marks == 1
    with transaction.atomic():
        hand_in_sheets(attempt, late="refused", now=LATER)
    loaded = Attempt.objects.select_related("exam", "paper").get(pk=attempt.pk)
    shown = result_data(loaded, reader=loaded.student, now=LATER)
    assert shown.is_ready
    assert (shown.questions[0].key, shown.questions[0].is_correct, shown.questions[1].key) == (
        TO_C,
        True,
        {"choices": ["A", "C"]},
    )


def test_only_marks_that_are_seen_are_told(cast):
    unseen, *_ = sit_all(cast, ["C--"])
    bare = factories.ExamFactory(paper=factories.small_paper(OBJECTIVE), for_cohorts=[cast.cohort])
    seen = sit(bare, cast.student, {1: {"choices": ["C"]}})
    same = sit(bare, cast.classmate, {1: {"choices": ["D"]}})
    to_c(cast)
    assert not Notification.objects.filter(user=unseen.student).exists()
    rescore(version=question(bare, 1).version, answer=TO_C, reason="C", actor=cast.staff, now=LATER)
    told = Notification.objects.get(user=seen.student)
    assert told.title.endswith("your marks have changed")
    assert told.body == "The key of question 1 was wrong. You now have 1 marks instead of 0."
    assert not Notification.objects.filter(user=same.student).exists()


def test_totals_of_finished_papers_follow_and_their_students_are_told(cast):
    done, running = sit_all(cast, ["C--", "C--"])
    released = evaluation_of(
        done,
        teacher=cast.teacher,
        state=EvaluationState.RELEASED,
        written_marks=Decimal("4.5"),
        total_marks=Decimal("4.5"),
    )
    still = evaluation_of(running, teacher=cast.teacher, state=EvaluationState.IN_PROGRESS)
    MarkedPaper.objects.create(attempt=done, variant="name", asked_at=LATER, state="ready", digest="x")
    to_c(cast)
    released.refresh_from_db()
    still.refresh_from_db()
    assert (released.total_marks, released.written_marks, still.total_marks) == (Decimal("5.5"), Decimal("4.5"), None)
    assert "5½ marks instead of 4½" in Notification.objects.get(user=done.student).body
    assert not Notification.objects.filter(user=running.student).exists()
    (change,) = MarkCorrection.objects.all()
    assert (change.evaluation, change.before, change.after) == (released, Decimal(0), Decimal(1))
    assert (change.total_before, change.total_after) == (Decimal("4.5"), Decimal("5.5"))
    assert done.student != cast.student or "4½ → 5½" in Notification.objects.get(user=cast.guardian).body
    assert MarkedPaper.objects.get().state == "waiting"


def test_many_cost_the_queries_of_a_few(cast):
    """Papers that are finished and shown, so that every statement is needed."""
    bare = factories.ExamFactory(paper=factories.small_paper(OBJECTIVE), for_cohorts=[cast.cohort])
    version = question(bare, 1).version

    def class_of(size):
        for letter in "BC" * size:
            sit(bare, new_student(cast), {1: {"choices": [letter]}})

    def cost(key):
        with CaptureQueriesContext(connection) as preview:
            preview_rescore(version=version, answer=key)
        with CaptureQueriesContext(connection) as done:
            rescore(version=version, answer=key, reason="C", actor=cast.staff, now=LATER)
        return len(preview), len(done)

    class_of(1)
    few = cost(TO_C)
    class_of(8)
    assert cost({"choices": ["B"]}) == few
    assert Notification.objects.filter(title__endswith="changed").count() == 2 + 18


def test_a_key_that_is_none_is_refused(cast):
    for answer in ({}, {"choices": []}, {"choices": ["E"]}, {"choices": ["A", "B"]}, {"value": "3"}, {"choices": "A"}):
        with pytest.raises(QuestionInvalidError):
            to_c(cast, answer=answer)
    with pytest.raises(DomainError, match="marked by a teacher"):
        preview_rescore(version=question(cast.exam, 4).version, answer=TO_C)
    with pytest.raises(DomainError, match="why"):
        to_c(cast, reason="  ")
    for person in (cast.teacher, cast.student):
        with pytest.raises(NotPermittedError):
            to_c(cast, actor=person)
    assert not KeyCorrection.objects.exists()


def test_corrections_are_append_only(cast):
    sit_all(cast, ["C--"])
    to_c(cast)
    for model in (KeyCorrection, RescoredAttempt):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(**{"reason": "x"} if model is KeyCorrection else {"after": 0})


def test_partial_credit_and_a_key_that_was_unusable(cast):
    attempts = sit_all(cast, ["-C-", "-B-"])
    second = question(cast.exam, 2).version
    Response.objects.filter(attempt=attempts[0], question__number=2).update(is_correct=None, marks=0)
    Attempt.objects.filter(pk=attempts[0].pk).update(objective_marks=0)
    rescore(version=second, answer={"choices": ["A", "C"]}, reason="Marked again.", actor=cast.staff, now=LATER)
    assert objective(attempts) == [2, 0]
    partial = {"choices": ["A", "B"], "grading": "partial"}
    rescore(version=second, answer=partial, reason="Half for half.", actor=cast.staff, now=LATER)
    assert objective(attempts) == [0, 2]


def test_a_variant_is_marked_with_its_own_values(cast):
    version = factories.question_version(QuestionType.NUMERIC, "1")
    paper = factories.small_paper(OBJECTIVE[:1])
    row = PaperQuestion(
        paper=paper, section="A", number=2, type=QuestionType.NUMERIC, marks=1, is_written=False, version=version,
        variant={"values": {"a": "3", "b": "1/3"}, "shown": {
            "text_source": "", "text_html": "", "options": [], "parts": [], "answer": {"value": "3"},
            "model_answer_html": "", "explanation_html": ""}},
    )  # fmt: skip
    row.save(force_insert=True)
    assert keys_of([row]) == {row.pk: {"value": "3"}}
    KeyCorrection.objects.create(
        version=version, number=1, answer={"value": "[[=2*a+3*b]]"}, previous={}, reason="x", actor=cast.staff, at=LATER
    )
    assert keys_of([row]) == {row.pk: {"value": "7"}}


# --- At the same moment ----------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("transactional_db")
def test_submitting_while_a_key_is_corrected(cast):
    """Whether a submission comes before or after the correction, it ends marked by the corrected key."""
    students = [new_student(cast) for _ in range(6)]
    waiting = [sit(cast.exam, student, answers("C--"), submit=False) for student in students]
    submitted = sit_all(cast, ["B--", "C--"])
    jobs = [
        lambda attempt=attempt: submit_attempt(attempt=attempt, actor=attempt.student, now=LATER) for attempt in waiting
    ]
    run_at_once([*jobs[:3], lambda: to_c(cast), lambda: to_c(cast), *jobs[3:]])
    assert objective([*waiting, *submitted]) == [1] * 6 + [0, 1]
    assert KeyCorrection.objects.count() == 1
    count_marked_attempts()
    kept = all_statistics()
    rebuild_item_statistics()
    assert all_statistics() == kept


def begun_during(monkeypatch, module, name, correct, job):
    """Runs `correct`, and `job` once `module.name` is through while nothing is committed: `job` must wait."""
    reached, through = Event(), Event()
    plain = getattr(module, name)

    def observed(*args):
        result = plain(*args)
        reached.set()
        assert not through.wait(0.3)
        return result

    def later():
        assert reached.wait(30)
        job()
        through.set()

    monkeypatch.setattr(module, name, observed)
    run_at_once([correct, later])


@pytest.mark.usefixtures("transactional_db")
def test_a_submission_that_begins_during_the_correction_waits_for_it(cast, monkeypatch):
    attempt = sit(cast.exam, new_student(cast), answers("C--"), submit=False)
    sit_all(cast, ["B--"])

    def submit():
        submit_attempt(attempt=attempt, actor=attempt.student, now=LATER)

    begun_during(monkeypatch, lower, "_write", lambda: to_c(cast), submit)
    assert objective([attempt]) == [1]


def to_finish(cast):
    """A paper that its teacher can finish at once: nothing written was attempted."""
    attempt = sit(cast.exam, new_student(cast), answers("C--"))
    Attempt.objects.filter(pk=attempt.pk).update(state="handed_in", handed_in_at=LATER)
    for number, alternative in ((4, ""), (5, "a"), (5, "b")):
        Response.objects.create(
            attempt=attempt,
            question=question(cast.exam, number, alternative),
            answer={"not_attempted": True},
            saved_at=LATER,
        )
    return evaluation_of(
        attempt, teacher=cast.teacher, state=EvaluationState.IN_PROGRESS, assigned_at=LATER, claimed_at=LATER
    )


@pytest.mark.usefixtures("transactional_db")
def test_a_paper_that_is_finished_during_the_correction_waits_for_it(cast, monkeypatch):
    paper = to_finish(cast)

    def finish():
        finalise_evaluation(evaluation=paper, actor=cast.teacher, now=LATER)

    begun_during(monkeypatch, upper, "_correct_totals", lambda: to_c(cast), finish)
    assert Evaluation.objects.get().total_marks == 1


@pytest.mark.usefixtures("transactional_db")
def test_papers_finished_while_a_key_is_corrected(cast):
    papers = [to_finish(cast) for _ in range(4)]
    jobs = [lambda e=e: finalise_evaluation(evaluation=e, actor=cast.teacher, now=LATER) for e in papers]
    run_at_once([*jobs[:2], lambda: to_c(cast), *jobs[2:]])
    assert list(Evaluation.objects.values_list("total_marks", flat=True)) == [1] * 4
