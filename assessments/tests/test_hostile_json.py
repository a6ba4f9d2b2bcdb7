"""Hostile JSON at every endpoint of assessments that writes: problem details with a sentence, and never a 500.

PostgreSQL refuses more than SQLite (NUL in text, numbers beyond bigint): run it with DATABASE_URL too.
"""

import json
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from assessments.models import Attempt, Exam, Response, SheetUpload
from assessments.services.attempts import start_attempt

PROBLEM = "application/problem+json"
NUL, HALF = "\\u0000", "\\ud800"

# What is wrong wherever it stands: the body, the status it deserves.
BROKEN = {
    "cut off": ("{", 400),
    "not UTF-8": (b'{"seq": "\xff"}', 400),
    "a control character": ('{"seq": "\n"}', 400),
    "NaN": ('{"seq": NaN}', 400),
    "infinity": ('{"seq": -Infinity}', 400),
    "deep lists": ("[" * 100_000, 400),
    "deep objects": ('{"seq":' * 900 + "1" + "}" * 900, 400),
    "half a character as a name": (f'{{"{HALF}": 1}}', 400),
    "half a character as a value": (f'{{"seq": "{HALF}"}}', 400),
    "NUL as a name": (f'{{"{NUL}": 1}}', 422),
    "NUL as a value": (f'{{"seq": "{NUL}"}}', 422),
    "a number of 5000 digits": (f'{{"seq": {"9" * 5000}}}', 400),
    "a number of 400 digits": (f'{{"seq": {"9" * 400}}}', 422),
    "a number beyond a float": ('{"seq": 1e400}', 422),
    "a list": ("[]", 422),
    "null": ("null", 422),
    "text": ('"seq"', 422),
}
DOORS = ("answer", "announce", "confirm", "order")
# Well formed, with one value per field that a database might choke on.
NUMBERS = [2**63, -(2**63) - 1, 10**30, 1e308]
NASTY = ["\x00", "\ud800", "\u202e", "9" * 5000, *NUMBERS, [[[]]], {"a": {"b": []}}, True, None]
FIELDS = [
    *(("answer", name) for name in ("seq", "answer", "marked_for_review")),
    *(("announce", name) for name in ("client_id", "page_number", "sha256", "size", "content_type")),
    *(("confirm", name) for name in ("pages", "not_attempted")),
    ("order", "order"),
]


@pytest.fixture
def attempt(cast):
    now = timezone.now()
    Exam.objects.filter(pk=cast.exam.pk).update(opens_at=now - timedelta(hours=1))
    cast.student.entitlements.update(starts_at=now - timedelta(days=1))
    cast.exam.refresh_from_db()
    return start_attempt(exam=cast.exam, student=cast.student, now=now)


@pytest.fixture
def student(cast):
    client = Client()  # raises whatever the server does not answer
    client.force_login(cast.student)
    return client


def good(door, attempt):
    """(method, address, a body that would be accepted at that door)."""
    question = attempt.paper.questions.get(number=4).pk
    announcement = {
        "client_id": str(uuid.uuid4()), "page_number": 1, "sha256": "0" * 64, "size": 9, "content_type": "image/png",
    }  # fmt: skip
    api, pages = f"/api/v1/attempts/{attempt.pk}", f"/attempts/{attempt.pk}"
    return {
        "answer": ("put", f"{api}/responses/{question}/", {"seq": 1, "answer": {"text": "x"}}),
        "announce": ("post", f"{api}/sheets/", announcement),
        "confirm": ("post", f"{api}/sheets/confirm/", {"pages": {}, "not_attempted": [4, 5]}),
        "order": ("post", f"{pages}/sheets/order/", {"order": []}),
    }[door]


def assert_refused(what, response, *statuses):
    assert response.status_code in statuses, f"{what}: {response.status_code} {response.content}"
    assert response["Content-Type"] == PROBLEM, what
    body = response.json()
    assert body["status"] == response.status_code
    assert body["code"]
    assert body["detail"].endswith("."), body["detail"]
    assert len(body["detail"]) < 200
    # What went wrong inside is not the sender's to read.
    assert not any(word in body["detail"] for word in ("Error", "codec", "delimiter", "Exceeds", "column"))


def nothing_written(attempt):
    state = Attempt.objects.get(pk=attempt.pk).state
    return not Response.objects.exists() and not SheetUpload.objects.exists() and state == attempt.state


@pytest.mark.parametrize("door", DOORS)
def test_broken_body_is_refused_with_a_sentence(student, attempt, door):
    method, url, _ = good(door, attempt)
    for name, (body, status) in BROKEN.items():
        response = getattr(student, method)(url, body, content_type="application/json")
        assert_refused(name, response, status)
    assert nothing_written(attempt)


@pytest.mark.parametrize(("door", "field"), FIELDS)
def test_no_value_of_a_field_is_a_server_error(student, attempt, door, field):
    """Whether accepted or refused; where a field holds a list or an object, the value is tried inside it too."""
    method, url, body = good(door, attempt)
    around = {
        "answer": lambda value: {"text": value},
        "pages": lambda value: {str(uuid.uuid4()): [value]},
        "not_attempted": lambda value: [value],
        "order": lambda value: [value],
    }.get(field, lambda value: value)
    for value in NASTY:
        for bad in (value, around(value)):
            sent = json.dumps(body | {field: bad})
            response = getattr(student, method)(url, sent, content_type="application/json")
            if response.status_code != 200:
                assert_refused(repr(bad)[:60], response, 400, 409, 422)


def test_body_where_none_is_wanted_is_left_unread(student, attempt):
    for body, _status in BROKEN.values():
        for rest, status in (("submit/", 200), (f"sheets/{uuid.uuid4()}/done/", 404)):
            response = student.post(f"/api/v1/attempts/{attempt.pk}/{rest}", body, content_type="application/json")
            assert response.status_code == status
        response = student.post(f"/api/v1/exams/{attempt.exam_id}/attempts/", body, content_type="application/json")
        assert_refused("start", response, 422)  # it has been submitted above, and can be sat once


@pytest.mark.parametrize(
    ("method", "rest", "content_type", "status"),
    [
        ("put", "responses/{question}/", "text/plain", 415),
        ("put", "responses/{question}/", "multipart/form-data; boundary=x", 415),
        ("patch", "responses/{question}/", "application/json", 405),
        ("get", "submit/", "", 405),
        ("get", "sheets/", "", 405),
    ],
)
def test_every_other_mistake_is_problem_details_too(student, attempt, method, rest, content_type, status):
    url = f"/api/v1/attempts/{attempt.pk}/" + rest.format(question=attempt.paper.questions.get(number=4).pk)
    extra = {"content_type": content_type} if content_type else {}
    assert_refused(url, getattr(student, method)(url, "{}" if extra else None, **extra), status)
