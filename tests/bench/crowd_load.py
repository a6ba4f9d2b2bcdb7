"""The crowd, its own process: reads a plan as JSON on stdin, writes what it measured as JSON to stdout.

Each student has a connection and a timetable of their own: start, one answer every so many seconds, submit. Open loop:
a time is counted from when the timetable said so, so a server that falls behind shows it. Only the standard library,
and 127.0.0.1 only.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from typing import Any

from tests.bench.load import percentile

MOST_STUDENTS = 2000
PATIENCE = 60.0  # seconds for one answer


class Student:
    def __init__(self, plan: dict[str, Any], token: str, seen: dict[str, list[float]], errors: Counter[str]) -> None:
        self.plan, self.token, self.seen, self.errors = plan, token, seen, errors
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def sit(self, began: float, dice: random.Random) -> None:
        plan, every = self.plan, self.plan["every"]
        first = began + dice.uniform(0, plan["start"])
        last = began + plan["start"] + plan["write"]
        sitting = await self.ask("start", first, "POST", f"exams/{plan['exam']}/attempts/")
        if sitting is None:
            return
        path = f"attempts/{sitting['id']}/"
        await self.ask("read the paper", time.monotonic(), "GET", path)
        due, number = first + every, 0
        while due < last:
            question, answer = plan["answers"][number % len(plan["answers"])]
            number += 1
            body = {"seq": number, "answer": answer}
            saved = await self.ask("save", due, "PUT", f"{path}responses/{question}/", body)
            if saved is not None and not saved["applied"]:
                self.errors["a save that did not apply"] += 1
            due += every
        await self.ask("submit", last + dice.uniform(0, plan["submit"]), "POST", f"{path}submit/")
        if self.streams:
            self.streams[1].close()

    async def ask(self, what: str, due: float, method: str, path: str, body: Any = None) -> Any:
        """The body of a good answer; None where there is none, which is counted."""
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        try:
            status, text = await asyncio.wait_for(self._exchange(method, path, body), PATIENCE)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.errors[f"{what}: {type(error).__name__}"] += 1
            self.streams = None
            return None
        self.seen.setdefault(what, []).append(time.monotonic() - due)
        if status not in (200, 201):
            self.errors[f"{what}: {status} {text[:120].decode(errors='replace')}"] += 1
            return None
        return json.loads(text)

    async def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        # The server ends connections that were idle for 30 s; browsers notice and open another.
        if self.streams is None or self.streams[0].at_eof():
            self.streams = await asyncio.open_connection("127.0.0.1", self.plan["port"])
        reader, writer = self.streams
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} /api/v1/{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.plan['port']}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        writer.write(head.encode() + data)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length:")[1].split(b"\r\n", 1)[0])
        text = await reader.readexactly(length)
        if b"connection: close" in answer:
            writer.close()
            self.streams = None
        return int(answer[9:12]), text


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """{port, exam, tokens, answers: [[question, answer]], start, write, every, submit (seconds)} → what was measured,
    times in milliseconds."""
    seen: dict[str, list[float]] = {}
    errors: Counter[str] = Counter()
    dice = random.Random(7)
    began = time.monotonic()
    await asyncio.gather(*(Student(plan, t, seen, errors).sit(began, dice) for t in plan["tokens"][:MOST_STUDENTS]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "requests": sum(map(len, seen.values())),
        "errors": dict(errors),
        "seconds": time.monotonic() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "times": {
            what: {
                "number": len(times),
                **{f"p{p}": 1000 * percentile(sorted(times), p / 100) for p in (50, 95, 99)},
            }
            for what, times in seen.items()
        },
    }


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
