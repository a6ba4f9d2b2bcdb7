"""What an exam keeps back is in no page and in no JSON: every item of the matrix alone hidden, and alone shown."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.enums import REVEAL_PRESETS, QuestionType, RevealItem, RevealPreset, RevealWhen
from assessments.models import Attempt, Exam, Response
from assessments.services.judging import judge_answer
from evaluations.enums import EvaluationState
from evaluations.models import Annotation, Evaluation, QuestionMark
from evaluations.services.finishing import release_evaluation
from evaluations.tests.builders import evaluation_of, hand_in, step_ids
from notifications.models import Notification
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db

# Words that stand nowhere but in the thing they belong to.
KEYS = {
    QuestionType.SINGLE_CHOICE: {"choices": ["B"]},
    QuestionType.NUMERIC: {"value": "31415.9", "tolerance": "0"},
    QuestionType.SHORT_TEXT: {"accepted": [{"text": "mitral valve"}]},
    QuestionType.FILL_IN: {
        "blanks": {str(n): {"kind": "text", "accepted": [{"text": "vermiform"}]} for n in range(1, 4)}
    },
}
GIVEN: dict[str, dict[str, Any]] = {
    QuestionType.SINGLE_CHOICE: {"choices": ["D"]},
    QuestionType.MULTIPLE_CHOICE: {"choices": ["A", "C"]},
    QuestionType.TRUE_FALSE: {"choices": ["true"]},
    QuestionType.NUMERIC: {"value": "27182.8"},
    QuestionType.SHORT_TEXT: {"text": "tricuspid"},
    QuestionType.FILL_IN: {"blanks": {"1": "appendix", "2": "vermiform"}},
    QuestionType.MATCHING: {"pairs": {"1": "B", "2": "C"}},
    QuestionType.ORDERING: {"order": ["A", "B", "C", "D"]},
}
ROWS = [*factories.ALL_TYPES_PAPER, ("C", 10, "", QuestionType.SINGLE_CHOICE, "1", ())]
EXPLANATION, COMMENT, INK = "Because hearts pump.", "Show the sign.", "Watch the minus."
# What must be in the text of a reader who sees the item, as regular expressions.
SIGNS = {
    RevealItem.ANSWERS: ["27182.8", "tricuspid", "appendix", 'class="sheetpage"'],
    RevealItem.CORRECTNESS: [],
    RevealItem.MARKS: [r"[\d½] / \d"],
    RevealItem.KEY: ["31415.9", "mitral valve", r'<span class="sub">right<', "In the right order"],
    RevealItem.EXPLANATION: [EXPLANATION],
    RevealItem.SCHEME: ["Step 1", "x = 1"],
    RevealItem.COMMENTS: [COMMENT],
}
JSON_SIGNS = SIGNS | {
    RevealItem.ANSWERS: ["27182.8", "tricuspid", "appendix"],
    RevealItem.CORRECTNESS: [r'"is_correct": (true|false)', r'"credit": '],
    RevealItem.MARKS: [r'"awarded": "', r'"total_marks": "11.5', r'"objective_marks": "9', r'"written_marks": "2.5'],
    RevealItem.KEY: ["31415.9", "mitral valve", r'"key": \{"', r'"tolerance"'],
}


@pytest.fixture
def evaluation(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    for kind, key in KEYS.items():
        monkeypatch.setitem(factories.ANSWERS, kind, key)
    paper = factories.small_paper(ROWS, explanation=EXPLANATION)
    Exam.objects.filter(pk=cast.exam.pk).update(paper=paper)
    cast.exam.refresh_from_db()
    now = timezone.now()
    attempt = hand_in(cast.exam, cast.student, at=now - timedelta(days=1), objective="9")
    questions = {question.type: question for question in paper.questions.select_related("version")}
    for kind, answer in GIVEN.items():
        verdict = judge_answer(questions[kind], questions[kind].shown.answer, answer)
        Response.objects.create(
            attempt=attempt,
            question=questions[kind],
            seq=1,
            answer=answer,
            saved_at=now,
            is_correct=verdict.is_correct,
            marks=verdict.marks,
        )
    made = evaluation_of(
        attempt, teacher=cast.teacher, state=EvaluationState.RELEASED, written_marks=Decimal("2.5"),
        total_marks=Decimal("11.5"), released_at=now, finalised_at=now,
    )  # fmt: skip
    written = questions[QuestionType.FILE_UPLOAD]
    steps = {step_ids(written)[0]: "1.5"}
    QuestionMark.objects.create(
        evaluation=made, question=written, version=1, steps=steps, marks=1.5, comment=COMMENT, updated_at=now
    )
    page = attempt.uploads.first().pages.get()
    for kind, text in (("tick", ""), ("comment", INK)):
        Annotation.objects.create(
            id=uuid4(), evaluation=made, page=page, kind=kind, geometry={"x": 0, "y": 0}, text=text, marks="1.5",
            step_id=step_ids(written)[0], author=cast.teacher, updated_at=now,
        )  # fmt: skip
    return made


def rule(cast: Cast, **rules: str) -> None:
    Exam.objects.filter(pk=cast.exam.pk).update(**{f"reveal_{item}": when for item, when in rules.items()})


def told(client: Client, user: Any, attempt: Attempt) -> tuple[str, str]:
    """All that the pages and the API say about the attempt; shared parts of the page are cut off."""
    client.force_login(user)
    page = client.get(reverse("result-page", args=[attempt.pk])).content.decode()
    answers = [client.get(reverse(name, args=[attempt.pk])) for name in ("api-attempt-result", "api-attempt")]
    assert [answer.status_code for answer in answers] == [200, 200]
    return page.split("<main")[1], "\n".join(json.dumps(answer.json()) for answer in answers)


def missing(signs: list[str], text: str) -> list[str]:
    return [sign for sign in signs if not re.search(sign, text)]


@pytest.mark.parametrize("when", [RevealWhen.NEVER, RevealWhen.ALL_SAT])
@pytest.mark.parametrize("item", RevealItem)
def test_what_is_hidden_alone_is_nowhere_and_the_rest_is_there(client, cast, evaluation, item, when):
    rule(cast, **{item: when})
    page, body = told(client, cast.student, evaluation.attempt)
    assert missing(SIGNS[item], page) == SIGNS[item]
    assert missing(JSON_SIGNS[item], body) == JSON_SIGNS[item]
    for other in set(RevealItem) - {item}:
        assert not missing(SIGNS[other], page), other
        assert not missing(JSON_SIGNS[other], body), other


@pytest.mark.parametrize("item", RevealItem)
def test_what_is_shown_alone_is_all_there_is(client, cast, evaluation, item):
    rule(cast, **dict.fromkeys(RevealItem, RevealWhen.NEVER) | {item: RevealWhen.AT_ONCE})
    page, body = told(client, cast.guardian, evaluation.attempt)
    assert not missing(SIGNS[item], page)
    assert not missing(JSON_SIGNS[item], body)
    for other in set(RevealItem) - {item}:
        assert missing(SIGNS[other], page) == SIGNS[other], other
        assert missing(JSON_SIGNS[other], body) == JSON_SIGNS[other], other


@pytest.mark.parametrize("hidden", [RevealItem.MARKS, RevealItem.CORRECTNESS, RevealItem.COMMENTS, RevealItem.SCHEME])
def test_red_ink_tells_no_more_than_the_exam(client, cast, evaluation, hidden):
    rule(cast, **{hidden: RevealWhen.NEVER})
    client.force_login(cast.student)
    pages = client.get(reverse("api-attempt-result", args=[evaluation.attempt_id])).json()["pages"]
    ink = {drawn["kind"]: drawn for page in pages for drawn in page["annotations"]}
    assert ("tick" in ink) == (hidden in (RevealItem.MARKS, RevealItem.SCHEME))
    assert ("comment" in ink) == (hidden != RevealItem.COMMENTS)
    assert all((drawn["marks"] == "") == (hidden == RevealItem.MARKS) for drawn in ink.values())
    assert all((drawn["step"] is None) == (hidden == RevealItem.SCHEME) for drawn in ink.values())


def test_nothing_until_everybody_has_sat_and_then_everything(client, cast, evaluation):
    rule(cast, **REVEAL_PRESETS[RevealPreset.ALL_SAT])
    page, body = told(client, cast.student, evaluation.attempt)
    assert all(missing(SIGNS[item], page) == SIGNS[item] for item in RevealItem)
    assert all(missing(JSON_SIGNS[item], body) == JSON_SIGNS[item] for item in RevealItem)
    assert "appear when everybody has sat this exam." in page
    result = client.get(reverse("api-attempt-result", args=[evaluation.attempt_id])).json()
    assert (result["ready"], result["shown"], result["questions"], result["pages"]) == (True, [], [], [])
    hand_in(cast.exam, cast.classmate)
    page, body = told(client, cast.student, evaluation.attempt)
    assert not any(missing(SIGNS[item], page) + missing(JSON_SIGNS[item], body) for item in RevealItem)


@pytest.mark.parametrize("who", ["teacher", "staff"])
def test_teachers_and_staff_read_everything(client, cast, evaluation, who):
    rule(cast, **dict.fromkeys(RevealItem, RevealWhen.NEVER))
    page, body = told(client, cast.people[who], evaluation.attempt)
    assert not any(missing(SIGNS[item], page) + missing(JSON_SIGNS[item], body) for item in RevealItem)


def test_marks_and_comments_are_hidden_in_lists_homes_and_news(client, cast, evaluation):
    rule(cast, **REVEAL_PRESETS[RevealPreset.ALL_SAT])
    child = reverse("guardian-papers", args=[cast.student.pk])
    for who, urls in (
        ("student", [reverse("student-home"), reverse("paper-list")]),
        ("guardian", [reverse("guardian-home"), child]),
    ):
        client.force_login(cast.people[who])
        for url in urls:
            text = client.get(url).content.decode()
            assert cast.exam.title in text, url
            for secret in ("11½", "11.5", COMMENT, INK, "/sheets/pages/"):
                assert secret not in text, (url, secret)
    Evaluation.objects.filter(pk=evaluation.pk).update(state=EvaluationState.FINALISED)
    evaluation.refresh_from_db()
    release_evaluation(evaluation=evaluation, actor=cast.staff, now=timezone.now())
    assert Notification.objects.filter(user__in=[cast.student, cast.guardian]).count() == 2
    assert not Notification.objects.filter(body__contains="11").exists()


def test_a_hidden_page_is_no_image_either(client, cast, evaluation):
    url = reverse("page-image", args=[evaluation.attempt.uploads.first().pages.get().pk, "screen"])
    rule(cast, answers=RevealWhen.NEVER)
    statuses = {}
    for who in ("student", "guardian", "teacher", "staff"):
        client.force_login(cast.people[who])
        statuses[who] = client.get(url).status_code
    assert statuses == {"student": 404, "guardian": 404, "teacher": 302, "staff": 302}
