"""What a WSGI application sees of an ASGI request, and what the client gets of its answer."""

from __future__ import annotations

import asyncio
import io
import itertools
from typing import Any

import pytest

from config.bridge import PIECE, WHOLE_BODY, Bridge, FileWrapper

GONE = {"type": "http.disconnect"}


class Client:
    """An ASGI server with one request: the messages it hands over, and those it was sent."""

    def __init__(self, *messages: dict[str, Any], **scope: Any) -> None:
        self.messages = list(messages) or [{"type": "http.request", "body": b"", "more_body": False}]
        self.sent: list[dict[str, Any]] = []
        self.scope = {
            "type": "http",
            "method": "GET",
            "http_version": "1.1",
            "scheme": "http",
            "path": "/a b/é",
            "raw_path": b"/a%20b/%C3%A9",
            "query_string": b"x=1&y=%20",
            "server": ("abhyas.example", 8000),
            "client": ("203.0.113.9", 4711),
            "headers": [(b"host", b"abhyas.example")],
            **scope,
        }

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def ask(self, application: Any) -> Client:
        bridge = Bridge(application, threads=1)

        async def serve() -> None:
            async with asyncio.timeout(20):
                await bridge(self.scope, self.receive, self.send)

        asyncio.run(serve())
        bridge.threads.shutdown()
        return self

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def request(*parts: bytes, length: int | None = None, **scope: Any) -> Client:
    size = sum(map(len, parts)) if length is None else length
    headers = [(b"host", b"abhyas.example"), (b"content-length", str(size).encode()), (b"content-type", b"text/x")]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
    return Client(*messages, method="POST", headers=headers, **scope)


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with what was sent, in small reads."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    body, left = environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0)
    found = []
    while left and (piece := body.read(min(left, 50_000))):
        found.append(piece)
        left -= len(piece)
    return found


def environ_of(client: Client) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def look(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("204 No Content", [])
        return []

    client.ask(look)
    return seen


def test_request_arrives_as_wsgi_has_it():
    environ = environ_of(Client())
    wanted = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/a b/é".encode().decode("latin-1"),
        "SCRIPT_NAME": "",
        "QUERY_STRING": "x=1&y=%20",
        "SERVER_NAME": "abhyas.example",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_HOST": "abhyas.example",
        "wsgi.url_scheme": "http",
    }
    assert wanted.items() <= environ.items()
    assert environ["wsgi.input"].read() == b""


def test_headers_that_come_in_pieces_or_disguise():
    headers = [
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-forwarded-for", b"203.0.113.1"),
        (b"x-forwarded-for", b"198.51.100.2"),
        (b"x_forwarded_proto", b"https"),
        (b"content_length", b"7"),
    ]
    environ = environ_of(Client(headers=headers))
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.1,198.51.100.2"
    assert "HTTP_X_FORWARDED_PROTO" not in environ
    assert "CONTENT_LENGTH" not in environ


def test_answer_is_sent_in_one_piece():
    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [b"no", b"thing"]

    client = Client().ask(answer)
    headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert client.sent == [
        {"type": "http.response.start", "status": 404, "headers": headers},
        {"type": "http.response.body", "body": b"nothing", "more_body": False},
    ]


@pytest.mark.parametrize("size", [10, WHOLE_BODY, WHOLE_BODY + 1, 3 * WHOLE_BODY])
def test_body_of_any_size_arrives_whole(size):
    content = bytes(range(256)) * (size // 256 + 1)
    parts = [content[start : start + 60_000] for start in range(0, size, 60_000)]
    client = request(*parts).ask(echo)
    assert client.body == b"".join(parts)


def test_small_body_that_breaks_off_reaches_nobody():
    asked = []
    client = request(b"half", length=8)
    client.messages = [{"type": "http.request", "body": b"half", "more_body": True}, GONE]
    client.ask(lambda *given: asked.append(given) or [])
    assert (asked, client.sent) == ([], [])


def test_large_body_that_breaks_off_is_an_error_and_not_its_end():
    errors = []

    def read(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            environ["wsgi.input"].read()
        except OSError as error:
            errors.append(error)
        start_response("400 Bad Request", [])
        return []

    client = request(b"x" * 1000, length=10**6)
    client.messages = [{"type": "http.request", "body": b"x" * 1000, "more_body": True}, GONE]
    client.ask(read)
    assert len(errors) == 1


class Pieces:
    """A streaming answer, as Django marks it."""

    streaming = True

    def __init__(self, pieces: Any) -> None:
        self.pieces, self.closed = pieces, False

    def __iter__(self) -> Any:
        return iter(self.pieces)

    def close(self) -> None:
        self.closed = True


def test_stream_is_sent_as_it_comes_and_closed():
    stream = Pieces([b"one", b"two", b"three"])

    def answer(environ: dict[str, Any], start_response: Any) -> Pieces:
        start_response("200 OK", [])
        return stream

    client = Client().ask(answer)
    assert [message.get("body") for message in client.sent] == [None, b"one", b"two", b"three", b""]
    assert stream.closed


def test_stream_without_end_ends_when_its_client_is_gone():
    client = Client({"type": "http.request", "body": b"", "more_body": False}, GONE)
    stream = Pieces(itertools.repeat(b"tick"))

    def answer(environ: dict[str, Any], start_response: Any) -> Pieces:
        start_response("200 OK", [])
        return stream

    client.ask(answer)
    assert stream.closed


@pytest.mark.parametrize(("size", "messages"), [(1000, 2), (PIECE * 2 + 5, 5)])
def test_file_travels_in_few_pieces(size, messages):
    file = io.BytesIO(b"x" * size)

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](file, 4096)

    client = Client().ask(answer)
    assert client.body == b"x" * size
    assert len(client.sent) == messages
    assert file.closed
    assert FileWrapper.streaming
