"""The pages of exams, sitting and sheets: happy, denied, invalid, with no key in sight, and at a constant cost.

Who may open what is written down for every address in tests/law_urls.py.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Feature
from assessments.enums import AttemptState, QuestionType
from assessments.models import Attempt, Exam, MarkingStep, Response
from tests import factories
from tests.law_urls_world import World, add_page
from tests.shared_world import world

__all__ = ["world"]
KEY_WORDS = re.compile(r'"?(answer_key|model_answer|explanation|is_correct|tolerance|steps|marking_scheme)"?\s*[:=]')


@pytest.fixture
def student(client: Client, world: World) -> Client:
    client.force_login(world.cast.student)
    return client


def cost(client: Client, url: str) -> int:
    """Queries of the second visit: what the first one puts into the cache is not counted."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


# --- Exams -----------------------------------------------------------------------------------------------------------
def test_list_shows_each_exam_with_what_can_be_done_now(student: Client, world: World) -> None:
    response = student.get(reverse("exam-list"))
    by_title = {row["exam"].title: row["status"] for row in response.context["rows"]}
    assert by_title == {
        "Maths mock 1": "open", "Maths mock 2": "live", "Maths mock 3": "sheets", "Maths mock 4": "done",
        "Maths mock 5": "done",
    }  # fmt: skip
    text = response.content.decode()
    assert reverse("attempt-page", args=[world.live.pk]) in text
    assert reverse("sheets-page", args=[world.sheets.pk]) in text


def test_list_shows_nobody_elses_exams(client: Client, world: World) -> None:
    client.force_login(world.cast.outsider)
    response = client.get(reverse("exam-list"))
    assert response.context["rows"] == []
    assert "No exams are set for you yet" in response.content.decode()


def test_list_costs_the_same_for_one_and_for_thirty(student: Client, world: World) -> None:
    few = cost(student, reverse("exam-list"))
    for number in range(30):
        exam = factories.ExamFactory(
            title=f"More {number}", paper=world.open_exam.paper, for_cohorts=[world.cast.cohort]
        )
        finish(exam, world)
    assert cost(student, reverse("exam-list")) == few


@pytest.mark.parametrize("address", ["exam-list", "api-exams", "student-home"])
def test_lists_of_exams_read_only_what_they_show(student: Client, world: World, address: str) -> None:
    """Whole papers and blueprints are kilobytes a row; and what is left out must not be fetched row by row instead."""
    with CaptureQueriesContext(connection) as queries:
        student.get(reverse(address))
    reading = [query["sql"] for query in queries if 'FROM "assessments_exam"' in query["sql"]]
    assert len(reading) == 1
    table = r'"assessments_(?:paper|blueprint)"\."(\w+)"'
    assert set(re.findall(table, reading[0])) == {"id", "total_marks"}
    assert not [query for query in queries if '"assessments_paper"."sections"' in query["sql"]]


@pytest.mark.parametrize("name", ["teacher", "staff"])
def test_exam_page_tells_who_cannot_sit_it_so(client: Client, world: World, name: str) -> None:
    """Not that their plan is used up, and without a button that would be refused."""
    client.force_login(world.cast.people[name])
    text = client.get(reverse("exam-detail", args=[world.open_exam.pk])).content.decode()
    assert "Only students of its batches can sit this exam." in text
    assert "Your plan has" not in text
    assert reverse("exam-start", args=[world.open_exam.pk]) not in text


def test_exam_page_reads_the_exam_with_its_paper_at_once(student: Client, world: World) -> None:
    url = reverse("exam-detail", args=[world.open_exam.pk])
    assert reverse("exam-start", args=[world.open_exam.pk]) in student.get(url).content.decode()
    with CaptureQueriesContext(connection) as queries:
        student.get(url)
    tables = [query["sql"].split(" FROM ")[1].split()[0] for query in queries if " FROM " in query["sql"]]
    assert tables.count('"assessments_exam"') == 1
    assert not {'"assessments_paper"', '"assessments_blueprint"', '"courses_programme"'} & set(tables)


def test_exam_page_speaks_of_paper_only_where_something_is_written(student: Client, world: World) -> None:
    text = student.get(reverse("exam-detail", args=[world.open_exam.pk])).content.decode()
    assert "Then for photographs" in text
    paper = factories.small_paper([("A", 1, "", QuestionType.TRUE_FALSE, "1", ())])
    exam = factories.ExamFactory(paper=paper, for_cohorts=[world.cast.cohort])
    text = student.get(reverse("exam-detail", args=[exam.pk])).content.decode()
    assert "photograph" not in text
    assert "You answer everything on this screen." in text


def finish(exam: Exam, world: World) -> Attempt:
    return Attempt.objects.create(
        exam=exam, paper=exam.paper, student=world.cast.student, state=AttemptState.HANDED_IN,
        started_at=world.now - timedelta(hours=1), ends_at=world.now, sheets_due_at=world.now, handed_in_at=world.now,
    )  # fmt: skip


def test_start_begins_and_a_second_press_returns_to_the_same_attempt(student: Client, world: World) -> None:
    url = reverse("exam-start", args=[world.open_exam.pk])
    first, second = student.post(url), student.post(url)
    attempt = Attempt.objects.get(exam=world.open_exam, student=world.cast.student)
    assert first["Location"] == second["Location"] == reverse("attempt-page", args=[attempt.pk])


def test_start_without_an_exam_left_is_a_sentence(student: Client, world: World) -> None:
    world.cast.student.entitlements.filter(feature=Feature.EXAM_ATTEMPT).update(quantity=0)
    response = student.post(reverse("exam-start", args=[world.open_exam.pk]))
    assert response.status_code in (403, 422)
    assert "Your plan has no exams left" in response.content.decode()
    assert not Attempt.objects.filter(exam=world.open_exam).exists()


def test_start_before_opening_is_a_sentence(student: Client, world: World) -> None:
    Exam.objects.filter(pk=world.open_exam.pk).update(opens_at=timezone.now() + timedelta(hours=1))
    response = student.post(reverse("exam-start", args=[world.open_exam.pk]))
    assert response.status_code in (409, 422)
    assert "opens" in response.content.decode()


# --- Sitting ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def telling() -> list[str]:
    """Words that stand only in the keys, model answers and schemes of the factories' paper."""
    return ["Step 1", "Step 2", "x = 1", "tolerance"]


@pytest.mark.parametrize("page", ["attempt-page", "attempt-submit", "exam-detail", "exam-list"])
def test_no_page_before_release_knows_the_key(student: Client, world: World, telling: list[str], page: str) -> None:
    paper = world.live.paper
    assert MarkingStep.objects.filter(version__in=paper.questions.values("version")).exists()
    arguments = {"exam-list": [], "exam-detail": [world.open_exam.pk]}.get(page, [world.live.pk])
    text = student.get(reverse(page, args=arguments)).content.decode()
    found = [word for word in telling if word in text]
    assert found == []
    assert KEY_WORDS.findall(text) == []


def test_sheets_page_before_release_knows_no_key(student: Client, world: World, telling: list[str]) -> None:
    text = student.get(reverse("sheets-page", args=[world.sheets.pk])).content.decode()
    assert [word for word in telling if word in text] == []


def test_api_of_a_live_attempt_knows_no_key(student: Client, world: World) -> None:
    body = student.get(reverse("api-attempt", args=[world.live.pk])).json()
    questions = [question for section in body["paper"]["sections"] for question in section["questions"]]
    allowed = {
        "id", "number", "alternative", "type", "marks", "text", "html", "options", "parts", "unit",
            "grading", "is_written",
    }  # fmt: skip
    assert {name for question in questions for name in question} <= allowed
    assert {name for question in questions for option in question["options"] for name in option} <= {
        "label", "letter", "text", "html", "source",
    }  # fmt: skip


def test_exam_page_shows_saved_answers(student: Client, world: World) -> None:
    question = world.live.paper.questions.get(number=1)
    saved = student.put(
        reverse("api-attempt-response", args=[world.live.pk, question.pk]),
        json.dumps({"seq": 1, "answer": {"choices": ["C"]}}),
        content_type="application/json",
    )
    assert saved.status_code == 200
    text = student.get(reverse("attempt-page", args=[world.live.pk])).content.decode()
    assert re.search(rf'name="q-{question.pk}" value="C" checked', text)
    assert len(re.findall(r"<input[^>]* checked", text)) == 1


def test_each_alternative_of_a_choice_says_which_it_is(student: Client, world: World) -> None:
    text = student.get(reverse("attempt-page", args=[world.live.pk])).content.decode()
    assert re.findall(r"I have written (Q.*?) on paper", text) == ["Q4", "Q5 (a)", "Q5 (b)"]
    assert re.findall(r"put (.*?) in the margin", text) == ["4", "5 (a)", "5 (b)"]
    assert re.findall(r'<h3 class="exam__alt">(.*?)</h3>', text) == ["5 (a)", "5 (b)"]


@pytest.mark.parametrize(
    ("written", "label"), [("", "5 (a or b)"), ("a", "5 (a)"), ("b", "5 (b)"), ("ab", "5 (a or b)")]
)
def test_tags_of_a_choice_name_the_alternative_the_student_wrote(
    student: Client, world: World, written: str, label: str
) -> None:
    attempt = world.sheets
    for question in attempt.paper.questions.filter(number=5):
        answer = {"on_paper": True} if question.alternative in written else {}
        Response.objects.update_or_create(
            attempt=attempt, question=question, defaults={"answer": answer, "saved_at": world.now}
        )
    state = student.get(reverse("sheet-status", args=[attempt.pk])).json()
    assert state["written"] == [{"number": 4, "label": "4"}, {"number": 5, "label": label}]


def test_summary_counts_what_is_answered(student: Client, world: World) -> None:
    context = student.get(reverse("attempt-submit", args=[world.live.pk])).context
    assert (context["answered"], context["total"], context["unanswered"]) == (0, 5, [1, 2, 3, 4, 5])


def test_submit_twice_is_one_submission(student: Client, world: World) -> None:
    url = reverse("attempt-submit", args=[world.live.pk])
    first = student.post(url)
    world.live.refresh_from_db()
    at = world.live.submitted_at
    second = student.post(url)
    world.live.refresh_from_db()
    assert first["Location"] == second["Location"] == reverse("sheets-page", args=[world.live.pk])
    assert (world.live.state, world.live.submitted_at) == (AttemptState.SUBMITTED, at)


def test_clock_tells_the_servers_time_and_the_deadline(student: Client, world: World) -> None:
    body = student.get(reverse("attempt-clock", args=[world.live.pk])).json()
    assert set(body) == {"server_now", "ends_at", "state", "writer"}
    assert body["state"] == "in_progress"


# --- Sheets ----------------------------------------------------------------------------------------------------------
def post(client: Client, name: str, arguments: list[Any], body: object) -> Any:
    return client.post(reverse(name, args=arguments), json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("body", [{}, {"order": 7}, {"order": ["no-uuid"]}, [], "text", {"order": None}])
def test_wrong_order_is_a_sentence(student: Client, world: World, body: object) -> None:
    response = post(student, "sheet-order", [world.sheets.pk], body)
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert response.json()["detail"].endswith(".")


def test_removed_sheet_leaves_the_list(student: Client, world: World) -> None:
    upload = world.sheets.uploads.get(page_number=1)
    assert post(student, "sheet-remove", [world.sheets.pk, upload.client_id], {}).status_code == 200
    state = student.get(reverse("sheet-status", args=[world.sheets.pk])).json()
    assert str(upload.client_id) not in {each["client_id"] for each in state["uploads"]}


def test_foreign_sheet_cannot_be_removed_through_an_own_attempt(student: Client, world: World) -> None:
    foreign = world.waiting.attempt.uploads.first()
    assert post(student, "sheet-remove", [world.sheets.pk, foreign.client_id], {}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "verified"


def test_status_costs_the_same_for_one_and_for_many_pages(student: Client, world: World) -> None:
    url = reverse("sheet-status", args=[world.sheets.pk])
    few = cost(student, url)
    for number in range(3, 20):
        add_page(world.sheets, number)
    assert cost(student, url) == few


# --- API -------------------------------------------------------------------------------------------------------------
def test_api_list_costs_the_same_for_one_and_for_thirty(student: Client, world: World) -> None:
    few = cost(student, reverse("api-exams"))
    for number in range(30):
        exam = factories.ExamFactory(
            title=f"More {number}", paper=world.open_exam.paper, for_cohorts=[world.cast.cohort]
        )
        finish(exam, world)
    assert cost(student, reverse("api-exams")) == few
