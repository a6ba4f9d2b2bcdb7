"""The exam page of exams with tries or certainty: what it shows, and that it works without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.enums import Behaviour
from assessments.models import Attempt, Exam, Response, Try
from assessments.services.attempts import save_response, start_attempt
from assessments.tests.sittings import SAVE_QUERIES
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(db: None) -> Any:
    return factories.small_paper(factories.ALL_TYPES_PAPER, "Every type")


def sitting(cast: Cast, paper: Any, behaviour: str) -> Attempt:
    exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort], behaviour=behaviour)
    return start_attempt(exam=exam, student=cast.student, now=timezone.now())


@pytest.fixture
def attempt(cast: Cast, paper: Any, client: Client) -> Attempt:
    client.force_login(cast.student)
    return sitting(cast, paper, Behaviour.IMMEDIATE)


def ids(attempt: Attempt) -> dict[int, str]:
    return {number: str(pk) for pk, number in attempt.paper.questions.values_list("pk", "number")}


def page(client: Client, attempt: Attempt) -> str:
    return client.get(reverse("attempt-page", args=[attempt.pk])).content.decode()


def post(client: Client, attempt: Attempt, number: int, data: dict[str, Any], do: str = "check") -> Any:
    names = ids(attempt)
    fields: dict[str, Any] = {"do": do, "on-page": list(names.values())}
    for name, value in data.items():
        kind, question, *more = name.split("-")
        fields["-".join([kind, names[int(question)], *more])] = value
    return client.post(reverse("attempt-answers", args=[attempt.pk, names[number]]), fields)


def test_deferred_exams_know_nothing_of_it(client: Client, cast: Cast, paper: Any) -> None:
    client.force_login(cast.student)
    text = page(client, sitting(cast, paper, Behaviour.DEFERRED))
    assert "exam-behaviours" not in text
    assert "data-check" not in text


def test_page_shows_tries_left_and_no_hint_before_its_time(client: Client, attempt: Attempt) -> None:
    text = page(client, attempt)
    assert text.count("3 tries left.") == 8
    assert text.count('value="check"') == 8, "the written question is not checked"
    assert "up to 3 tries" in text
    assert "33 %" in text


def test_a_check_without_javascript(client: Client, attempt: Attempt) -> None:
    response = post(client, attempt, 1, {"q-1": "false", "q-3": "3.5"})
    assert response["Location"] == reverse("attempt-page", args=[attempt.pk]) + "#q1"
    assert "Not right. 2 tries left." in page(client, attempt)
    assert Response.objects.get(question=ids(attempt)[3]).answer == {"value": "3.5"}, "other answers are kept too"
    post(client, attempt, 1, {"q-1": "true", "q-3": "3.5"})
    assert Response.objects.get(question=ids(attempt)[1]).is_closed
    assert "disabled" in page(client, attempt)
    # A closed question sends nothing, and loses nothing.
    post(client, attempt, 3, {"q-3": "3.5"})
    assert Response.objects.get(question=ids(attempt)[1]).answer == {"choices": ["true"]}
    assert Try.objects.count() == 3


@pytest.mark.parametrize(
    ("number", "data", "answer"),
    [
        (2, {"q-2": ["A", "C"]}, {"choices": ["A", "C"]}),
        (3, {"q-3": " 3.5 "}, {"value": "3.5"}),
        (4, {"q-4": "mitral valve"}, {"text": "mitral valve"}),
        (5, {"q-5": "3+2x"}, {"value": "3+2x"}),
        (6, {"q-6-1": "has", "q-6-2": "4", "q-6-3": "tail"}, {"blanks": {"1": "has", "2": "4", "3": "tail"}}),
        (7, {"q-7-1": "B", "q-7-2": "A", "q-7-3": "B"}, {"pairs": {"1": "B", "2": "A", "3": "B"}}),
        (8, {"q-8": "order", "o-8": ["C", "A", "D", "B"]}, {"order": ["C", "A", "D", "B"]}),
        (8, {"q-8": "order", "p-8-A": "2", "p-8-B": "4", "p-8-C": "1", "p-8-D": "3"}, {"order": ["C", "A", "D", "B"]}),
    ],
)
def test_every_type_is_read_from_the_form(
    client: Client, attempt: Attempt, number: int, data: dict[str, Any], answer: dict[str, Any]
) -> None:
    post(client, attempt, number, data)
    stored = Response.objects.get(question=ids(attempt)[number])
    assert (stored.answer, stored.is_closed) == (answer, True)


def test_an_empty_check_says_so_and_is_no_try(client: Client, attempt: Attempt) -> None:
    post(client, attempt, 1, {})
    assert "Answer the question first; nothing was checked." in page(client, attempt)
    assert not Try.objects.exists()


@pytest.mark.parametrize("junk", [{"q-1": "Z"}, {"q-3": "x" * 99}, {"q-8": "order", "o-8": ["A", "A"]}])
def test_junk_is_a_sentence(client: Client, attempt: Attempt, junk: dict[str, Any]) -> None:
    post(client, attempt, 4, junk | {"q-4": "tricuspid"}, do="save")
    assert "formerr" in page(client, attempt) or "toast" in page(client, attempt)
    assert Response.objects.get().answer == {"text": "tricuspid"}, "what is right is kept all the same"


def test_question_of_another_paper_changes_nothing(client: Client, attempt: Attempt, cast: Cast) -> None:
    other = cast.exam.paper.questions.first()
    assert client.post(reverse("attempt-answers", args=[attempt.pk, other.pk]), {"do": "check"}).status_code == 302
    assert not Response.objects.exists()


def test_certainty_is_asked_with_what_it_can_win_and_lose(client: Client, cast: Cast) -> None:
    client.force_login(cast.student)
    paper = factories.small_paper([("A", 1, "", "single_choice", "1", ()), ("A", 2, "", "numeric", "0.5", ())], "Sure")
    attempt = sitting(cast, paper, Behaviour.CERTAINTY)
    text = page(client, attempt)
    for words in ("Not sure", "Fairly sure", "Certain", "right: +3", "wrong: −6", "right: +1½", "4½ marks"):
        assert words in text, words
    post(client, attempt, 1, {"q-1": "B", "c-1": "3", "c-2": "2"}, do="save")
    assert Response.objects.get(question=ids(attempt)[1]).certainty == 3
    assert Response.objects.get(question=ids(attempt)[2]).certainty == 2


def test_page_costs_the_same_for_few_and_many_tries(
    client: Client, attempt: Attempt, django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(30) as counted:
            page(client, attempt)
        return len(counted)

    post(client, attempt, 1, {"q-1": "false"})
    page(client, attempt)  # the paper itself is kept from now on
    few = cost()
    for number, text in ((3, "9"), (4, "x")):
        post(client, attempt, number, {f"q-{number}": text})
    assert cost() == few


def test_exam_says_before_it_starts_how_it_works(client: Client, attempt: Attempt) -> None:
    text = client.get(reverse("exam-detail", args=[attempt.exam_id])).content.decode()
    assert "hints in between" in text


class TestApi:
    def url(self, attempt: Attempt, number: int = 1) -> str:
        return reverse("api-attempt-response-check", args=[attempt.pk, ids(attempt)[number]])

    def test_check_and_detail(self, client: Client, attempt: Attempt) -> None:
        body = {"seq": 1, "answer": {"choices": ["false"]}}
        reply = client.post(self.url(attempt), body, content_type="application/json")
        assert reply.status_code == 200
        told = reply.json()
        assert (told["applied"], told["seq"], told["standing"]["outcome"]) == (True, 1, "wrong")
        assert told["standing"]["tries_left"] == 2
        detail = client.get(reverse("api-attempt", args=[attempt.pk])).json()
        assert (detail["behaviour"], detail["tries"], detail["try_penalty"]) == ("immediate", 3, "0.33")
        assert detail["checks"][ids(attempt)[1]] == told["standing"]
        assert '"true"' not in str(told), "nothing of the key"

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 422),
            ({"seq": 1}, 422),
            ({"seq": 1, "answer": {}}, 422),
            ({"seq": 1, "answer": {"value": "3"}}, 422),
            ({"seq": "1", "answer": {"choices": ["true"]}}, 422),
            ({"seq": 1, "answer": {"choices": ["true"]}, "more": 1}, 422),
        ],
    )
    def test_wrong_bodies(self, client: Client, attempt: Attempt, body: dict[str, Any], status: int) -> None:
        assert client.post(self.url(attempt), body, content_type="application/json").status_code == status

    def test_closed_question_refuses_a_save_with_what_stands(self, client: Client, attempt: Attempt) -> None:
        client.post(self.url(attempt), {"seq": 1, "answer": {"choices": ["true"]}}, content_type="application/json")
        put = reverse("api-attempt-response", args=[attempt.pk, ids(attempt)[1]])
        reply = client.put(put, {"seq": 2, "answer": {"choices": ["false"]}}, content_type="application/json")
        assert reply.status_code == 422
        problem = reply.json()
        assert (problem["code"], problem["answer"], problem["seq"]) == ("question_closed", {"choices": ["true"]}, 1)

    def test_certainty_of_a_save(self, client: Client, attempt: Attempt) -> None:
        put = reverse("api-attempt-response", args=[attempt.pk, ids(attempt)[1]])
        body = {"seq": 1, "answer": {"choices": ["true"]}, "certainty": 2}
        assert client.put(put, body, content_type="application/json").status_code == 422
        Exam.objects.update(behaviour=Behaviour.CERTAINTY)
        assert client.put(put, body, content_type="application/json").status_code == 200
        assert client.put(put, body | {"certainty": 4}, content_type="application/json").status_code == 422
        detail = client.get(reverse("api-attempt", args=[attempt.pk])).json()
        assert detail["responses"][ids(attempt)[1]]["certainty"] == 2

    def test_somebody_else(self, client: Client, attempt: Attempt, cast: Cast) -> None:
        client.force_login(cast.outsider)
        body = {"seq": 1, "answer": {"choices": ["true"]}}
        assert client.post(self.url(attempt), body, content_type="application/json").status_code == 404


def test_saving_costs_one_query_as_ever(attempt: Attempt, django_assert_num_queries: Any) -> None:
    known = {"attempt": attempt, "question_id": ids(attempt)[1], "actor": attempt.student, "now": attempt.started_at}
    save_response(seq=1, answer={}, marked_for_review=None, **known)
    with django_assert_num_queries(SAVE_QUERIES):
        save_response(seq=2, answer={"choices": ["true"]}, marked_for_review=None, **known)
