"""Checking answers while the exam runs: tries, hints, closing, lost replies, and what counts in the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from assessments.enums import AttemptState, Behaviour
from assessments.models import Attempt, Exam, ItemStatistics, PaperQuestion, QuestionVersion, Response, Try
from assessments.services import attempts as service
from assessments.services.checking import CheckedResponse, check_response
from assessments.services.item_statistics import count_marked_attempts
from assessments.services.standing import standings
from assessments.tests.sittings import LATER, RIGHT, new_student, question
from common.errors import DomainError, NotPermittedError
from evaluations.services.rescoring import rescore
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HINTS = ("<p>Think of B.</p>", "<p>It is B.</p>")


def set_behaviour(exam: Exam, behaviour: str, **more: Any) -> Exam:
    Exam.objects.filter(pk=exam.pk).update(behaviour=behaviour, **more)
    exam.refresh_from_db()
    return exam


@pytest.fixture
def exam(cast: Cast) -> Exam:
    """Immediate, with two hints on question 1: the version of the paper is swapped for one that has them."""
    first = question(cast.exam, 1)
    row = QuestionVersion.objects.get(pk=first.version_id)
    row.pk, row.number, row._state.adding = None, 2, True
    row.id = QuestionVersion._meta.pk.get_default()
    row.hints = [{"source": html, "html": html} for html in HINTS]
    row.explanation_html = "<p>Because of B.</p>"
    row.save(force_insert=True)
    paper = factories.small_paper([entry for entry in factories.SMALL_PAPER if entry[1] > 1], "With hints")
    PaperQuestion.objects.create(
        paper=paper, section="A", number=1, type="single_choice", marks=D(1), is_written=False, version=row
    )
    Exam.objects.filter(pk=cast.exam.pk).update(paper=paper)
    return set_behaviour(cast.exam, Behaviour.IMMEDIATE)


@pytest.fixture
def attempt(cast: Cast, exam: Exam) -> Attempt:
    return service.start_attempt(exam=exam, student=cast.student, now=NOW)


def check(attempt: Attempt, answer: Any, seq: int, number: int = 1, **more: Any) -> CheckedResponse:
    known = {"question_id": question(attempt.exam, number).pk, "actor": attempt.student, "now": NOW}
    if isinstance(answer, str):
        answer = {"choices": [answer]}
    return check_response(attempt=attempt, seq=seq, answer=answer, **{**known, **more})


def save(attempt: Attempt, answer: Any, seq: int, number: int = 1, **more: Any) -> service.SavedResponse:
    return service.save_response(
        attempt=attempt, question_id=question(attempt.exam, number).pk, seq=seq, answer=answer,
        actor=attempt.student, now=NOW, **{"marked_for_review": None, **more},
    )  # fmt: skip


def submit(attempt: Attempt) -> Attempt:
    return service.submit_attempt(attempt=attempt, actor=attempt.student, now=LATER)


def response(attempt: Attempt, number: int = 1) -> Response:
    return Response.objects.get(attempt=attempt, question__number=number)


class TestImmediate:
    def test_wrong_then_right(self, attempt: Attempt) -> None:
        first = check(attempt, "A", 1).standing
        assert (first.outcome, first.tries, first.tries_left, first.is_closed) == ("wrong", 1, 2, False)
        assert first.hints == [HINTS[0]]
        assert first.explanation_html == ""
        assert first.message == "Not right. 2 tries left."
        second = check(attempt, "B", 2).standing
        assert (second.outcome, second.is_closed, second.marks) == ("right", True, D("0.5"))
        assert second.explanation_html == "<p>Because of B.</p>"
        assert response(attempt).is_closed
        assert submit(attempt).objective_marks == D("0.5")
        stored = response(attempt)
        assert (stored.is_correct, stored.marks, stored.bare_marks) == (True, D("0.5"), D(0))

    def test_out_of_tries_closes_with_every_hint(self, attempt: Attempt) -> None:
        for seq, answer in enumerate("ACD", start=1):
            told = check(attempt, answer, seq).standing
        assert told.is_closed
        assert told.message == "Not right. No tries are left."
        assert told.hints == list(HINTS)
        assert submit(attempt).objective_marks == 0

    def test_partly_right_is_said_and_counts(self, cast: Cast) -> None:
        paper = factories.small_paper([("A", 1, "", "fill_in", "3", ())], "Blanks")
        exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort], behaviour=Behaviour.IMMEDIATE)
        attempt = service.start_attempt(exam=exam, student=cast.student, now=NOW)
        told = check(attempt, {"blanks": {"1": "has"}}, 1).standing
        assert (told.outcome, told.marks, told.is_closed) == ("partly", D(1), False)
        told = check(attempt, {"blanks": {"1": "has", "2": "4", "3": "tail"}}, 2).standing
        assert (told.outcome, told.marks, told.is_closed) == ("right", D(2), True)
        assert submit(attempt).objective_marks == 2

    def test_the_number_of_tries_is_the_exams(self, attempt: Attempt) -> None:
        set_behaviour(attempt.exam, Behaviour.IMMEDIATE, tries=1)
        assert check(attempt, "A", 1).standing.is_closed

    def test_what_stands_unchecked_at_the_end_is_a_last_try(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        save(attempt, {"choices": ["B"]}, 2)
        save(attempt, RIGHT[3], 1, number=3)
        assert submit(attempt).objective_marks == D("1.5")
        assert list(Try.objects.filter(question__number=1).values_list("number", "seq", "is_correct")) == [
            (1, 1, False),
            (2, None, True),
        ]

    def test_without_any_answer_there_is_no_try(self, attempt: Attempt) -> None:
        save(attempt, {}, 1)
        assert submit(attempt).objective_marks == 0
        assert not Try.objects.exists()


class TestAdaptive:
    def test_stays_open_and_the_best_counts(self, attempt: Attempt) -> None:
        set_behaviour(attempt.exam, Behaviour.ADAPTIVE)
        for seq, answer in enumerate("ABC", start=1):
            told = check(attempt, answer, seq).standing
        assert (told.outcome, told.is_closed, told.tries_left, told.marks) == ("wrong", False, 17, D("0.5"))
        assert save(attempt, {"choices": ["D"]}, 9).applied
        assert submit(attempt).objective_marks == D("0.5")
        assert response(attempt).is_correct

    def test_has_a_bound(self, attempt: Attempt) -> None:
        set_behaviour(attempt.exam, Behaviour.ADAPTIVE)
        for seq in range(1, 21):
            check(attempt, "AC"[seq % 2], seq)
        with pytest.raises(DomainError, match="20 times") as refused:
            check(attempt, "B", 30)
        assert refused.value.code == "no_tries_left"
        # Nor does the last answer count that could not be checked.
        save(attempt, {"choices": ["B"]}, 31)
        assert submit(attempt).objective_marks == 0


class TestRepeating:
    def test_same_check_again_after_a_lost_reply(self, attempt: Attempt) -> None:
        first = check(attempt, "A", 1)
        assert check(attempt, "A", 1) == first
        assert Try.objects.count() == 1

    def test_same_answer_under_a_new_seq_costs_nothing(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        again = check(attempt, "A", 2)
        assert (again.standing.tries, again.seq, again.applied) == (1, 2, True)

    def test_same_answer_of_a_closed_question_tells_again(self, attempt: Attempt) -> None:
        check(attempt, "B", 1)
        again = check(attempt, "B", 2)
        assert again.standing.outcome == "right"
        assert Try.objects.count() == 1

    def test_an_old_check_that_arrives_late_twice(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        check(attempt, "C", 2)
        assert check(attempt, "A", 1).standing.tries == 2

    def test_newer_save_of_another_tab_is_not_overwritten(self, attempt: Attempt) -> None:
        save(attempt, {"choices": ["C"]}, 5)
        told = check(attempt, "A", 3)
        assert (told.applied, told.seq, told.standing.tries) == (False, 5, 0)
        assert response(attempt).answer == {"choices": ["C"]}


class TestRefused:
    def test_blank_is_no_try(self, attempt: Attempt) -> None:
        with pytest.raises(DomainError, match="nothing was checked"):
            check(attempt, {}, 1)
        assert not Try.objects.exists()

    def test_other_answer_after_closing(self, attempt: Attempt) -> None:
        check(attempt, "B", 1)
        for change in (check, lambda attempt, _answer, seq: save(attempt, {"choices": ["C"]}, seq)):
            with pytest.raises(DomainError, match="can no longer change") as refused:
                change(attempt, "C", 2)
            assert refused.value.code == "question_closed"
            assert refused.value.details["answer"] == {"choices": ["B"]}
        with pytest.raises(DomainError, match="can no longer change"):
            save(attempt, {}, 3)
        assert response(attempt).answer == {"choices": ["B"]}

    def test_review_mark_of_a_closed_question_may_change(self, attempt: Attempt) -> None:
        check(attempt, "B", 1)
        assert save(attempt, {"choices": ["B"]}, 2, marked_for_review=True).applied
        assert save(attempt, None, 3, marked_for_review=False).applied
        assert not response(attempt).marked_for_review

    def test_time_is_up(self, attempt: Attempt) -> None:
        with pytest.raises(DomainError, match="Time is up"):
            check(attempt, "B", 1, now=attempt.ends_at + timedelta(seconds=16))

    def test_submitted(self, attempt: Attempt) -> None:
        submit(attempt)
        with pytest.raises(DomainError, match="already submitted"):
            check(attempt, "B", 1)

    def test_written_question(self, attempt: Attempt) -> None:
        with pytest.raises(DomainError, match="A teacher marks") as refused:
            check(attempt, {"on_paper": True}, 1, number=4)
        assert refused.value.code == "no_key"

    @pytest.mark.parametrize("behaviour", [Behaviour.DEFERRED, Behaviour.CERTAINTY])
    def test_exam_without_tries(self, attempt: Attempt, behaviour: str) -> None:
        set_behaviour(attempt.exam, behaviour)
        with pytest.raises(DomainError, match="marked at the end"):
            check(attempt, "B", 1)

    def test_somebody_else(self, attempt: Attempt, cast: Cast) -> None:
        with pytest.raises(NotPermittedError):
            check(attempt, "B", 1, actor=cast.classmate)

    def test_question_of_another_paper(self, attempt: Attempt) -> None:
        with pytest.raises(DomainError, match="not in your paper"):
            check(attempt, "B", 1, question_id=attempt.pk)


class TestStanding:
    def test_shows_nothing_that_is_not_earned(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        (found,) = standings(attempt).values()
        assert found.hints == [HINTS[0]]
        assert "B" not in found.message

    def test_costs_two_queries_and_none_without_tries(self, attempt: Attempt, django_assert_num_queries: Any) -> None:
        check(attempt, "A", 1)
        check(attempt, {"value": "7"}, 1, number=3)
        attempt.exam  # noqa: B018 - loaded before counting
        with django_assert_num_queries(2):
            assert len(standings(attempt)) == 2
        set_behaviour(attempt.exam, Behaviour.DEFERRED)
        with django_assert_num_queries(0):
            assert standings(attempt) == {}


class TestAfterwards:
    def test_statistics_count_the_first_try(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        check(attempt, "B", 2)
        submit(attempt)
        count_marked_attempts()
        row = ItemStatistics.objects.get(version=question(attempt.exam, 1).version)
        assert (row.attempts, row.facility) == (1, D(0))
        assert row.choices.keys() == {"A"} or "A" in str(row.choices)

    def test_corrected_key_judges_every_try_again(self, attempt: Attempt, cast: Cast) -> None:
        for seq, answer in enumerate("ACD", start=1):
            check(attempt, answer, seq)
        submit(attempt)
        version = question(attempt.exam, 1).version
        done = rescore(version=version, answer={"choices": ["C"]}, reason="Misprint", actor=cast.staff, now=LATER)
        assert [(change.before, change.after) for change in done.changes] == [(D(0), D("0.5"))]
        stored = response(attempt)
        assert (stored.is_correct, stored.marks, stored.bare_marks) == (True, D("0.5"), D(0))
        again = rescore(version=version, answer={"choices": ["C"]}, reason="Misprint", actor=cast.staff, now=LATER)
        assert again.correction is None

    def test_tries_stay_as_they_were_told(self, attempt: Attempt) -> None:
        check(attempt, "A", 1)
        with pytest.raises(Exception, match="append-only"):
            Try.objects.update(is_correct=True)


CERTAIN = [("A", n, "", "single_choice", "1", ()) for n in (1, 2, 3)]


class TestCertainty:
    @pytest.fixture
    def certain(self, cast: Cast) -> Attempt:
        exam = factories.ExamFactory(
            paper=factories.small_paper(CERTAIN, "Certain"), for_cohorts=[cast.cohort], behaviour=Behaviour.CERTAINTY
        )
        return service.start_attempt(exam=exam, student=new_student(cast), now=NOW)

    def test_gains_and_losses(self, certain: Attempt) -> None:
        save(certain, {"choices": ["B"]}, 1, certainty=3)
        save(certain, {"choices": ["A"]}, 1, number=2, certainty=2)
        save(certain, {"choices": ["B"]}, 1, number=3)
        done = submit(certain)
        assert (done.objective_marks, done.objective_max, done.state) == (D(2), D(9), AttemptState.HANDED_IN)
        assert [response(certain, n).marks for n in (1, 2, 3)] == [D(3), D(-2), D(1)]
        assert [response(certain, n).bare_marks for n in (1, 2, 3)] == [D(1), D(0), D(1)]

    def test_total_is_not_below_nothing(self, certain: Attempt) -> None:
        save(certain, {"choices": ["A"]}, 1, certainty=3)
        save(certain, {"choices": ["B"]}, 1, number=2, certainty=1)
        assert submit(certain).objective_marks == 0

    def test_corrected_key_lifts_a_floored_total(self, certain: Attempt, cast: Cast) -> None:
        save(certain, {"choices": ["A"]}, 1, certainty=3)
        save(certain, {"choices": ["B"]}, 1, number=2, certainty=3)
        submit(certain)
        version = question(certain.exam, 1).version
        done = rescore(version=version, answer={"choices": ["A"]}, reason="Misprint", actor=cast.staff, now=LATER)
        assert [(change.before, change.after) for change in done.changes] == [(D(0), D(6))]
        certain.refresh_from_db()
        assert certain.objective_marks == 6

    def test_certainty_alone_may_be_saved_and_stays(self, certain: Attempt) -> None:
        save(certain, {"choices": ["B"]}, 1)
        save(certain, None, 2, certainty=2)
        save(certain, {"choices": ["C"]}, 3)
        assert (response(certain).certainty, response(certain).answer) == (2, {"choices": ["C"]})

    @pytest.mark.parametrize("certainty", [0, 4, True, "3"])
    def test_no_other_certainty(self, certain: Attempt, certainty: Any) -> None:
        with pytest.raises(DomainError, match="1, 2 or 3"):
            save(certain, {"choices": ["B"]}, 1, certainty=certainty)

    def test_other_exams_do_not_ask(self, attempt: Attempt) -> None:
        with pytest.raises(DomainError, match="does not ask"):
            save(attempt, {"choices": ["B"]}, 1, certainty=2)
