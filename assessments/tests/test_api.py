"""The API of exams, attempts and sheets: each route happy, denied and invalid; the main job by API alone."""

import hashlib
import json
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from assessments.enums import AttemptState
from assessments.models import Attempt, Exam, Response, SheetUpload
from assessments.services.attempts import start_attempt
from assessments.tests.sheets import PHOTO
from assessments.tests.sittings import SAVE_QUERIES
from tests import factories

PROBLEM = "application/problem+json"


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def student(cast):
    Exam.objects.filter(pk=cast.exam.pk).update(opens_at=timezone.now() - timedelta(hours=1))
    cast.student.entitlements.update(starts_at=timezone.now() - timedelta(days=1))
    return client_of(cast.student)


@pytest.fixture
def attempt(cast, student):
    cast.exam.refresh_from_db()
    return start_attempt(exam=cast.exam, student=cast.student, now=timezone.now())


def path(attempt, *rest):
    return "/".join(["/api/v1/attempts", str(attempt.pk), *map(str, rest), ""])


def send(client, method, url, body=None):
    return getattr(client, method)(url, body, format="json")


def assert_problem(response, status, code=None):
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM), response.content
    body = response.json()
    assert body["status"] == status
    assert body["detail"].endswith((".", ")"))
    if code:
        assert body["code"] == code
    return body


def announcement(data=PHOTO, **changes):
    return {
        "client_id": str(uuid.uuid4()),
        "page_number": 1,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
    } | changes


def test_the_whole_sitting_by_api_alone(cast, student, client, django_capture_on_commit_callbacks):
    (exam,) = student.get("/api/v1/exams/").json()["results"]
    assert (exam["id"], exam["is_open"], exam["total_marks"]) == (str(cast.exam.pk), True, "12.00")
    started = send(student, "post", f"/api/v1/exams/{exam['id']}/attempts/")
    assert started.status_code == 201
    assert send(student, "post", f"/api/v1/exams/{exam['id']}/attempts/").status_code == 200
    attempt = started.json()
    assert {"id", "state", "ends_at", "sheets_due_at", "server_now", "paper"} <= set(attempt)
    questions = {q["number"]: q for section in attempt["paper"]["sections"] for q in section["questions"]}
    assert [option["label"] for option in questions[1]["options"]] == list("ABCD")
    root = f"/api/v1/attempts/{attempt['id']}/"
    for number, answer in {1: {"choices": ["B"]}, 3: {"value": "3.5"}, 4: {"text": "see page 1"}}.items():
        body = {"seq": 1, "answer": answer}
        saved = send(student, "put", f"{root}responses/{questions[number]['id']}/", body)
        assert (saved.status_code, saved.json()["applied"], saved.json()["seq"]) == (200, True, 1)
    submitted = send(student, "post", f"{root}submit/").json()
    outcome = (submitted["state"], submitted["objective_marks"], submitted["objective_max"])
    assert outcome == ("submitted", "2.00", "4.00")

    sheet = announcement()
    upload = send(student, "post", f"{root}sheets/", sheet).json()["upload"]
    assert upload["url"].startswith("http://testserver/")
    form = {**upload["fields"], "file": SimpleUploadedFile("page.jpg", PHOTO, "image/jpeg")}
    assert client.post(upload["url"].removeprefix("http://testserver"), form).status_code == 204
    with django_capture_on_commit_callbacks(execute=True):
        receipt = send(student, "post", f"{root}sheets/{sheet['client_id']}/done/").json()
        assert send(student, "post", f"{root}sheets/{sheet['client_id']}/done/").json() == receipt
    assert receipt["verified_at"]
    known = ("client_id", "sha256", "size")
    assert {name: receipt[name] for name in known} == {name: sheet[name] for name in known}
    assert receipt["pages"] == 1
    assert send(student, "post", f"{root}sheets/", sheet).json() == {"upload": None, "receipt": receipt}

    confirm = {"pages": {sheet["client_id"]: [4]}, "not_attempted": []}
    body = assert_problem(send(student, "post", f"{root}sheets/confirm/", confirm), 422, "unplaced_questions")
    assert body["numbers"] == [5]
    confirm["not_attempted"] = [5]
    for _ in range(2):
        done = send(student, "post", f"{root}sheets/confirm/", confirm)
        assert (done.status_code, done.json()["state"]) == (200, "handed_in")
    assert_problem(send(student, "post", f"{root}sheets/confirm/", {"pages": {}}), 409, "already_handed_in")
    stored = student.get(root).json()
    assert stored["responses"][questions[1]["id"]]["answer"] == {"choices": ["B"]}
    assert stored["paper"] == attempt["paper"]


def test_paper_over_the_api_holds_no_key(student, attempt):
    text = student.get(path(attempt)).content.decode()
    for secret in ("model_answer", "x = 1", "Step 1", "tolerance", '"explanation', "is_correct"):
        assert secret not in text


ROUTES = [
    ("get", ()),
    ("put", ("responses", uuid.uuid4())),
    ("post", ("submit",)),
    ("post", ("sheets",)),
    ("post", ("sheets", uuid.uuid4(), "done")),
    ("post", ("sheets", "confirm")),
]


@pytest.mark.parametrize(("method", "rest"), ROUTES)
def test_attempt_routes_are_closed(cast, attempt, method, rest):
    assert_problem(send(APIClient(), method, path(attempt, *rest)), 401)
    assert_problem(send(client_of(cast.outsider), method, path(attempt, *rest)), 404, "not_found")
    if method != "get":
        # They may look, but not touch.
        for person in (cast.guardian, cast.teacher, cast.staff):
            assert_problem(send(client_of(person), method, path(attempt, *rest)), 403, "not_permitted")


@pytest.mark.parametrize("name", ["student", "staff"])
def test_running_attempt_is_read_by_its_student_and_staff(cast, attempt, name):
    assert client_of(cast.people[name]).get(path(attempt)).json()["id"] == str(attempt.pk)


@pytest.mark.parametrize("name", ["guardian", "teacher"])
def test_running_attempt_is_closed_to_who_could_help_until_it_is_submitted(cast, attempt, student, name):
    response = client_of(cast.people[name]).get(path(attempt))
    assert "still being written" in assert_problem(response, 403, "not_permitted")["detail"]
    assert "paper" not in response.json()
    send(student, "post", path(attempt, "submit"))
    assert client_of(cast.people[name]).get(path(attempt)).json()["paper"]["sections"]


def test_exam_is_started_only_by_its_students(cast, student):
    url = f"/api/v1/exams/{cast.exam.pk}/attempts/"
    assert_problem(send(client_of(cast.outsider), "post", url), 404)
    for name in ("guardian", "newcomer"):
        assert_problem(send(client_of(cast.people[name]), "post", url), 404)
    for name in ("teacher", "staff"):
        assert_problem(send(client_of(cast.people[name]), "post", url), 403)
    cast.student.entitlements.update(used=50)
    assert_problem(send(student, "post", url), 422, "no_entitlement")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        7,
        None,
        {"seq": "1", "answer": {}},
        {"seq": 1.0, "answer": {}},
        {"seq": True, "answer": {}},
        {"seq": None, "answer": {}},
        {"seq": -1, "answer": {}},
        {"seq": 2**63, "answer": {}},
        {"seq": 10**400, "answer": {}},
        {"seq": 1, "answer": []},
        {"seq": 1, "answer": "B"},
        {"seq": 1, "answer": {"choices": ["Z"]}},
        {"seq": 1, "answer": {"choices": [{"a": 1}]}},
        {"seq": 1, "answer": {"value": "1"}},
        {"seq": 1, "answer": {"choices": ["A"], "extra": 1}},
        {"seq": 1, "answer": {"choices": ["A\x00"]}},
        {"seq": 1, "answer": {"\x00": "\x00"}},
        {"seq": 1},
        {"seq": 1, "answers": {"choices": ["A"]}},
        {"seq": 1, "marked_for_review": "perhaps"},
    ],
)
def test_nonsense_answers_are_422(student, attempt, body):
    question = attempt.paper.questions.get(number=1)
    assert_problem(raw(student, "put", path(attempt, "responses", question.pk), json.dumps(body)), 422)
    assert not Response.objects.exists()


def raw(client, method, url, text):
    return getattr(client, method)(url, text, content_type="application/json")


def test_answer_to_a_question_of_another_paper_is_422(student, attempt):
    question = factories.small_paper().questions.first()
    body = {"seq": 1, "answer": {}}
    assert_problem(send(student, "put", path(attempt, "responses", question.pk), body), 422, "unknown_question")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "7"},
        {"client_id": None},
        {"page_number": 0},
        {"page_number": 10**30},
        {"page_number": "1"},
        {"sha256": "xyz"},
        {"sha256": 5},
        {"size": 0},
        {"size": 16 * 1024 * 1024},
        {"size": 10**30},
        {"content_type": "application/zip"},
        {"content_type": "image/\x00"},
        {"content_type": ["image/jpeg"]},
        {"file_name": "page.jpg"},
    ],
)
def test_nonsense_announcements_are_422(student, attempt, change):
    assert_problem(raw(student, "post", path(attempt, "sheets"), json.dumps(announcement(**change))), 422)
    assert not SheetUpload.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pages": []},
        {"pages": {"x": [4]}},
        {"pages": {str(uuid.UUID(int=1)): 4}},
        {"pages": {str(uuid.UUID(int=1)): ["4"]}},
        {"pages": {str(uuid.UUID(int=1)): [10**30]}},
        {"pages": {str(uuid.UUID(int=1)): [4]}},
        {"pages": {}, "not_attempted": "all"},
        {"pages": {}, "not_attempted": [4.5]},
        {"pages": {}, "not_attempted": [4, 5, 99]},
        {"pages": {}, "not_attempted": [4, 5], "extra": 1},
    ],
)
def test_nonsense_confirmations_are_422(student, attempt, body):
    send(student, "post", path(attempt, "submit"))
    assert_problem(send(student, "post", path(attempt, "sheets", "confirm"), body), 422)
    assert Attempt.objects.get().state == AttemptState.SUBMITTED


def test_done_for_what_was_never_announced_is_404(student, attempt):
    assert_problem(send(student, "post", path(attempt, "sheets", uuid.uuid4(), "done")), 404)


def test_done_before_arrival_and_after_a_bad_file(student, attempt, client):
    sheet = announcement(b"MZ" + bytes(100))
    upload = send(student, "post", path(attempt, "sheets"), sheet).json()["upload"]
    done = path(attempt, "sheets", sheet["client_id"], "done")
    assert_problem(send(student, "post", done), 422, "sheet_missing")
    form = {**upload["fields"], "file": SimpleUploadedFile("page.jpg", b"MZ" + bytes(100), "image/jpeg")}
    client.post(upload["url"].removeprefix("http://testserver"), form)
    for _ in range(2):
        assert_problem(send(student, "post", done), 422, "sheet_program")


def test_saving_over_the_api_is_cheap(student, attempt, django_assert_num_queries):
    question = attempt.paper.questions.get(number=1)
    url = path(attempt, "responses", question.pk)
    send(student, "put", url, {"seq": 1, "answer": {"choices": ["A"]}})
    with django_assert_num_queries(1 + SAVE_QUERIES):
        assert send(student, "put", url, {"seq": 2, "answer": {"choices": ["B"]}}).json()["applied"]


@pytest.mark.parametrize("count", [1, 30])
def test_exam_list_costs_two_queries_and_pages_by_key(cast, student, count, django_assert_num_queries):
    paper = cast.exam.paper
    for _ in range(count):
        factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort])
    with django_assert_num_queries(2):
        page = student.get("/api/v1/exams/").json()
    assert len(page["results"]) == min(count + 1, 30)
    assert bool(page["next"]) == (count == 30)
    if page["next"]:
        rest = student.get(page["next"]).json()["results"]
        assert [exam["id"] for exam in rest] == [str(cast.exam.pk)]
