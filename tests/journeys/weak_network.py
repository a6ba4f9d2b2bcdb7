"""A weak network as a proxy in front of a running product: of the requests that match, a share goes wrong.

What goes wrong is drawn from a seed: nothing arrives; the request breaks off in the middle; the server does it and its
answer is lost, or half of it is, or somebody on the way says 5xx instead; or 5xx without the server having heard of it.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.stack import HOST, free_port

LOST_ON_THE_WAY = ("dropped", "cut", "5xx")  # the server has not done it
LOST_ON_THE_WAY_BACK = ("answer lost", "answer cut", "5xx after")  # it has
FATES = (*LOST_ON_THE_WAY, *LOST_ON_THE_WAY_BACK)
CODES = (500, 502, 503, 504)
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


class WeakNetwork:
    """`url` is the product at `upstream` through this network; call `arm` to let requests fail.

    `seen` counts what became of matching requests; `receipts` holds the SHA-256 of every receipt that was given, by
    client id, whether or not it reached the device.
    """

    def __init__(self, upstream: str, *, matching: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.matching = re.compile(matching)
        self.share, self.rng, self.lock = 0.0, random.Random(0), threading.Lock()
        self.seen: Counter[str] = Counter()
        self.receipts: dict[str, set[str]] = {}
        self.server = ThreadingHTTPServer((HOST, free_port()), type("Handler", (Handler,), {"network": self}))
        self.server.daemon_threads = True
        self.url = f"http://{HOST}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def arm(self, share: float, seed: int) -> None:
        """From now on, `share` (0 to 1) of the matching requests fail, as drawn from `seed`."""
        with self.lock:
            self.share, self.rng = share, random.Random(seed)
            self.seen.clear()

    def fate(self, path: str) -> str:
        """What becomes of a request for `path`: one of FATES, or "" when it goes through."""
        if not self.share or not self.matching.search(path):
            return ""
        with self.lock:
            fate = self.rng.choice(FATES) if self.rng.random() < self.share else ""
            self.seen[fate or "went through"] += 1
        return fate

    def note_receipt(self, path: str, status: int, body: bytes) -> None:
        if status == 200 and path.endswith("/done/"):
            receipt = json.loads(body)
            with self.lock:
                self.receipts.setdefault(receipt["client_id"], set()).add(receipt["sha256"])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection; `network` is set by a class for each network."""

    network: WeakNetwork
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, http.client.HTTPException):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.close_connection = True
        fate = self.network.fate(self.path)
        if fate == "dropped":
            return self._hang_up()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length // 2 if fate == "cut" else length)
        if fate == "cut":
            return self._hang_up()
        if fate == "5xx":
            return self._fail()
        return self._pass_on(body, fate)

    do_POST = do_PUT = do_GET

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _fail(self) -> None:
        with self.network.lock:
            code = self.network.rng.choice(CODES)
        self._say(code, [("Content-Type", "text/html")], b"<h1>Bad gateway</h1>")

    def _pass_on(self, body: bytes, fate: str) -> None:
        there = http.client.HTTPConnection(self.network.upstream, timeout=120)
        # What passes is read here, so it must come as it is.
        unwanted = HOP | {"accept-encoding"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in unwanted}
        there.request(self.command, self.path, body or None, headers)
        answer = there.getresponse()
        said = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
        if answer.getheader("Content-Type", "").startswith("text/event-stream"):
            return self._stream(answer, said)
        whole = answer.read()
        there.close()
        self.network.note_receipt(self.path, answer.status, whole)
        if fate == "answer lost":
            return self._hang_up()
        if fate == "5xx after":
            return self._fail()
        return self._say(answer.status, said, whole, cut=fate == "answer cut")

    def _say(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body) + (1 if cut else 0)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def _stream(self, answer: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(answer.status)
        for name, value in [*headers, ("Connection", "close")]:
            self.send_header(name, value)
        self.end_headers()
        while chunk := answer.read1(4096):
            self.wfile.write(chunk)
