"""The door of the live stream, `/live/`: Server-Sent Events, answered without Django's request and response, so that an
open page costs kilobytes. What is streamed are hints (see notifications.services.live); pages fetch what they show.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.views.decorators.http import require_GET

from common.errors import PROBLEM_TYPE, problem_body
from config.bridge import Message, Receive, Scope, Send
from notifications.services.live.hub import MOST_TOPICS, REFUSED, Hub, Stream
from notifications.services.live.passes import read_pass

PATH = "/live/"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would keep events until it has a page of them.
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
#: Seconds for the last words to a client that may not be reading.
LAST_WORDS = 1.0


@login_not_required
@require_GET
def no_stream(request: HttpRequest) -> HttpResponse:
    """Where pages are served by WSGI alone there is no stream; 204 says so without an error on the page."""
    return HttpResponse(status=204)


class Refusal(Exception):
    """Why there is no stream: a status, a code and a sentence."""

    def __init__(self, status: int, code: str, sentence: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.headers = status, code, sentence, headers or []


async def serve(hub: Hub, scope: Scope, receive: Receive, send: Send) -> None:
    """Holds one stream open until the client goes, the session ends or the server stops."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        check(hub, scope, headers)
        holder = await hub.in_thread(lambda: read_pass(session_key(headers)))
        if holder is None:
            raise Refusal(401, "signed_out", "Sign in to hear your news.")
        if hub.is_full:
            raise full()
    except Refusal as refusal:
        await refuse(send, refusal)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})

    async def write(text: bytes) -> None:
        await send(piece(text))

    task = asyncio.current_task()
    assert task is not None
    stream = Stream(holder, write, task.cancel)
    hub.add(stream)
    try:
        # When a server comes back, not all come in the same moment.
        stream.tell(b"retry: %d\n\n" % random.randint(2000, 6000))  # noqa: S311
        await hub.welcome(stream, came_after(scope, headers))
        await hub.follow(stream, asked_topics(scope))
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    except asyncio.CancelledError:
        if not stream.ended:
            raise
        task.uncancel()
    finally:
        hub.remove(stream)
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            await send(piece(stream.farewell, more=False))


def piece(text: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": text, "more_body": more}


def check(hub: Hub, scope: Scope, headers: dict[str, str]) -> None:
    """Raises Refusal for what is no page of ours, and where no more streams can be held."""
    host = headers.get("host", "")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        raise Refusal(400, "unknown_host", "This site is not known by that name.")
    if scope["method"] != "GET":
        raise Refusal(405, "method_not_allowed", "The live stream is only read.", [(b"allow", b"GET")])
    # What names neither sends no cookie from a foreign page either (SameSite).
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site != "same-origin" if site else origin and urlsplit(origin).netloc != host:
        raise Refusal(403, "foreign_page", "Only our own pages may hear the live stream.")
    if hub.is_full:
        raise full()


def full() -> Refusal:
    REFUSED.inc()
    wait = str(random.randint(20, 60)).encode()  # noqa: S311 - not all in the same moment
    sentence = "Too many pages are open just now; news comes when pages are loaded."
    return Refusal(503, "too_many_streams", sentence, [(b"retry-after", wait)])


def session_key(headers: dict[str, str]) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    return cookie.value if cookie else ""


def came_after(scope: Scope, headers: dict[str, str]) -> UUID | None:
    """The last notification that the client knows: what its browser says, else its page."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("after", [""])[0]
    try:
        return UUID(headers.get("last-event-id") or asked)
    except ValueError:
        return None


def asked_topics(scope: Scope) -> set[UUID]:
    """What the page wants to hear besides its person's news: `?topics=` with ids between commas."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("topics", [""])[0]
    found = set()
    for text in asked.split(",")[:MOST_TOPICS]:
        with suppress(ValueError):
            found.add(UUID(text))
    return found


async def refuse(send: Send, refusal: Refusal) -> None:
    body: dict[str, Any] = problem_body(refusal.status, refusal.sentence, refusal.code)
    head = [(b"content-type", PROBLEM_TYPE.encode()), (b"cache-control", b"no-store"), *refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": head})
    await send(piece(json.dumps(body).encode(), more=False))
