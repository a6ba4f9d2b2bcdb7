"""The people of tests.bench.rooms in one process: their streams on raw sockets and epoll, what they say and ask for in
a few threads. Each behaves as static/js/room.js: it takes what follows what it has, and asks for what is missing.
Reads the plan as JSON on stdin, prints what came of it."""

from __future__ import annotations

import http.client
import json
import queue
import random
import selectors
import socket
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench.load import percentile

#: Streams that are being opened at the same time, and threads that send.
AT_ONCE, SENDERS = 32, 8
SECONDS = 60.0
CSRF = "c" * 32


class Page:
    """An open page of one person: what it shows, and when each message came."""

    def __init__(self, number: int, session: str) -> None:
        self.number, self.session = number, session
        self.sock: socket.socket | None = None
        self.raw = self.text = b""
        self.has_head = self.greeted = self.asking = False
        self.seq = 0
        self.came: list[tuple[int, float, bool]] = []
        self.cut_at = self.caught_up = 0.0

    def take(self, rows: list[dict[str, Any]], now: float, *, asked: bool) -> int:
        """Shows what follows; how many it had already. A message that does not follow is an error of ours."""
        known = 0
        for row in rows:
            if row["seq"] <= self.seq:
                known += 1
                continue
            self.came.append((row["seq"], now, asked))
            self.seq = row["seq"]
        return known

    def chunks(self, data: bytes) -> None:
        """Undoes the chunks of HTTP/1.1 into `text`."""
        self.raw += data
        if not self.has_head:
            _head, mark, rest = self.raw.partition(b"\r\n\r\n")
            if not mark:
                return
            self.has_head, self.raw = True, rest
        while True:
            size, mark, rest = self.raw.partition(b"\r\n")
            if not mark:
                return
            length = int(size, 16)
            if len(rest) < length + 2:
                return
            self.text += rest[:length]
            self.raw = rest[length + 2 :]


class Crowd:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.port, self.room = plan["port"], plan["room"]
        self.rate, self.seconds = plan["rate"], plan["seconds"]
        self.pages = [Page(number, session) for number, session in enumerate(plan["sessions"])]
        self.selector = selectors.DefaultSelector()
        self.pool = ThreadPoolExecutor(SENDERS)
        self.answers: queue.SimpleQueue[tuple[Page, dict[str, Any]]] = queue.SimpleQueue()
        self.sent_at: dict[int, float] = {}
        self.receipts: list[float] = []
        self.refused = self.gaps = self.repeats = self.broken = self.fetched = 0
        self.known: dict[bytes, dict[str, Any]] = {}

    # --- Streams ---
    def connect(self, page: Page) -> None:
        page.sock = socket.socket()
        page.sock.connect(("127.0.0.1", self.port))
        lines = [
            f"GET /live/?topics={self.room} HTTP/1.1", f"Host: 127.0.0.1:{self.port}",
            f"Cookie: sessionid={page.session}", "", "",
        ]  # fmt: skip
        page.sock.sendall("\r\n".join(lines).encode())
        page.sock.setblocking(False)
        page.raw = page.text = b""
        page.has_head = page.greeted = False
        self.selector.register(page.sock, selectors.EVENT_READ, page)

    def cut(self, page: Page) -> None:
        if page.sock is not None:
            self.selector.unregister(page.sock)
            page.sock.close()
            page.sock = None

    def hear(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            page: Page = key.data
            try:
                data = key.fileobj.recv(262144)  # type: ignore[union-attr]
            except BlockingIOError:
                continue
            if not data:
                self.cut(page)  # by the server: comes again, as a browser would
                self.broken += 1
                self.connect(page)
                continue
            page.chunks(data)
            *events, page.text = page.text.split(b"\n\n")
            for event in events:
                if event.startswith(b"event: room"):
                    self.event(page, event)
        while not self.answers.empty():
            page, body = self.answers.get()
            page.asking = False
            now = time.perf_counter()
            before = page.seq
            page.take(body["messages"], now, asked=True)
            self.fetched += page.seq - before
            if body["more"]:
                self.ask(page)
            elif page.cut_at and not page.caught_up:
                page.caught_up = now - page.cut_at

    def event(self, page: Page, event: bytes) -> None:
        data = event.partition(b"data: ")[2]
        facts = self.known.get(data)
        if facts is None:
            if len(self.known) > 200:
                self.known.clear()
            facts = self.known[data] = json.loads(data)
        page.greeted = True
        start = facts.get("from", [None])[0]
        if "messages" in facts and start <= page.seq and not page.asking:
            self.repeats += page.take(facts["messages"], time.perf_counter(), asked=False)
        elif facts["seq"] > page.seq:
            self.gaps += "messages" in facts
            self.ask(page)
        elif page.cut_at and not page.caught_up:
            page.caught_up = time.perf_counter() - page.cut_at

    # --- Requests ---
    def request(self, page: Page, method: str, query: str = "", body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": f"sessionid={page.session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, f"/courses/{self.room}/room/messages/{query}", body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def ask(self, page: Page) -> None:
        if page.asking:
            return
        page.asking = True

        def work() -> None:
            status, body = self.request(page, "GET", f"?after={page.seq}&changes=0")
            self.answers.put((page, body if status == 200 else {"messages": [], "more": True}))

        self.pool.submit(work)

    def say(self, page: Page, text: str) -> None:
        began = time.perf_counter()
        status, body = self.request(page, "POST", body={"client_id": str(uuid.uuid4()), "source": text})
        if status == 200:
            self.sent_at[body["message"]["seq"]] = began
            self.receipts.append(1000 * (time.perf_counter() - began))
        else:
            self.refused += 1

    # --- The evening ---
    def open_all(self) -> None:
        waiting, deadline = list(self.pages), time.perf_counter() + SECONDS
        while time.perf_counter() < deadline:
            at_work = sum(page.sock is not None and not page.greeted for page in self.pages)
            for page in [waiting.pop() for _ in range(min(AT_ONCE - at_work, len(waiting)))]:
                self.connect(page)
            self.hear(0.05)
            if not waiting and all(page.greeted for page in self.pages):
                return

    def run(self) -> dict[str, Any]:
        self.open_all()
        connected = sum(page.greeted for page in self.pages)
        began, said, total = time.perf_counter(), 0, int(self.rate * self.seconds)
        chance = random.Random(7)
        order = chance.sample(self.pages, len(self.pages))
        tenth = max(1, len(self.pages) // 10)
        cuts = [(self.seconds / 3, order[:tenth]), (2 * self.seconds / 3, order[tenth : 2 * tenth])]
        back: list[tuple[float, Page]] = []
        sends = []
        while said < total or back:
            now = time.perf_counter() - began
            while said < total and now >= said / self.rate:
                author = self.pages[said % len(self.pages)]
                sends.append(self.pool.submit(self.say, author, f"Message {said} of $x^2 = {said}$"))
                said += 1
            while cuts and now >= cuts[0][0]:
                for page in cuts.pop(0)[1]:
                    self.cut(page)
                    page.cut_at = 0.0
                    self.broken += 1
                    back.append((now + chance.uniform(0.5, 3.0), page))
            for at, page in [one for one in back if one[0] <= now]:
                back.remove((at, page))
                page.cut_at, page.caught_up = time.perf_counter(), 0.0
                self.connect(page)
            self.hear(0.005)
        for send in sends:
            while not send.done():
                self.hear(0.01)
            send.result()
        last, deadline = len(self.sent_at), time.perf_counter() + 15
        while any(page.seq < last for page in self.pages) and time.perf_counter() < deadline:
            self.hear(0.05)
        return self.result(connected, time.perf_counter() - began)

    def result(self, connected: int, lasted: float) -> dict[str, Any]:
        stream = sorted(
            1000 * (at - self.sent_at[seq])
            for page in self.pages
            for seq, at, asked in page.came
            if not asked and seq in self.sent_at
        )
        disorder = sum(
            [seq for seq, *_ in page.came] != list(range(1, len(page.came) + 1)) for page in self.pages if page.came
        )
        receipts = sorted(self.receipts)
        return {
            "connected": connected,
            "said": len(self.sent_at),
            "refused": self.refused,
            "heard": sum(len(page.came) for page in self.pages),
            "disorder": disorder,
            "stream": [percentile(stream, share) for share in (0.5, 0.95, 0.99, 1.0)],
            "receipt": [percentile(receipts, share) for share in (0.5, 0.95, 1.0)],
            "broken": self.broken,
            "fetched": self.fetched,
            "caught_up": 1000 * max((page.caught_up for page in self.pages), default=0.0),
            "gaps": self.gaps,
            "repeats": self.repeats,
            "lasted": lasted,
        }


if __name__ == "__main__":
    print(json.dumps(Crowd(json.load(sys.stdin)).run()))
