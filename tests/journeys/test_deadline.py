"""Time is up and nobody presses Submit: what was saved is submitted within 20 s of the deadline, whoever was killed.

Three waves of students sit an exam of one minute. The worker is killed with kill -9 as the first wave's deadline comes
(and started again after a second, as the supervisor does), again in the middle of submitting the second wave, and is
away for all of the third wave's. Meanwhile answers arrive within the grace of the network, and after it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from assessments.services.submission import NETWORK_GRACE
from tests.journeys.client import Person, put_answer
from tests.journeys.stack import Stack, wait_for
from tests.journeys.test_api_journey import moment
from tests.journeys.test_crowd import at_once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WAVE, WAVES = 4, 3
GRACE = NETWORK_GRACE.total_seconds()
PROMISED = 20.0  # seconds from the deadline, or from the worker's return where it was away
SUPERVISOR_PAUSE = 1.0
APART = 30.0  # so that what is done to one wave does not touch the next
WRONG, RIGHT = {"choices": ["D"]}, {"choices": ["B"]}
Sitting = tuple[Person, dict[str, Any]]


def reach(at: float) -> None:
    """Waits for a moment of the server's clock, which is this machine's."""
    wait_for("the moment", lambda: time.time() >= at, seconds=120, every=0.05)


def deadline(sitting: Sitting) -> float:
    return moment(sitting[1]["ends_at"]).timestamp()


def start_wave(world: dict[str, Any], students: Sequence[Person]) -> list[Sitting]:
    started = at_once("start", lambda s: s.ok("POST", f"exams/{world['exam']}/attempts/"), students)
    wave = list(zip(students, started, strict=True))
    at_once("one answer each", lambda one: put_answer(one[0], one[1]["id"], world["questions"]["1"], 1, WRONG), wave)
    return wave


def check_grace(world: dict[str, Any], wave: Sequence[Sitting]) -> None:
    """One changes an answer within the grace and it counts; another comes after it and is told so in a sentence."""
    early, late = wave[0], wave[1]
    reach(deadline(early) + GRACE / 3)
    saved = put_answer(early[0], early[1]["id"], world["questions"]["1"], 2, RIGHT)
    assert (saved["seq"], saved["applied"]) == (2, True)
    reach(deadline(late) + GRACE)
    path = f"attempts/{late[1]['id']}/responses/{world['questions']['1']}/"
    refused = late[0].call("PUT", path, {"seq": 2, "answer": RIGHT})
    assert refused.status == 422
    assert (refused.body["code"], refused.body["detail"]) == ("time_up", "Time is up. What was saved before counts.")


def away(stack: Stack, *, since: float, until: float) -> float:
    """Kills the worker at one moment, starts it at another; returns when it was started."""
    reach(since)
    stack.kill("worker")
    reach(until)
    stack.restart("worker")
    return time.time()


def closed_at(stack: Stack, world: dict[str, Any], wave: Sequence[Sitting]) -> dict[str, float]:
    """When each of the wave was really submitted, by e-mail; asks as the student sees it, from here."""
    left = dict(wave_ids(wave))
    found: dict[str, float] = {}

    def all_closed() -> bool:
        for email, (person, attempt) in list(left.items()):
            if person.ok("GET", f"attempts/{attempt}/")["state"] != "in_progress":
                found[email] = time.time()
                del left[email]
        return not left

    wait_for("the clock to submit", all_closed, seconds=90, every=0.1)
    return found


def wave_ids(wave: Sequence[Sitting]) -> list[tuple[str, tuple[Person, str]]]:
    return [(person.email, (person, attempt["id"])) for person, attempt in wave]


def test_the_clock_submits_whatever_dies(stack: Stack) -> None:
    world = stack.make_world(students=WAVE * WAVES, minutes=1)
    students = [Person.sign_in(stack.url, email, world["password"]) for email in world["students"]]
    print()
    waves, back = [], {}
    for number in range(WAVES):
        if waves:
            reach(max(map(deadline, waves[-1])) - 60 + APART)
        waves.append(start_wave(world, students[number * WAVE : (number + 1) * WAVE]))
    first, second, third = ((min(map(deadline, wave)), max(map(deadline, wave))) for wave in waves)

    back[0] = away(stack, since=first[0] - 0.5, until=first[0] - 0.5 + SUPERVISOR_PAUSE)
    check_grace(world, waves[0])
    seen = [closed_at(stack, world, waves[0])]
    # The sweep that finds this wave begins within two seconds of this; the kill falls before, into, or after it.
    killed = second[0] + GRACE + 1
    back[1] = away(stack, since=killed, until=killed + SUPERVISOR_PAUSE)
    seen.append(closed_at(stack, world, waves[1]))
    back[2] = away(stack, since=third[0] - 2, until=third[1] + 2 * PROMISED)
    seen.append(closed_at(stack, world, waves[2]))

    stored = stack.facts(world)["attempts"]
    for number, wave in enumerate(waves):
        delays = [check(stored[one[0].email], one, seen[number], back[number], number) for one in wave]
        print(
            f"{stack.kind:9} wave {number + 1}: worker back {back[number] - deadline(wave[0]):+6.1f} s, submitted "
            f"{min(delays):5.1f} to {max(delays):5.1f} s after the deadline"
        )
    # What came within the grace counts (question 1: one mark), what came after does not.
    first_marks = {email: stored[email]["attempt"]["objective_marks"] for email in seen[0]}
    assert [float(first_marks[person.email]) for person, _ in waves[0]] == [1, 0, 0, 0]


def check(stored: dict[str, Any], one: Sitting, seen: dict[str, float], back: float, number: int) -> float:
    """Submitted once, by the clock, with what was confirmed, in time; returns the delay in seconds."""
    attempt, ends = stored["attempt"], deadline(one)
    assert (attempt["state"], attempt["submit_reason"]) == ("submitted", "time_up")
    assert moment(attempt["submitted_at"]) == datetime.fromtimestamp(ends, UTC)
    assert [event["data"] for event in stored["submitted"]] == [{"reason": "time_up"}]
    assert len(stored["responses"]) == 1
    closed = moment(stored["submitted"][0]["at"]).timestamp()
    assert ends + GRACE <= closed <= seen[one[0].email]
    # The first wave's worker is back long before the grace ends, so the promise is the plain one.
    limit = ends + PROMISED if number == 0 else max(ends, back) + PROMISED
    assert closed <= limit, f"wave {number + 1}: submitted {closed - ends:.1f} s after the deadline"
    return closed - ends
