"""The main job by API alone, with the documented routes, from sitting an exam to reading the marked paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from tests.journeys.client import (
    Person,
    Sheet,
    desk_when_ready,
    full_steps,
    photo,
    post_file,
    put_answer,
    scanned_pdf,
    send,
    upload,
)  # fmt: skip
from tests.journeys.stack import Stack

pytestmark = pytest.mark.slow
INDIA = ZoneInfo("Asia/Kolkata")


def promised(handed_in: datetime) -> datetime:
    """48 hours with Sundays left out (Asia/Kolkata), counted hour by hour from the other end than the product does."""
    left, at = timedelta(hours=48), handed_in.astimezone(INDIA)
    while True:
        midnight = datetime(at.year, at.month, at.day, tzinfo=INDIA) + timedelta(days=1)
        if at.weekday() != 6:
            if left <= midnight - at:
                return (at + left).astimezone(UTC)
            left -= midnight - at
        at = midnight


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def world(stack: Stack) -> dict[str, Any]:
    return stack.make_world()


@pytest.fixture
def student(stack: Stack, world: dict[str, Any]) -> Iterator[Person]:
    return Person.sign_in(stack.url, world["students"][0], world["password"])


@pytest.fixture
def teacher(stack: Stack, world: dict[str, Any]) -> Person:
    return Person.sign_in(stack.url, world["teachers"][0], world["password"])


def test_promised_agrees_with_the_worked_cases() -> None:
    friday, saturday = datetime(2026, 11, 20, 17, tzinfo=INDIA), datetime(2026, 11, 21, 15, tzinfo=INDIA)
    assert promised(friday) == datetime(2026, 11, 23, 17, tzinfo=INDIA)
    assert promised(saturday) == datetime(2026, 11, 24, 15, tzinfo=INDIA)


def test_the_main_job(stack: Stack, world: dict[str, Any], student: Person, teacher: Person) -> None:
    attempt = sit_exam(world, student)
    handed_in = hand_in(student, attempt["id"])
    evaluation = claim(teacher, attempt["id"])
    assert moment(evaluation["due_at"]) == promised(moment(handed_in["handed_in_at"]))
    mark_everything(teacher, evaluation["id"], world["questions"])
    read_result(stack, student, attempt["id"])
    guardian = Person.sign_in(stack.url, world["guardian"], world["password"])
    assert guardian.ok("GET", f"attempts/{attempt['id']}/result/")["total_marks"] == "10.5"


def sit_exam(world: dict[str, Any], student: Person) -> Any:
    exams = student.ok("GET", "exams/")["results"]
    listed = [(exam["id"], Decimal(exam["total_marks"]), exam["is_open"]) for exam in exams]
    assert listed == [(world["exam"], 12, True)]
    started = student.call("POST", f"exams/{world['exam']}/attempts/")
    assert started.status == 201
    attempt = started.body
    assert student.call("POST", f"exams/{world['exam']}/attempts/").body["id"] == attempt["id"]
    ends = moment(attempt["ends_at"]) - moment(attempt["started_at"])
    assert ends == timedelta(minutes=60)
    questions = [q for section in attempt["paper"]["sections"] for q in section["questions"]]
    assert [(q["number"], q["alternative"]) for q in questions] == [
        (1, ""),
        (2, ""),
        (3, ""),
        (4, ""),
        (5, "a"),
        (5, "b"),
    ]
    assert [option["label"] for option in questions[0]["options"]] == list("ABCD")
    assert not any({"answer", "key", "steps", "model_answer"} & set(q) for q in questions)
    put_answer(student, attempt["id"], questions[0]["id"], 1, {"choices": ["A"]})
    for number, answer in world["right"].items():
        saved = put_answer(student, attempt["id"], world["questions"][number], 2, answer)
        assert (saved["seq"], saved["applied"]) == (2, True)
    late = put_answer(student, attempt["id"], questions[0]["id"], 1, {"choices": ["D"]})
    assert (late["seq"], late["applied"]) == (2, False)
    again = student.ok("GET", f"attempts/{attempt['id']}/")
    assert again["responses"][questions[0]["id"]]["answer"] == {"choices": ["B"]}
    submitted = student.ok("POST", f"attempts/{attempt['id']}/submit/")
    assert (submitted["state"], Decimal(submitted["objective_marks"])) == ("submitted", 4)
    assert student.ok("POST", f"attempts/{attempt['id']}/submit/")["submitted_at"] == submitted["submitted_at"]
    return attempt


def hand_in(student: Person, attempt: str) -> Any:
    sheets = [Sheet(photo(n), "image/jpeg", n) for n in (1, 2, 3)] + [Sheet(scanned_pdf(), "application/pdf", 4)]
    for sheet in sheets:
        receipt = upload(student, attempt, sheet)
        assert receipt["verified_at"]
        assert receipt["state"] == "verified"
        assert receipt["sha256"] == sheet.announcement["sha256"]
        assert receipt["pages"] == (2 if sheet.content_type == "application/pdf" else 1)
    repeated = student.ok("POST", f"attempts/{attempt}/sheets/", sheets[0].announcement)
    assert repeated["upload"] is None
    assert repeated["receipt"]["verified_at"]
    tags = {sheets[0].client_id: [4], sheets[1].client_id: [5], sheets[2].client_id: [5], sheets[3].client_id: []}
    done = student.ok("POST", f"attempts/{attempt}/sheets/confirm/", {"pages": tags, "not_attempted": []})
    assert done["state"] == "handed_in"
    return done


def claim(teacher: Person, attempt: str) -> Any:
    mine = teacher.ok("GET", "evaluations/?state=assigned")["results"]
    assert [row["attempt"] for row in mine] == [attempt]
    claimed = teacher.ok("POST", "evaluations/claim/")
    assert (claimed["attempt"], claimed["state"]) == (attempt, "in_progress")
    assert teacher.call("POST", "evaluations/claim/").status == 204
    return claimed


def mark_everything(teacher: Person, evaluation: str, questions: dict[str, str]) -> None:
    """3 of 3; 5a 3 of 5 and 5b 3.5 of 5, of which the better counts: 6.5 of 8."""
    desk = desk_when_ready(teacher, evaluation)
    assert desk["student"] == ""
    assert [page["questions"] for page in desk["pages"]] == [[4], [5], [5], [], []]
    for page in desk["pages"]:
        assert_upright_picture(page)
    by_label = {f"{q['number']}{q['alternative']}": q for q in desk["questions"]}
    assert [step["marks"] for step in by_label["4"]["steps"]] == ["1", "1", "0.5", "0.5"]
    path = f"evaluations/{evaluation}/marks"
    early = teacher.call("POST", f"evaluations/{evaluation}/finalise/")
    assert (early.status, early.body["numbers"]) == (422, [4, 5])
    first = teacher.ok(
        "PUT", f"{path}/{questions['4']}/", {"version": 0, "steps": full_steps(by_label["4"]), "comment": "Neat."}
    )
    assert (first["version"], first["marks"], first["total"]) == (1, "3", "3")
    half = [step["id"] for step in by_label["5a"]["steps"]]
    teacher.ok(
        "PUT", f"{path}/{questions['5a']}/", {"version": 0, "steps": {half[0]: "1", half[1]: "2"}, "comment": ""}
    )
    other = [step["id"] for step in by_label["5b"]["steps"]]
    better = {other[0]: "2", other[1]: "1.5"}
    saved = teacher.ok("PUT", f"{path}/{questions['5b']}/", {"version": 0, "steps": better, "comment": "Sign slip."})
    assert (saved["marks"], saved["total"]) == ("3.5", "6.5")
    stale = teacher.call("PUT", f"{path}/{questions['4']}/", {"version": 0, "steps": {}, "comment": ""})
    assert (stale.status, stale.body["current"]["version"]) == (409, 1)
    ink = {
        "id": str(uuid4()), "page": desk["pages"][0]["id"], "question": questions["4"], "kind": "comment",
        "geometry": {"x": 0.5, "y": 0.25}, "text": "Why no common factor?",
    }  # fmt: skip
    drawn = teacher.ok("PUT", f"evaluations/{evaluation}/annotations/", {"annotations": [ink]})["annotations"]
    assert [(item["id"], item["version"]) for item in drawn] == [(ink["id"], 1)]
    finished = teacher.ok("POST", f"evaluations/{evaluation}/finalise/")
    assert (finished["written_marks"], finished["total_marks"], finished["max_marks"]) == ("6.5", "10.5", "12")
    assert finished["state"] == "released"


def assert_upright_picture(page: dict[str, Any]) -> None:
    fetched = send(page["image"])
    assert fetched.status == 200
    with Image.open(io.BytesIO(fetched.body)) as image:
        assert image.size == (page["width"], page["height"])
        assert image.height > image.width
        assert not image.getexif()


def read_result(stack: Stack, student: Person, attempt: str) -> None:
    result = student.ok("GET", f"attempts/{attempt}/result/")
    assert result["ready"] is True
    assert (result["objective_marks"], result["written_marks"], result["total_marks"]) == ("4", "6.5", "10.5")
    counted = {f"{q['number']}{q['alternative']}": (q["awarded"], q["counts"]) for q in result["questions"]}
    assert counted == {
        "1": ("1", True), "2": ("2", True), "3": ("1", True), "4": ("3", True), "5a": ("3", False), "5b": ("3.5", True),
    }  # fmt: skip
    assert [a["text"] for a in result["pages"][0]["annotations"]] == ["Why no common factor?"]
    assert send(result["pages"][0]["image"]).status == 200


def test_every_error_has_the_same_shape(stack: Stack, world: dict[str, Any], student: Person, teacher: Person) -> None:
    attempt = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    outsider = Person.sign_in(stack.url, world["outsider"], world["password"])
    one, nobody = world["questions"]["1"], Person(stack.url)
    sheet = Sheet(photo(1), "image/jpeg", 1)
    upload(student, attempt, sheet)
    other = {**Sheet(photo(2), "image/jpeg", 1).announcement, "client_id": sheet.client_id}
    cases = [
        (401, nobody, "GET", "exams/", None),
        (401, Person(stack.url, access="rubbish"), "GET", "exams/", None),
        (401, nobody, "POST", "auth/token/", {"email": student.email, "password": "wrong wrong wrong"}),
        (404, outsider, "GET", f"attempts/{attempt}/", None),
        (404, outsider, "POST", f"exams/{world['exam']}/attempts/", None),
        (404, teacher, "PUT", f"attempts/{attempt}/responses/{one}/", {"seq": 1, "answer": {"choices": ["A"]}}),
        (404, student, "GET", f"attempts/{uuid4()}/", None),
        (404, student, "GET", "no/such/route/", None),
        (403, student, "POST", "evaluations/claim/", None),
        (405, student, "DELETE", f"attempts/{attempt}/", None),
        (409, student, "POST", f"attempts/{attempt}/sheets/", other),
        (422, student, "PUT", f"attempts/{attempt}/responses/{one}/", {"seq": 1, "answer": {"choices": ["Z"]}}),
        (422, student, "PUT", f"attempts/{attempt}/responses/{one}/", {"seq": "one"}),
        (422, student, "PUT", f"attempts/{attempt}/responses/{uuid4()}/", {"seq": 1, "answer": {}}),
        (422, student, "POST", f"attempts/{attempt}/sheets/confirm/", {"pages": {}, "not_attempted": [4, 5]}),
        (422, student, "POST", f"attempts/{attempt}/sheets/", {}),
        (422, student, "GET", "evaluations/?state=nonsense", None),
    ]
    for status, person, method, path, body in cases:
        answer = person.call(method, path, body)
        said = f"{method} {path}: {answer.status} {answer.body}"
        assert answer.status == status, said
        assert answer.headers["Content-Type"].startswith("application/problem+json"), said
        assert answer.body["status"] == status, said
        assert all(answer.body[name] for name in ("title", "detail", "code")), said
    broken = send(
        f"{stack.url}/api/v1/attempts/{attempt}/sheets/",
        method="POST", data=b"{not json",
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {student.access}"},
    )  # fmt: skip
    assert (broken.status, broken.body["status"]) == (400, 400)


def test_a_refreshed_token_goes_on_and_the_old_one_is_spent(stack: Stack, student: Person) -> None:
    first = student.refresh
    pair = student.ok("POST", "auth/token/refresh/", {"refresh": first})
    assert Person(stack.url, access=pair["access"]).ok("GET", "exams/")["results"]
    assert Person(stack.url).call("POST", "auth/token/refresh/", {"refresh": first}).status == 401


def test_an_upload_target_takes_only_what_was_announced(world: dict[str, Any], student: Person) -> None:
    attempt = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    sheet = Sheet(photo(1), "image/jpeg", 1)
    target = student.ok("POST", f"attempts/{attempt}/sheets/", sheet.announcement)["upload"]
    assert post_file({**target, "fields": {}}, sheet.data, content_type="image/jpeg").status >= 400
    assert post_file(target, b"", content_type="image/jpeg").status >= 400
    missing = student.call("POST", f"attempts/{attempt}/sheets/{sheet.client_id}/done/")
    assert (missing.status, missing.body["code"]) == (422, "sheet_missing")
