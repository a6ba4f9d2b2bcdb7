"""Every type of question through the API alone: saved, submitted, marked by key or by a teacher, read in the result."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from assessments.enums import OBJECTIVE_TYPES, WRITTEN_TYPES, QuestionType
from assessments.models import Attempt, PaperQuestion
from evaluations.models import Evaluation
from evaluations.tests.builders import add_page, evaluation_of
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db

T = QuestionType
# Of factories.ANSWERS, a question of 3 marks each: (answer, marks, shares of its parts).
RIGHT: dict[str, tuple[dict[str, Any], str, list[float]]] = {
    T.SINGLE_CHOICE: ({"choices": ["B"]}, "3", []),
    T.MULTIPLE_CHOICE: ({"choices": ["C", "A"]}, "3", []),
    T.ASSERTION_REASON: ({"choices": ["B"]}, "3", []),
    T.TRUE_FALSE: ({"choices": ["true"]}, "3", []),
    T.NUMERIC: ({"value": "7/2"}, "3", []),
    T.SHORT_TEXT: ({"text": " Mitral  valve"}, "3", []),
    T.EXPRESSION: ({"value": "3 + 2x"}, "3", []),
    T.FILL_IN: ({"blanks": {"1": "has", "2": "4.0", "3": "Tail"}}, "3", [1, 1, 1]),
    T.MATCHING: ({"pairs": {"1": "B", "2": "A", "3": "B"}}, "3", [1, 1, 1]),
    T.ORDERING: ({"order": ["C", "A", "D", "B"]}, "3", []),
}
# What earns part of it; a type that is missing here is all or nothing.
PARTLY: dict[str, tuple[dict[str, Any], str, list[float]]] = {
    T.SHORT_TEXT: ({"text": "bicuspid valve"}, "1.5", []),
    T.FILL_IN: ({"blanks": {"1": "has", "3": "tale"}}, "1.5", [1, 0, 0.5]),
    T.MATCHING: ({"pairs": {"1": "B", "2": "C"}}, "1", [1, 0, 0]),
    T.ORDERING: ({"order": ["B", "C", "A", "D"]}, "2", []),
}
WRONG: dict[str, tuple[dict[str, Any], str, list[float]]] = {
    T.SINGLE_CHOICE: ({"choices": ["A"]}, "0", []),
    T.MULTIPLE_CHOICE: ({"choices": ["A"]}, "0", []),
    T.ASSERTION_REASON: ({"choices": ["D"]}, "0", []),
    T.TRUE_FALSE: ({"choices": ["false"]}, "0", []),
    T.NUMERIC: ({"value": "three and a half"}, "0", []),
    T.SHORT_TEXT: ({"text": "aorta"}, "0", []),
    T.EXPRESSION: ({"value": "2(x+3"}, "0", []),
    T.FILL_IN: ({"blanks": {"1": "have", "2": "5"}}, "0", [0, 0, 0]),
    T.MATCHING: ({"pairs": {"1": "A"}}, "0", [0, 0, 0]),
    T.ORDERING: ({"order": ["B", "D", "A", "C"]}, "0", []),
}
MALFORMED: dict[str, list[object]] = {
    T.SINGLE_CHOICE: [{"choices": ["A", "B"]}, {"choices": ["E"]}, {"choices": "B"}],
    T.MULTIPLE_CHOICE: [{"choices": ["A", 1]}, {"value": "A"}],
    T.ASSERTION_REASON: [{"choices": ["A", "B"]}, {"choices": {"A": True}}],
    T.TRUE_FALSE: [{"choices": [True]}, {"choices": ["A"]}, {"choices": ["true", "false"]}],
    T.NUMERIC: [{"value": 3.5}, {"value": "1" * 61}, {"text": "3.5"}],
    T.SHORT_TEXT: [{"text": ["aorta"]}, {"text": "a" * 501}, {"text": "a\x00"}],
    T.EXPRESSION: [{"value": "x" * 201}, {"value": None}, {"expression": "x"}],
    T.FILL_IN: [{"blanks": ["has"]}, {"blanks": {"4": "has"}}, {"blanks": {"1": 1}}],
    T.MATCHING: [{"pairs": {"1": "E"}}, {"pairs": {"9": "A"}}, {"pairs": {"1": ["A"]}}],
    T.ORDERING: [{"order": ["A", "B"]}, {"order": ["A", "A", "B", "C"]}, {"order": "ABCD"}],
    **{kind: [{"choices": ["A"]}, {"on_paper": "yes"}, {"text": 1}] for kind in WRITTEN_TYPES},
}
# Halves of the scheme's steps 1, 1 and 1.
GIVEN = {"right": ["1", "1", "1"], "partly": ["1", "0.5", "0"], "wrong": ["0", "0", "0"]}


def client_of(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


@pytest.fixture
def sitting(cast: Cast) -> Any:
    """Starts an exam of one question of 3 marks by the API: the client of the student, its root, the question."""

    def start(kind: str) -> tuple[APIClient, str, PaperQuestion]:
        now = timezone.now()
        rows = [("A", 1, "", kind, "3", ("1", "1", "1") if kind in WRITTEN_TYPES else ())]
        paper = factories.small_paper(rows)
        exam = factories.ExamFactory(paper=paper, opens_at=now - timedelta(hours=1), for_cohorts=[cast.cohort])
        cast.student.entitlements.update(starts_at=now - timedelta(days=1))
        student = client_of(cast.student)
        begun = student.post(f"/api/v1/exams/{exam.pk}/attempts/")
        assert begun.status_code == 201, begun.content
        return student, f"/api/v1/attempts/{begun.json()['id']}/", paper.questions.get()

    return start


def save(student: APIClient, root: str, question: PaperQuestion, answer: object, seq: int = 1) -> Any:
    return student.put(f"{root}responses/{question.pk}/", {"seq": seq, "answer": answer}, format="json")


def result_of(student: APIClient, root: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole result, and its one question."""
    result = student.get(f"{root}result/").json()
    assert result["ready"] is True
    (question,) = result["questions"]
    return result, question


KEYED = [(kind, *row) for table in (RIGHT, PARTLY, WRONG) for kind, row in table.items()]


def test_no_type_is_forgotten() -> None:
    assert set(RIGHT) == set(WRONG) == OBJECTIVE_TYPES
    assert set(MALFORMED) == set(QuestionType)


@pytest.mark.parametrize(("kind", "answer", "marks", "shares"), KEYED)
def test_a_key_marks_it(sitting: Any, kind: str, answer: dict[str, Any], marks: str, shares: list[float]) -> None:
    student, root, question = sitting(kind)
    saved = save(student, root, question, answer)
    assert (saved.status_code, saved.json()["applied"]) == (200, True)
    submitted = student.post(f"{root}submit/").json()
    assert (submitted["state"], Decimal(submitted["objective_marks"])) == ("handed_in", Decimal(marks))
    result, shown = result_of(student, root)
    assert (result["total_marks"], result["max_marks"]) == (marks, "3")
    assert (shown["type"], shown["awarded"], shown["is_correct"]) == (kind, marks, marks == "3")
    assert [part["credit"] for part in shown["scored"]] == shares
    assert shown["key"]
    assert shown["answer"].keys() == answer.keys()


@pytest.mark.parametrize("kind", sorted(OBJECTIVE_TYPES))
def test_left_out_it_earns_nothing(sitting: Any, kind: str) -> None:
    student, root, question = sitting(kind)
    save(student, root, question, RIGHT[kind][0])
    assert save(student, root, question, {}, seq=2).json()["applied"] is True
    student.post(f"{root}submit/")
    _, shown = result_of(student, root)
    assert (shown["answer"], shown["awarded"], shown["is_correct"]) == ({}, "0", None)


@pytest.mark.parametrize("kind", sorted(QuestionType))
def test_malformed_it_is_refused_and_the_saved_answer_stays(sitting: Any, kind: str) -> None:
    student, root, question = sitting(kind)
    good = {"on_paper": True} if kind in WRITTEN_TYPES else RIGHT[kind][0]
    save(student, root, question, good)
    for seq, answer in enumerate([*MALFORMED[kind], [], "B", 7], start=2):
        refused = save(student, root, question, answer, seq=seq)
        assert refused.status_code == 422, (answer, refused.content)
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["detail"].endswith((".", ")"))
    stored = student.get(root).json()["responses"][str(question.pk)]
    assert (stored["seq"], stored["answer"].keys()) == (1, good.keys())


@pytest.mark.parametrize("outcome", GIVEN)
@pytest.mark.parametrize("kind", sorted(WRITTEN_TYPES))
def test_a_teacher_marks_it(sitting: Any, cast: Cast, kind: str, outcome: str) -> None:
    student, root, question = sitting(kind)
    assert save(student, root, question, {"on_paper": True}).json()["applied"] is True
    assert student.post(f"{root}submit/").json()["state"] == "submitted"
    evaluation = handed_in(root)
    teacher = client_of(cast.teacher)
    desk = teacher.post("/api/v1/evaluations/claim/").json()
    (asked,) = teacher.get(f"/api/v1/evaluations/{desk['id']}/").json()["questions"]
    steps = dict(zip([step["id"] for step in asked["steps"]], GIVEN[outcome], strict=True))
    mark = {"version": 0, "steps": steps}
    marked = teacher.put(f"/api/v1/evaluations/{evaluation.pk}/marks/{asked['id']}/", mark, format="json")
    assert marked.status_code == 200, marked.content
    assert teacher.post(f"/api/v1/evaluations/{evaluation.pk}/finalise/").json()["state"] == "released"
    result, shown = result_of(student, root)
    total = sum(map(Decimal, GIVEN[outcome]))
    assert Decimal(result["written_marks"]) == Decimal(shown["awarded"]) == total
    assert [step["awarded"] for step in shown["steps"]] == GIVEN[outcome]
    assert (shown["type"], shown["is_written"], shown["scored"]) == (kind, True, [])


def handed_in(root: str) -> Evaluation:
    """The paper with one page, waiting for a teacher: what tests of sheets and of opening show step by step."""
    attempt = Attempt.objects.get(pk=root.split("/")[-2])
    Attempt.objects.filter(pk=attempt.pk).update(state="handed_in", handed_in_at=timezone.now())
    attempt.refresh_from_db()
    add_page(attempt, 2)
    return evaluation_of(attempt)
