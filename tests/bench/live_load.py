"""The clients of tests.bench.live in one process and one thread: raw sockets and epoll, so that they take little of the
processor from the server. Reads questions as lines of JSON on stdin, answers each with one line."""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any

from tests.bench.load import percentile

#: Streams that are being opened at the same time.
AT_ONCE = 64
SECONDS = 120.0


class Streams:
    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.sockets: list[socket.socket] = []
        self.tail: dict[socket.socket, bytes] = {}
        self.closed = 0

    def open(self, port: int, sessions: list[str], streams: int) -> dict[str, Any]:
        """Opens all of them, AT_ONCE at a time, until each has had its first event."""
        asked, greeted = 0, set()
        deadline = time.monotonic() + SECONDS
        while len(greeted) < streams and time.monotonic() < deadline:
            while asked < streams and asked - len(greeted) < AT_ONCE:
                self._ask(port, sessions[asked % len(sessions)], asked)
                asked += 1
            for sock, text in self._hear(1.0):
                if b"event: unread" in text:
                    greeted.add(sock)
        return {"open": len(greeted), "closed": self.closed}

    def wait_for(self, title: str) -> list[float]:
        """When each stream heard of `title`, as Unix times in their order."""
        wanted, heard = f'"title": "{title}"'.encode(), {}
        deadline = time.monotonic() + SECONDS
        while len(heard) < len(self.sockets) and time.monotonic() < deadline:
            for sock, text in self._hear(0.5):
                if wanted in text and sock not in heard:
                    heard[sock] = time.time()
        return sorted(heard.values())

    def _ask(self, port: int, session: str, number: int) -> None:
        sock = socket.socket()
        sock.bind((f"127.0.0.{2 + number // 20_000}", 0))
        sock.connect(("127.0.0.1", port))
        lines = ["GET /live/ HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: sessionid={session}", "", ""]
        sock.sendall("\r\n".join(lines).encode())
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ)
        self.sockets.append(sock)

    def _hear(self, seconds: float) -> list[tuple[socket.socket, bytes]]:
        """What came, with the end of what came before, by socket."""
        found = []
        for key, _events in self.selector.select(seconds):
            sock: Any = key.fileobj
            data = sock.recv(65536)
            if not data:
                self.closed += 1
                self.selector.unregister(sock)
                continue
            text = self.tail.pop(sock, b"") + data
            if not text.endswith(b"\n\n\r\n"):
                self.tail[sock] = text[-400:]
            found.append((sock, text))
        return found


def main() -> None:
    streams = Streams()
    for line in sys.stdin:
        question = json.loads(line)
        if "port" in question:
            answer: dict[str, Any] = streams.open(**question)
        elif "await" in question:
            # Answered at once, so that the telling can begin; who hears is read with the next question.
            print(json.dumps({}), flush=True)
            heard = streams.wait_for(question["await"])
            told = json.loads(sys.stdin.readline())["told"]
            times = [1000 * (at - told) for at in heard]
            answer = {
                "heard": len(times),
                "p50": percentile(times, 0.5),
                "p95": percentile(times, 0.95),
                "last": times[-1] if times else 0.0,
            }
        else:
            answer = {}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
