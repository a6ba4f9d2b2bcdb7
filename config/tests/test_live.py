"""The door of the live stream: who gets in, what the answer looks like, how it ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from config.live import serve
from notifications.services.live.hub import Hub
from notifications.services.live.sources import DatabaseSource
from notifications.tests.test_live import tell
from tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("transactional_db")
SECONDS = 20


class Page:
    """One request for the stream, and what came of it."""

    def __init__(self, session: str = "", query: str = "", method: str = "GET", **headers: str) -> None:
        given = {"host": "localhost", "cookie": f"theme=dark; sessionid={session}", **headers}
        names = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
        self.scope = {"type": "http", "method": method, "query_string": query.encode(), "headers": names}
        self.sent: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        self.gone = asyncio.Event()
        self.first = True

    async def receive(self) -> dict[str, Any]:
        if self.first:
            self.first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.came.set()

    async def gets(self, text: str) -> None:
        while text not in self.body:
            self.came.clear()
            await self.came.wait()

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


def play(scenario: Any, **limits: int) -> None:
    async def run() -> None:
        hub = Hub(DatabaseSource(), **{"limit": 10, "per_person": 6, **limits})
        try:
            async with asyncio.timeout(SECONDS):
                await scenario(hub)
        finally:
            hub.close()
            hub.threads.shutdown()

    asyncio.run(run())


def refusal(page: Page, **limits: int) -> tuple[int, str]:
    play(lambda hub: serve(hub, page.scope, page.receive, page.send), **limits)
    assert page.sent[-1]["more_body"] is False
    return page.status, json.loads(page.body)["code"]


@pytest.fixture
def person():
    return UserFactory()


@pytest.fixture
def session(person):
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def test_stream_is_fresh_unbuffered_and_ends_with_its_client(session):
    async def scenario(hub: Hub) -> None:
        page = Page(session, sec_fetch_site="same-origin")
        serving = asyncio.create_task(serve(hub, page.scope, page.receive, page.send))
        await page.gets("event: unread\ndata: 0\n\n")
        assert page.status == 200
        assert page.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert page.headers[b"cache-control"] == b"no-store"
        assert page.headers[b"x-accel-buffering"] == b"no"
        assert page.body.startswith("retry: ")
        assert hub.count == 1
        page.gone.set()
        await serving
        assert hub.count == 0

    play(scenario)


@pytest.mark.parametrize("how", ["header", "query"])
def test_what_was_missed_is_told(person, session, how):
    first, _second = tell(person, "Heard"), tell(person, "Missed")

    async def scenario(hub: Hub) -> None:
        where = {"last_event_id": str(first.pk)} if how == "header" else {"query": f"after={first.pk}"}
        page = Page(session, **where)
        serving = asyncio.create_task(serve(hub, page.scope, page.receive, page.send))
        await page.gets('"title": "Missed"')
        page.gone.set()
        await serving

    play(scenario)


def test_nonsense_after_is_nothing(session):
    async def scenario(hub: Hub) -> None:
        page = Page(session, query="after=%FF%00nonsense&after=", last_event_id="7")
        serving = asyncio.create_task(serve(hub, page.scope, page.receive, page.send))
        await page.gets("event: unread")
        page.gone.set()
        await serving

    play(scenario)


def test_signing_out_ends_the_stream_with_a_word(session):
    async def scenario(hub: Hub) -> None:
        page = Page(session)
        serving = asyncio.create_task(serve(hub, page.scope, page.receive, page.send))
        await page.gets("event: unread")
        await hub.in_thread(lambda: Session.objects.all().delete())
        await hub.check()
        await serving
        assert page.sent[-1] == {
            "type": "http.response.body",
            "body": b'event: bye\ndata: "signed out"\n\n',
            "more_body": False,
        }

    play(scenario)


def test_server_that_stops_ends_streams_at_once(session):
    async def scenario(hub: Hub) -> None:
        page = Page(session)
        serving = asyncio.create_task(serve(hub, page.scope, page.receive, page.send))
        await page.gets("event: unread")
        hub.close()
        await serving
        assert page.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

    play(scenario)


def test_strangers_are_sent_away():
    assert refusal(Page()) == (401, "signed_out")
    assert refusal(Page("made-up")) == (401, "signed_out")
    assert refusal(Page(cookie="=;sessionid")) == (401, "signed_out")


def test_only_our_pages_may_listen(session, settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    assert refusal(Page(session, sec_fetch_site="cross-site")) == (403, "foreign_page")
    assert refusal(Page(session, sec_fetch_site="same-site")) == (403, "foreign_page")
    assert refusal(Page(session, origin="https://evil.example")) == (403, "foreign_page")
    assert refusal(Page(session, host="evil.example")) == (400, "unknown_host")
    assert refusal(Page(session, method="POST")) == (405, "method_not_allowed")


def test_one_too_many_is_told_when_to_come_again(session):
    page = Page(session)
    assert refusal(page, limit=0) == (503, "too_many_streams")
    assert 20 <= int(page.headers[b"retry-after"]) <= 60
    assert "Too many pages are open" in page.body
