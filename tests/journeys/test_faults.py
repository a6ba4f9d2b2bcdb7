"""Redis killed and wiped, PostgreSQL crashed, the worker killed in the midst of its tasks, no beat for two hours:
afterwards every paper is where it belongs and every alert was sent once.

First students sit and hand in while one thing after the other fails; each of their devices asks again until it has an
answer, as a phone does. Then beat is away for two hours, in which the time of some papers runs half out, of some nearly
and of some wholly; it comes back while the rest fails once more. On the embedded ground there is no Redis and no
PostgreSQL to fail.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import pytest

from tests.journeys.client import Answer, Person, Sheet, photo, upload
from tests.journeys.conftest import KINDS
from tests.journeys.stack import Stack, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
STUDENTS, FAILURES = 6, 3
# A broken connection to the broker is tried again, a lost task found by its sweep (1 min), an e-mail by its own.
SETTLED_SECONDS = 240.0


@pytest.fixture(scope="module", params=KINDS)
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(request.param, tmp_path_factory.mktemp("faults"), own_postgres=True)
    try:
        yield stack.start()
    finally:
        print(stack.logs(20))
        stack.stop()


def patiently(request: Callable[[], Answer]) -> Any:
    """The body of the first answer that is not a failure of ours."""

    def answered() -> Answer | None:
        try:
            answer = request()
        except OSError:
            return None
        return answer if answer.status < 500 else None

    answer = wait_for("an answer", answered, seconds=180, every=0.3)
    assert answer.status < 300, answer
    return answer.body


def sit(student: Person, world: dict[str, Any]) -> None:
    """From the start to handing in, whatever fails meanwhile."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        return patiently(lambda: student.call(method, path, body))

    attempt = ask("POST", f"exams/{world['exam']}/attempts/")["id"]
    for seq in range(1, 9):
        saved = ask("PUT", f"attempts/{attempt}/responses/{world['questions']['1']}/",
                    {"seq": seq, "answer": {"choices": ["A" if seq < 8 else "B"]}})  # fmt: skip
        assert saved["seq"] == seq
        time.sleep(0.5)  # somebody thinks; the faults fall in between
    ask("POST", f"attempts/{attempt}/submit/")
    sheet = Sheet(photo(1), "image/jpeg", 1)
    wait_for("the receipt", lambda: receipt_for(student, attempt, sheet), seconds=180, every=0.5)
    ask("POST", f"attempts/{attempt}/sheets/confirm/", {"pages": {sheet.client_id: [4, 5]}, "not_attempted": []})


def receipt_for(student: Person, attempt: str, sheet: Sheet) -> Any:
    """One try to announce, send and have the page checked; None where it broke off and the phone tries again."""
    try:
        return upload(student, attempt, sheet)
    except (OSError, AssertionError):
        return None


def fail(stack: Stack) -> None:
    """Everything there is on this ground, once."""
    stack.kill("worker")
    if stack.kind == "servers":
        stack.wipe_redis(away=1.5)
    stack.restart("worker")
    if stack.postgres:
        stack.postgres.crash(away=1)
    time.sleep(0.5)


def test_after_every_fault_states_are_right_and_alerts_told_once(ground: Stack) -> None:
    world = ground.make_world(students=STUDENTS, teachers=3)
    students = [Person.sign_in(ground.url, email, world["password"]) for email in world["students"]]
    with ThreadPoolExecutor(STUDENTS) as pool:
        sitting = [pool.submit(sit, student, world) for student in students]
        for _ in range(FAILURES):
            time.sleep(1.5)
            fail(ground)
        for one in sitting:
            one.result()
    papers = wait_for(
        "a teacher for every paper", lambda: all_assigned(ground, world), seconds=SETTLED_SECONDS, every=3
    )
    stored = ground.facts(world)["attempts"]
    for one in stored.values():
        assert [row["answer"] for row in one["responses"]] == [{"choices": ["B"]}]
        assert [row["seq"] for row in one["answer_lines"]] == list(range(1, 9))
        assert len(one["evaluations"]) == one["attempts_of_student"] == one["entitlement_used"] == 1

    ground.kill("beat")
    rungs = dict(zip(sorted(papers), cycle(["half_at", "most_at", "due_at"])))
    ground.run("-m", "tests.journeys.faults", "age", json.dumps(rungs))
    ground.restart("beat")
    time.sleep(2)  # its tasks are on their way
    fail(ground)
    try:
        settled = wait_for(
            "what is to be told", lambda: all_told(ground, world, rungs), seconds=SETTLED_SECONDS, every=3
        )
    except AssertionError:
        print(json.dumps({rungs[pk]: paper for pk, paper in told(ground, world).items()}, indent=1))
        raise
    # Twice at once, and once more by beat: nothing is told again.
    at_once = [threading.Thread(target=ground.run, args=("-m", "tests.journeys.faults", "again")) for _ in range(2)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    assert told(ground, world) == settled
    for pk, paper in settled.items():
        check(paper, rungs[pk], world)


def told(stack: Stack, world: dict[str, Any]) -> dict[str, Any]:
    stack.ensure_up()  # what ended with its database is started again, as the supervisor does
    printed = stack.run("-m", "tests.journeys.faults", "told", world["programme"])
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def all_assigned(stack: Stack, world: dict[str, Any]) -> dict[str, Any] | None:
    papers = told(stack, world)
    return papers if [paper["state"] for paper in papers.values()] == ["assigned"] * STUDENTS else None


def all_told(stack: Stack, world: dict[str, Any], rungs: dict[str, str]) -> dict[str, Any] | None:
    """Once every paper has its last rung, with its teacher of now, and no e-mail waits."""
    papers = told(stack, world)
    for pk, paper in papers.items():
        climbed = {rung for rung, teacher, _ in paper["reminders"] if teacher == paper["teacher"]}
        wanted = {"half_at": "half", "most_at": "most", "due_at": "most"}[rungs[pk]]
        is_flagged = paper["breaches"] == (rungs[pk] == "due_at")
        if (
            wanted not in climbed
            or not is_flagged
            or paper["waiting"]
            or paper["wanted_mails"] != sorted(set(paper["mails"]))
        ):
            return None
    return papers


def check(paper: dict[str, Any], moment: str, world: dict[str, Any]) -> None:
    """One owner, states that follow from another, and what is told of that rung to whom it concerns, once."""
    assert paper["state"] == paper["replayed"] == "assigned"
    assert paper["teacher"] in world["teachers"]
    assert paper["mails"] == paper["wanted_mails"], "an e-mail was sent twice"
    by_staff = [kind for who, kind in paper["news"] if who == world["staff"]]
    to_teachers = sorted((who, kind) for who, kind in paper["news"] if who in world["teachers"])
    helped = [row for row in paper["reminders"] if row[0] == "help"]
    kinds = {"half": "paper_halfway", "most": "paper_reminder"}
    warned = sorted((who, kinds[rung]) for rung, who, is_told in paper["reminders"] if is_told and rung in kinds)
    assert to_teachers == warned
    if moment == "half_at":
        assert (helped, by_staff, len(warned)) == ([], [], 1)
    if moment == "most_at":
        # It went to another teacher, or staff were told that there is none.
        assert len(helped) == 1
        assert (paper["handed_over"], by_staff) in [(1, []), (0, ["paper_not_begun"])]
    assert paper["breaches"] == paper["audited"] == (moment == "due_at")
    if moment == "due_at":
        assert (by_staff, helped) == (["sla_breached"], [])
