"""What a result says of tries and of certainty, on the page and by the API."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assessments.enums import Behaviour
from assessments.models import Attempt, Exam
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.checking import check_response
from assessments.services.times import note_times
from evaluations.selectors.results import result_data
from evaluations.services.rescoring import rescore
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ROWS = [("A", number, "", "single_choice", "1", ()) for number in (1, 2)]


def started(cast: Cast, behaviour: str, **more: Any) -> Attempt:
    paper = factories.small_paper(ROWS, "Two choices")
    exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort], behaviour=behaviour, **more)
    return start_attempt(exam=exam, student=cast.student, now=NOW)


def known(attempt: Attempt, number: int) -> dict[str, Any]:
    question = attempt.paper.questions.get(number=number)
    return {"attempt": attempt, "question_id": question.pk, "actor": attempt.student, "now": NOW}


def submitted(attempt: Attempt) -> Attempt:
    return submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)


@pytest.fixture
def tried(cast: Cast) -> Attempt:
    attempt = started(cast, Behaviour.IMMEDIATE)
    for seq, label in enumerate("AB", start=1):
        check_response(seq=seq, answer={"choices": [label]}, **known(attempt, 1))
    return submitted(attempt)


@pytest.fixture
def certain(cast: Cast) -> Attempt:
    attempt = started(cast, Behaviour.CERTAINTY)
    for number, label, certainty in ((1, "B", 2), (2, "A", 3)):
        save_response(
            seq=1, answer={"choices": [label]}, marked_for_review=None, certainty=certainty, **known(attempt, number)
        )
    return submitted(attempt)


def page(client: Client, attempt: Attempt) -> str:
    client.force_login(attempt.student)
    return client.get(reverse("result-page", args=[attempt.pk])).content.decode()


def test_tries_are_told(client: Client, tried: Attempt) -> None:
    text = page(client, tried)
    assert "Your tries: wrong, right." in text
    assert "33 % of the marks" in text
    assert "A paper never goes below 0." not in text
    first, second = result_data(tried, reader=tried.student, now=NOW).questions
    assert (first.awarded, [one.outcome for one in first.tries]) == (D("0.5"), ["wrong", "right"])
    assert second.tries == []


def test_tries_follow_a_corrected_key(tried: Attempt, cast: Cast) -> None:
    version = tried.paper.questions.get(number=1).version
    rescore(version=version, answer={"choices": ["A"]}, reason="Misprint", actor=cast.staff, now=NOW)
    first = result_data(Attempt.objects.get(pk=tried.pk), reader=cast.student, now=NOW).questions[0]
    assert (first.awarded, [one.outcome for one in first.tries]) == (D(1), ["right", "wrong"])


def test_tries_are_kept_back_with_the_ticks(client: Client, tried: Attempt) -> None:
    Exam.objects.filter(pk=tried.exam_id).update(reveal_correctness="never")
    text = page(client, tried)
    assert "Your tries:" not in text
    detail = client.get(reverse("api-attempt", args=[tried.pk])).json()
    assert detail["checks"] == {}


def test_certainty_is_told_with_what_it_won_and_lost(client: Client, certain: Attempt) -> None:
    result = result_data(certain, reader=certain.student, now=NOW)
    assert (result.total_marks, result.max_marks, result.objective_max) == (D(0), D(6), D(6))
    assert [(one.awarded, one.marks, one.certainty) for one in result.questions] == [(D(2), D(3), 2), (D(-6), D(3), 3)]
    text = page(client, certain)
    assert "<b>Fairly sure</b>" in text
    assert "−6 / 3" in text
    assert "A paper never goes below 0." in text
    assert "q--full" in text


def test_api_has_the_same(client: Client, certain: Attempt, tried: Attempt) -> None:
    client.force_login(certain.student)
    questions = client.get(reverse("api-attempt-result", args=[certain.pk])).json()["questions"]
    assert [one["certainty"] for one in questions] == [2, 3]
    assert [one["tries"] for one in questions] == [[], []]
    first = client.get(reverse("api-attempt-result", args=[tried.pk])).json()["questions"][0]
    assert first["tries"] == [{"number": 1, "outcome": "wrong"}, {"number": 2, "outcome": "right"}]
    assert first["certainty"] is None


def test_a_question_that_was_only_looked_at_is_wrong_as_one_that_was_not(cast: Cast) -> None:
    attempt = started(cast, Behaviour.DEFERRED)
    later = NOW + timedelta(minutes=5)
    looked_at = str(attempt.paper.questions.get(number=1).pk)
    note_times(attempt=attempt, seconds={looked_at: 20}, actor=attempt.student, now=later)
    attempt = submit_attempt(attempt=attempt, actor=attempt.student, now=later)
    first, second = result_data(attempt, reader=attempt.student, now=later).questions
    assert (first.is_correct, first.awarded, first.seconds) == (False, 0, 20)
    assert (second.is_correct, second.awarded, second.seconds) == (False, 0, None)
