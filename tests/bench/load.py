"""The load generator, its own process: reads a plan as JSON on stdin, writes what it measured as JSON to stdout.

Only the standard library, and prepared bytes on raw sockets, so that it takes little of the two cores from the server.
Closed loop: `connections` clients, each sends its next request when the last is answered. Bounded in time and number,
and it connects to 127.0.0.1 only.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections import Counter
from itertools import count
from typing import Any

MAX_SECONDS = 60
MAX_REQUESTS = 200_000
MAX_CONNECTIONS = 32


class Connection:
    """One keep-alive connection that sends bytes and reads whole responses."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.buffer = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Sends `request`, returns status and body. Raises OSError."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.buffer = b""
        self.socket.sendall(request)
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self._receive()
        head = self.buffer[:end].lower()
        self.buffer = self.buffer[end + 4 :]
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            body = self._chunks()
        else:
            start = head.find(b"content-length:")
            body = self._take(int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0)
        if b"connection: close" in head:
            self.close()
        return status, body

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _receive(self) -> None:
        data = self.socket.recv(262_144) if self.socket else b""
        if not data:
            self.close()
            raise ConnectionError("the server closed the connection")
        self.buffer += data

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._receive()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return body

    def _chunks(self) -> bytes:
        parts = []
        while True:
            while (end := self.buffer.find(b"\r\n")) < 0:
                self._receive()
            size = int(self.buffer[:end].split(b";")[0], 16)
            self.buffer = self.buffer[end + 2 :]
            parts.append(self._take(size + 2)[:-2])
            if not size:
                return b"".join(parts)


def percentile(ordered: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Runs one plan: {port, connections, seconds, limit, requests: [text]}; times in milliseconds, size in bytes."""
    requests = [text.encode() for text in plan["requests"]]
    limit = min(plan["limit"], MAX_REQUESTS)
    ends = time.perf_counter() + min(plan["seconds"], MAX_SECONDS)
    numbers = count()
    lock = threading.Lock()
    times: list[float] = []
    statuses: Counter[int] = Counter()
    sample = {"bytes": 0, "unexpected": ""}

    def client() -> None:
        connection = Connection(plan["port"])
        mine: list[float] = []
        seen: Counter[int] = Counter()
        while time.perf_counter() < ends and (number := next(numbers)) < limit:
            began = time.perf_counter()
            try:
                status, body = connection.ask(requests[number % len(requests)])
            except (OSError, ValueError) as error:
                status, body = 0, str(error).encode()
                connection.close()
            mine.append(time.perf_counter() - began)
            seen[status] += 1
            if status == 200:
                sample["bytes"] = len(body)
            else:
                sample["unexpected"] = body[:300].decode(errors="replace")
        connection.close()
        with lock:
            times.extend(mine)
            statuses.update(seen)

    threads = [threading.Thread(target=client) for _ in range(min(plan["connections"], MAX_CONNECTIONS))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    times.sort()
    return {
        "requests": len(times),
        "per_second": round(len(times) / elapsed, 1),
        "p50_ms": round(percentile(times, 0.50) * 1000, 2),
        "p95_ms": round(percentile(times, 0.95) * 1000, 2),
        "p99_ms": round(percentile(times, 0.99) * 1000, 2),
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        **sample,
    }


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
