"""The collection of bad and odd files over the real routes: a clear sentence or a page, and never a 500."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from assessments.tests.bad_uploads import Upload, bad_uploads
from tests.journeys.client import Answer, Person, Sheet, photo, post_file
from tests.journeys.stack import Stack, wait_for

pytestmark = pytest.mark.slow
# Fills a paper by itself, so it gets a student of its own.
WHOLE_PAPER = "PDF of 60 pages"


@dataclass(frozen=True)
class Outcome:
    """How far a file came: "announce", "storage" or "done", and what was said there."""

    stage: str
    answer: Answer

    @property
    def code(self) -> str:
        body = self.answer.body
        return str(body.get("code", "")) if isinstance(body, dict) else ""

    @property
    def taken(self) -> bool:
        return self.stage == "done" and self.answer.status == 200


def send_in(student: Person, attempt: str, sheet: Sheet, **lies: object) -> Outcome:
    """Take a file through announcement, storage and check; `lies` replace parts of the announcement."""
    announced = student.call("POST", f"attempts/{attempt}/sheets/", {**sheet.announcement, **lies})
    if announced.status != 200:
        return Outcome("announce", announced)
    try:
        stored = post_file(announced.body["upload"], sheet.data, content_type=sheet.content_type)
    except OSError:
        # A server that will not read on closes the connection; whether its answer is still seen is luck.
        stored = Answer(413, "connection closed", {})
    done = student.call("POST", f"attempts/{attempt}/sheets/{sheet.client_id}/done/")
    if stored.status >= 300:
        assert done.status == 422, "what the storage refused must not get a receipt"
        return Outcome("storage", stored)
    return Outcome("done", done)


def check_sentence(name: str, outcome: Outcome) -> None:
    """Problem details that a student can read and act on."""
    body = outcome.answer.body
    assert outcome.answer.status == 422, f"{name}: {outcome}"
    assert outcome.answer.headers["Content-Type"].startswith("application/problem+json")
    assert re.fullmatch(r"[A-Z“].{20,}\.", body["detail"]), f"{name}: {body}"


def print_table(rows: list[tuple[str, Outcome]]) -> None:
    for name, outcome in rows:
        body = outcome.answer.body
        said = (
            body.get("detail") or f"{body.get('pages')} page(s), {body.get('content_type')}"
            if isinstance(body, dict)
            else body
        )
        print(f"{name:36} {outcome.stage:9} {outcome.answer.status} {outcome.code:18} {said}")


def test_the_whole_collection(stack: Stack) -> None:
    world = stack.make_world(students=2)
    sitting: list[tuple[Person, str]] = []
    for email in world["students"]:
        student = Person.sign_in(stack.url, email, world["password"])
        sitting.append((student, student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]))
    rows: list[tuple[str, Outcome]] = []
    accepted: dict[str, Upload] = {}
    for place, item in enumerate(bad_uploads(), start=1):
        sheet = Sheet(item.data, item.declared or "application/octet-stream", min(place, 60))
        outcome = send_in(*sitting[item.name == WHOLE_PAPER], sheet)
        rows.append((item.name, outcome))
        if outcome.taken:
            accepted[sheet.client_id] = item
    print_table(rows)
    wanted = {item.name: item for item in bad_uploads()}
    for name, outcome in rows:
        assert outcome.answer.status < 500, f"{name}: {outcome}"
        if wanted[name].inspect is None:
            assert outcome.taken, f"{name}: {outcome}"
            assert outcome.answer.body["content_type"] == wanted[name].real
            assert outcome.answer.body["pages"] == wanted[name].pages
        else:
            check_sentence(name, outcome)
            # A GIF or TIFF that says what it is is turned away before it is sent.
            assert outcome.code == wanted[name].inspect, f"{name}: {outcome}"
    check_images(stack, world, accepted)


def check_images(stack: Stack, world: dict[str, Any], accepted: dict[str, Upload]) -> None:
    """What was taken becomes images, or pages that say they failed; nothing stays waiting."""

    def settled() -> list[dict[str, Any]] | None:
        pages = [page for one in stack.facts(world)["attempts"].values() for page in one["pages"]]
        return None if any(page["state"] == "waiting" for page in pages) else pages

    pages = wait_for("the worker to draw all pages", settled, seconds=240, every=1)
    for client_id, item in accepted.items():
        states = {page["state"] for page in pages if page["upload__client_id"] == client_id}
        assert states == ({"ready"} if item.accepted else {"failed"}), f"{item.name}: {states}"


def test_lies_about_what_is_sent(stack: Stack) -> None:
    world = stack.make_world()
    student = Person.sign_in(stack.url, world["students"][0], world["password"])
    attempt = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    good = photo(1)
    lies: list[tuple[str, bytes, dict[str, object], str]] = [
        ("another hash", good, {"sha256": "0" * 64}, "sheet_changed"),
        ("one byte more announced", good, {"size": len(good) + 1}, "sheet_incomplete"),
        ("one byte less announced", good, {"size": len(good) - 1}, "sheet_changed"),
        ("cut off on the way", good[:-1000], {"size": len(good)}, "sheet_incomplete"),
        ("zero bytes announced", good, {"size": 0}, "sheet_empty"),
        ("a gigabyte announced", good, {"size": 10**9}, "sheet_too_large"),
        ("a hash that is none", good, {"sha256": "xyz"}, "invalid"),
        ("page 61", good, {"page_number": 61}, "invalid"),
        ("a negative size", good, {"size": -1}, "invalid"),
        ("a type that is none", good, {"content_type": "text/html"}, "sheet_type"),
    ]
    rows = [(name, send_in(student, attempt, Sheet(data, "image/jpeg", 1), **lie)) for name, data, lie, _ in lies]
    print_table(rows)
    for (name, outcome), (*_, code) in zip(rows, lies, strict=True):
        check_sentence(name, outcome)
        assert outcome.code == code, f"{name}: {outcome}"


def test_a_file_too_large_for_its_target_is_refused_by_the_storage(stack: Stack) -> None:
    world = stack.make_world()
    student = Person.sign_in(stack.url, world["students"][0], world["password"])
    attempt = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    sheet = Sheet(photo(1) + b"\0" * 16 * 1024**2, "image/jpeg", 1)
    outcome = send_in(student, attempt, sheet, size=1000)
    assert outcome.stage == "storage", outcome
    assert 400 <= outcome.answer.status < 500
