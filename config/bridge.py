"""Answers ASGI requests with a WSGI application: it runs in threads of our own, one hop there and one hop back.

Our own because a2wsgi hops four times for every answer, gives each request a new context (and so a new connection to
Redis), takes a body that breaks off for a whole one and joins split cookies with a comma (docs/decisions/0016).
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Start = tuple[int, Headers]

#: A body of at most so many bytes is awaited before a thread is taken: a slow phone holds no thread.
WHOLE_BODY = 256 * 1024
#: A file of at most so many bytes travels in one piece, a larger one in pieces of this size.
PIECE = 256 * 1024


class Gone(OSError):
    """The client went away before its request was read. An OSError, which Django takes for just that."""


class FileWrapper:
    """What Django hands a file over in; see `wsgi.file_wrapper` of PEP 3333."""

    streaming = True

    def __init__(self, file: Any, block_size: int = PIECE) -> None:
        self.file = file

    def __iter__(self) -> Iterable[bytes]:
        return iter(lambda: self.file.read(PIECE), b"")

    def close(self) -> None:
        self.file.close()


class IncomingBody(io.RawIOBase):
    """A large body, read from a thread as it comes. Raises Gone where it breaks off."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive, self._loop = receive, loop
        self._rest, self._more = b"", True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and self._more:
            message = asyncio.run_coroutine_threadsafe(_next(self._receive), self._loop).result()
            self._rest, self._more = message.get("body", b""), message.get("more_body", False)
        piece = self._rest[: len(buffer)]
        buffer[: len(piece)] = piece
        self._rest = self._rest[len(piece) :]
        return len(piece)


@dataclass(frozen=True)
class Answer:
    """What one request came to; `body` None: it has been streamed already."""

    status: int
    headers: Headers
    body: bytes | None


class Bridge:
    """An ASGI application that asks `application`, at most `threads` requests at a time; the others wait in a queue."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        environ = make_environ(scope)
        try:
            environ["wsgi.input"] = await _body(environ, receive, loop)
        except Gone:
            return
        exchange = Exchange(self.application, receive, send, loop)
        answer = await loop.run_in_executor(self.threads, exchange.answer, environ)
        if answer.body is not None:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body or b"", "more_body": False})


class Exchange:
    """One request and its answer, worked on in a thread."""

    def __init__(
        self, application: Callable[..., Any], receive: Receive, send: Send, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.application = application
        self._receive, self._send, self._loop = receive, send, loop
        self._start: Start = (500, [])
        self._gone = False

    def answer(self, environ: dict[str, Any]) -> Answer:
        content = self.application(environ, self._start_response)
        try:
            if not getattr(content, "streaming", False):
                return Answer(*self._start, b"".join(content))
            return self._stream(content)
        finally:
            if hasattr(content, "close"):
                content.close()

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self._start = (
            int(status[:3]),
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        )

    def _stream(self, content: Iterable[bytes]) -> Answer:
        pieces = iter(content)
        status, headers = self._start
        first = next(pieces, b"")
        # A file that fits into one piece.
        if isinstance(content, FileWrapper) and len(first) < PIECE:
            return Answer(status, headers, first + b"".join(pieces))
        watch = asyncio.run_coroutine_threadsafe(self._watch(), self._loop)
        try:
            self._tell({"type": "http.response.start", "status": status, "headers": headers})
            self._tell({"type": "http.response.body", "body": first, "more_body": True})
            for piece in pieces:
                if self._gone:
                    break
                self._tell({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            watch.cancel()
        return Answer(status, headers, None)

    def _tell(self, message: Message) -> None:
        """Sends and waits until the server takes more: a slow client slows the stream, not the memory."""

        async def send() -> None:
            await self._send(message)

        asyncio.run_coroutine_threadsafe(send(), self._loop).result()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True


def make_environ(scope: Scope) -> dict[str, Any]:
    """The WSGI environment of an ASGI scope, without `wsgi.input`."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    raw = scope.get("raw_path") or scope["path"].encode()
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw.partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for raw_name, raw_value in scope["headers"]:
        # As a variable, X_Forwarded_Proto would be the header that only our proxy may set.
        if b"_" in raw_name:
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        known = environ.get(key)
        environ[key] = value if known is None else f"{known}{'; ' if name == 'COOKIE' else ','}{value}"
    return environ


async def _body(environ: dict[str, Any], receive: Receive, loop: asyncio.AbstractEventLoop) -> Any:
    """The request's body as a file. Raises Gone."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdigit() or length == "0":
        return io.BytesIO()
    if int(length) > WHOLE_BODY:
        return io.BufferedReader(IncomingBody(receive, loop), PIECE)
    parts, more = [], True
    while more:
        message = await _next(receive)
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return io.BytesIO(b"".join(parts))


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone("The client went away.")
    return message
