"""The hub: who is told what, once, and who is not; streams that end; what came while nobody listened."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from notifications.models import Notification
from notifications.services.inbox import News, mark_read, notify_many
from notifications.services.live import hub as hubs
from notifications.services.live.hub import Hub, Stream, moment_of
from notifications.services.live.passes import read_pass, standing
from notifications.services.live.sources import DatabaseSource
from tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("transactional_db")
SECONDS = 20.0


class Bell:
    """A source that rings when the test says so."""

    async def listen(self, ring: Any) -> None:
        self.ring = ring
        await asyncio.Event().wait()


class Ear:
    """A client: what it has been told."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.text = ""
        self.heard = asyncio.Event()
        self.stopped = asyncio.Event()

    async def write(self, text: bytes) -> None:
        self.text += text.decode()
        self.heard.set()

    async def open(self, hub: Hub, after: Any = None) -> Stream:
        holder = await hub.in_thread(lambda: read_pass(self.session))
        assert holder is not None
        self.stream = Stream(holder, self.write, self.stopped.set)
        hub.add(self.stream)
        await hub.welcome(self.stream, after)
        await self.hears(lambda ear: "event: unread" in ear.text)
        return self.stream

    async def hears(self, condition: Callable[[Ear], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition(self):
                self.heard.clear()
                await self.heard.wait()

    def titles(self) -> list[str]:
        """Of the news heard, in their order."""
        return [data["title"] for event, data in self.events() if event == "news"]

    def unread(self) -> int:
        """The number that was told last."""
        event, data = self.events()[-1]
        return int(data["unread"] if event == "news" else data)

    def events(self) -> list[tuple[str, Any]]:
        blocks = [
            dict(line.split(": ", 1) for line in block.splitlines()) for block in self.text.split("\n\n") if block
        ]
        return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


class Listening:
    """A hub with a bell of the test's."""

    def __init__(self, hub: Hub, bell: Bell) -> None:
        self.hub, self.bell = hub, bell

    async def run(self, work: Callable[..., Any], **arguments: Any) -> Any:
        return await self.hub.in_thread(lambda: work(**arguments))

    async def ring(self, *people: Any) -> None:
        await asyncio.sleep(0)  # the hub's task takes the bell up
        self.bell.ring({person.pk for person in people}, None)


@asynccontextmanager
async def listening(limit: int = 100, per_person: int = 6) -> Any:
    bell = Bell()
    hub = Hub(bell, limit=limit, per_person=per_person)
    try:
        yield Listening(hub, bell)
    finally:
        hub.close()
        hub.threads.shutdown()


def play(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def session_of(person: Any) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def tell(person: Any, title: str) -> Notification:
    news = News(user_id=person.pk, kind="paper_assigned", cause=title, title=title, url="/queue/")
    notify_many([news], now=timezone.now())
    return Notification.objects.get(user=person, cause=title)


@pytest.fixture
def person():
    return UserFactory()


@pytest.fixture
def session(person):
    return session_of(person)


def test_news_is_told_once_to_its_person_alone(person, session):
    stranger = UserFactory()
    others = session_of(stranger)

    async def scenario():
        async with listening() as live:
            ear, tab, other = Ear(session), Ear(session), Ear(others)
            for one in (ear, tab, other):
                await one.open(live.hub)
            made = await live.run(tell, person=person, title="A paper to mark")
            for _ in range(3):
                await live.ring(person, stranger)
            await ear.hears(lambda ear: bool(ear.titles()))
            await live.run(tell, person=person, title="Another")
            await live.ring(person, stranger)
            for one in (ear, tab):
                await one.hears(lambda ear: len(ear.titles()) == 2)
                assert one.titles() == ["A paper to mark", "Another"]
            facts = {
                "id": str(made.pk),
                "kind": "paper_assigned",
                "title": "A paper to mark",
                "url": "/queue/",
                "unread": 1,
            }
            assert ear.events()[1] == ("news", facts)
            assert f"id: {made.pk}\n" in ear.text
            assert other.titles() == []
            assert other.unread() == 0

    play(scenario())


def test_reading_elsewhere_lowers_the_number(person, session):
    tell(person, "Old")

    async def scenario():
        async with listening() as live:
            ear = Ear(session)
            await ear.open(live.hub)
            assert ear.unread() == 1
            await live.run(mark_read, user=person, now=timezone.now())
            await live.ring(person)
            await ear.hears(lambda ear: ear.unread() == 0)
            assert ear.titles() == []

    play(scenario())


def test_whoever_comes_again_is_told_what_came_meanwhile(person, session, monkeypatch):
    heard = tell(person, "Heard")
    tell(person, "Missed")

    async def scenario():
        async with listening() as live:
            ear, fresh = Ear(session), Ear(session)
            await ear.open(live.hub, after=heard.pk)
            await fresh.open(live.hub)
            assert ear.titles() == ["Missed"]
            assert fresh.titles() == []
            # A row that was made before the last one heard of, and committed after it.
            late = await live.run(tell, person=person, title="Late")
            early = heard.pk.int - (5_000 << 80)
            await live.run(Notification.objects.filter(pk=late.pk).update, id=type(heard.pk)(int=early))
            again = Ear(session)
            await again.open(live.hub, after=heard.pk)
            assert again.titles() == ["Late", "Missed"]

    play(scenario())


def test_a_day_is_the_longest_that_is_made_up_for(person, session):
    old = tell(person, "Old")
    long_ago = old.pk.int - (int(timedelta(days=2).total_seconds() * 1000) << 80)
    Notification.objects.filter(pk=old.pk).update(id=type(old.pk)(int=long_ago))
    tell(person, "New")

    async def scenario():
        async with listening() as live:
            ear = Ear(session)
            await ear.open(live.hub, after=type(old.pk)(int=long_ago - 1))
            assert ear.titles() == ["New"]

    play(scenario())


def test_one_stream_too_many_ends_the_oldest(person, session):
    async def scenario():
        async with listening(per_person=2) as live:
            ears = [Ear(session) for _ in range(3)]
            for ear in ears:
                await ear.open(live.hub)
            await ears[0].stopped.wait()
            assert ears[0].stream.farewell == b'event: bye\ndata: "elsewhere"\n\n'
            assert not ears[1].stopped.is_set()
            assert not live.hub.is_full
            live.hub.limit = 3
            assert live.hub.is_full

    play(scenario())


@pytest.mark.parametrize("end", ["signed out", "expired", "new password", "left"])
def test_stream_of_an_ended_session_ends(person, session, end):
    stayed = session_of(UserFactory())

    def finish() -> None:
        if end == "signed out":
            Session.objects.filter(session_key=session).delete()
        elif end == "expired":
            Session.objects.filter(session_key=session).update(expire_date=timezone.now() - timedelta(minutes=1))
        elif end == "new password":
            person.set_password("something quite different")
            person.save()
        else:
            type(person).objects.filter(pk=person.pk).update(is_active=False)

    async def scenario():
        async with listening() as live:
            ear, other = Ear(session), Ear(stayed)
            await ear.open(live.hub)
            await other.open(live.hub)
            await live.hub.check()
            assert not ear.stopped.is_set()
            await live.run(finish)
            await live.hub.check()
            assert ear.stopped.is_set()
            assert b"signed out" in ear.stream.farewell
            assert not other.stopped.is_set()

    play(scenario())


def test_no_pass_without_a_session_of_somebody_active(person, session):
    holder = read_pass(session)
    assert holder is not None
    assert standing([holder]) == {holder}
    assert read_pass("") is None
    assert read_pass("made-up") is None
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    assert read_pass(session) is None


def test_client_that_takes_nothing_is_let_go(person, session):
    async def scenario():
        async with listening() as live:
            ear, stuck = Ear(session), Ear(session)
            await ear.open(live.hub)
            await stuck.open(live.hub)
            stuck.write = None
            blocked = asyncio.Event()

            async def wait_for_ever(text: bytes) -> None:
                await blocked.wait()

            stuck.stream._write = wait_for_ever
            for _ in range(hubs.WAITING + 2):
                stuck.stream.tell(hubs.PING)
                await asyncio.sleep(0)
            assert stuck.stopped.is_set()
            await live.run(tell, person=person, title="News")
            await live.ring(person)
            await ear.hears(lambda ear: ear.titles() == ["News"])

    play(scenario())


def test_nothing_is_heard_while_nobody_listens_and_nothing_opens_after_the_end(session):
    async def scenario():
        async with listening() as live:
            ear = Ear(session)
            stream = await ear.open(live.hub)
            tasks = list(live.hub.tasks)
            assert tasks
            live.hub.remove(stream)
            await asyncio.wait(tasks)
            assert live.hub.count == 0
            assert live.hub.tasks == []
            again = Ear(session)
            await again.open(live.hub)
            live.hub.close()
            assert again.stopped.is_set()
            assert live.hub.is_full

    play(scenario())


def test_ring_is_answered_after_the_database_failed(person, session, monkeypatch):
    reading, failures = hubs.live_inboxes, ["once"]

    def fail_once(**arguments):
        if failures and arguments["people"]:
            failures.pop()
            raise RuntimeError("no database")
        return reading(**arguments)

    async def scenario():
        async with listening() as live:
            ear = Ear(session)
            await ear.open(live.hub)
            monkeypatch.setattr(hubs, "live_inboxes", fail_once)
            await live.run(tell, person=person, title="News")
            await live.ring(person)
            await ear.hears(lambda ear: ear.titles() == ["News"])
            assert failures == []

    play(scenario())


def test_database_alone_brings_news_within_a_second(person, session):
    async def scenario():
        hub = Hub(DatabaseSource(), limit=10, per_person=6)
        try:
            ear = Ear(session)
            await ear.open(hub)
            began = time.monotonic()
            many = [
                News(user_id=person.pk, kind="paper_moved", cause=str(number), title="Moved") for number in range(3)
            ]
            await hub.in_thread(lambda: notify_many(many, now=timezone.now()))
            await ear.hears(lambda ear: len(ear.titles()) == 3)
            assert time.monotonic() - began < 10
            await hub.in_thread(lambda: mark_read(user=person, now=timezone.now()))
            await ear.hears(lambda ear: ear.unread() == 0)
        finally:
            hub.close()
            hub.threads.shutdown()

    play(scenario())


def test_an_id_tells_its_moment(person):
    assert abs(moment_of(tell(person, "Now").pk) - time.time()) < 60
