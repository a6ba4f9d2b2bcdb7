"""Fifty students submit and hand in at the same moment, then four teachers claim until nothing is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest

from tests.journeys.client import Answer, Person, Sheet, photo, put_answer, upload
from tests.journeys.stack import Stack, wait_for
from tests.journeys.test_api_journey import moment, promised

pytestmark = pytest.mark.slow
T = TypeVar("T")
R = TypeVar("R")
STUDENTS, TEACHERS = 50, 4


def at_once(label: str, action: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Run the action for all items in as many threads, all let go together; prints how long it took."""
    gate = Barrier(len(items))

    def one(item: T) -> tuple[R, float]:
        gate.wait()
        began = time.monotonic()
        return action(item), time.monotonic() - began

    began = time.monotonic()
    with ThreadPoolExecutor(len(items)) as pool:
        done = list(pool.map(one, items))
    seconds = sorted(took for _, took in done)
    whole, median = time.monotonic() - began, seconds[len(seconds) // 2]
    print(f"{label:32} {len(items)} at once in {whole:6.2f} s, median {median:5.2f} s, slowest {seconds[-1]:5.2f} s")
    return [result for result, _ in done]


def test_fifty_students_and_four_teachers(stack: Stack) -> None:
    print(f"\n{stack.kind}")
    # One paper at a time is assigned to each teacher, so nearly all are pulled by whoever is first.
    world = stack.make_world(students=STUDENTS, teachers=TEACHERS, cap=1)
    students = [Person.sign_in(stack.url, email, world["password"]) for email in world["students"]]
    attempts = prepare(world, students)
    pairs = list(zip(students, attempts, strict=True))
    submitted = at_once("submit", lambda pair: pair[0].call("POST", f"attempts/{pair[1]}/submit/"), pairs)
    assert Counter(answer.status for answer in submitted) == {200: STUDENTS}
    sheets = [Sheet(photo(1 + i % 3), "image/jpeg", 1) for i in range(STUDENTS)]
    receipts = at_once(
        "announce, send, receipt",
        lambda job: upload(job[0][0], job[0][1], job[1]),
        list(zip(pairs, sheets, strict=True)),
    )
    assert all(receipt["verified_at"] for receipt in receipts)
    bodies = [{"pages": {sheet.client_id: [4, 5]}, "not_attempted": []} for sheet in sheets]
    confirmed = at_once("hand in", confirm_twice, list(zip(pairs, bodies, strict=True)))
    assert Counter(answer.status for both in confirmed for answer in both) == {200: 2 * STUDENTS}
    check_queue(stack, world, attempts, confirmed)
    claimed = claim_all(stack, world)
    check_claims(stack, world, attempts, claimed)


def prepare(world: dict[str, Any], students: list[Person]) -> list[str]:
    """Everybody starts at once, three times each as by an impatient finger, and answers."""
    taps = at_once(
        "start", lambda s: [s.ok("POST", f"exams/{world['exam']}/attempts/")["id"] for _ in range(3)], students
    )
    assert all(len(set(ids)) == 1 for ids in taps)
    attempts = [ids[0] for ids in taps]
    right = world["right"]

    def answer(pair: tuple[Person, str]) -> None:
        for seq, number in enumerate(sorted(right), start=1):
            put_answer(pair[0], pair[1], world["questions"][number], seq, right[number])

    at_once("three answers each", answer, list(zip(students, attempts, strict=True)))
    return attempts


def confirm_twice(job: tuple[tuple[Person, str], dict[str, Any]]) -> list[Answer]:
    (student, attempt), body = job
    return [student.call("POST", f"attempts/{attempt}/sheets/confirm/", body) for _ in range(2)]


def check_queue(stack: Stack, world: dict[str, Any], attempts: list[str], confirmed: list[list[Answer]]) -> None:
    staff = Person.sign_in(stack.url, world["staff"], world["password"])

    def all_open() -> list[Any] | None:
        rows = [row for row in listed(staff) if row["attempt"] in set(attempts)]
        return rows if len(rows) == STUDENTS else None

    rows = wait_for("an evaluation for every paper", all_open, seconds=150, every=1)
    assert Counter(row["attempt"] for row in rows) == dict.fromkeys(attempts, 1)
    handed_in = {first.body["id"]: moment(first.body["handed_in_at"]) for first, _ in confirmed}
    for row in rows:
        assert moment(row["due_at"]) == promised(handed_in[row["attempt"]])


def listed(person: Person) -> list[Any]:
    rows: list[Any] = []
    path: str | None = "evaluations/?page_size=100"
    while path:
        page = person.ok("GET", path)
        rows += page["results"]
        path = page["next"].split("/api/v1/")[1] if page["next"] else None
    return rows


def claim_all(stack: Stack, world: dict[str, Any]) -> dict[str, list[str]]:
    """Every teacher claims from two devices at once until there is nothing left."""
    devices = [Person.sign_in(stack.url, email, world["password"]) for email in world["teachers"] for _ in range(2)]

    def pull(teacher: Person) -> list[str]:
        got = []
        while (answer := teacher.call("POST", "evaluations/claim/")).status == 200:
            got.append(answer.body["attempt"])
            assert len(got) <= STUDENTS
        assert answer.status == 204, answer
        return got

    pulled = at_once("claim until nothing is left", pull, devices)
    for device, got in zip(devices, pulled, strict=True):
        print(f"  {device.email.split('-')[0]} {len(got)}")
    return {f"{device.email}#{i}": got for i, (device, got) in enumerate(zip(devices, pulled, strict=True))}


def check_claims(stack: Stack, world: dict[str, Any], attempts: list[str], claimed: dict[str, list[str]]) -> None:
    everything = [attempt for got in claimed.values() for attempt in got]
    assert Counter(everything) == dict.fromkeys(attempts, 1)
    holder = {attempt: device.split("#")[0] for device, got in claimed.items() for attempt in got}
    stored = stack.facts(world)["attempts"]
    assert len(stored) == STUDENTS
    for one in stored.values():
        evaluation = one["evaluations"][0]
        assert len(one["evaluations"]) == 1
        assert evaluation["teacher__email"] == holder[one["attempt"]["id"]]
        assert Counter(t["name"] for t in one["transitions"])["claim"] == 1
        assert (one["attempts_of_student"], one["entitlement_used"]) == (1, 1)
        assert [n["kind"] for n in one["notifications"]].count("paper_received") == 1
