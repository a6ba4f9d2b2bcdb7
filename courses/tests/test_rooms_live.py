"""A room over Redis and the hub: everybody hears everything in its order, also who was cut off; who may not listen does
not. The large version, over HTTP: `python -m tests.bench.rooms`."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from common.testing.redis_server import RedisServer, redis_server  # noqa: F401
from courses.models import Enrolment, Room
from courses.selectors.rooms import since
from courses.services.rooms.live import RoomTopics
from courses.services.rooms.posting import say
from courses.tests.test_rooms import make_room
from notifications.services.live.hub import Hub
from notifications.services.live.sources import RedisSource
from notifications.tests.test_live import Ear, session_of
from tests.factories import StudentFactory, TeacherFactory

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("transactional_db")]
PEOPLE, MESSAGES, SECONDS = 24, 72, 30.0


@pytest.fixture
def redis(settings: Any, redis_server: RedisServer) -> RedisServer:  # noqa: F811
    settings.LIVE_SOURCE = redis_server.url
    return redis_server


class Page(Ear):
    """As static/js/room.js: takes what follows what it has, asks for what it misses."""

    def __init__(self, session: str, room: Room) -> None:
        super().__init__(session)
        self.room, self.seq, self.shown = room, 0, []

    async def enter(self, hub: Hub) -> None:
        self.text = ""
        await self.open(hub)
        await hub.follow(self.stream, {self.room.pk})

    def read(self) -> None:
        for event, facts in self.events():
            if event != "room":
                continue
            if "messages" in facts and facts["from"][0] <= self.seq:
                self.take([row["seq"] for row in facts["messages"]])
            elif facts["seq"] > self.seq:
                self.take([row.seq for row in since(self.room, seq=self.seq, change=0, most=1000).messages])
        self.text = ""

    def take(self, numbers: list[int]) -> None:
        for seq in numbers:
            if seq > self.seq:
                self.shown.append(seq)
                self.seq = seq


def talk(room: Room, people: list[Any], first: int) -> None:
    for number in range(first, first + MESSAGES // 3):
        person = people[number % len(people)]
        say(room=room, source=f"No. {number}", client_id=uuid4(), actor=person, now=timezone.now())


def test_a_crowd_hears_everything_once_and_in_order_also_who_was_cut_off(redis: RedisServer) -> None:
    people = [StudentFactory() for _ in range(PEOPLE)]
    room = make_room(TeacherFactory(), *people)
    pages = [Page(session_of(person), room) for person in people]

    async def scenario() -> None:
        hub = Hub(RedisSource(redis.url, silence=2.0), limit=100, per_person=6, topics=RoomTopics())
        try:
            for page in pages:
                await page.enter(hub)
            for third in range(3):
                cut = pages[3 * third : 3 * third + 3] if third else []
                for page in cut:
                    await hub.in_thread(page.read)
                    hub.remove(page.stream)
                await hub.in_thread(lambda third=third: talk(room, people, third * MESSAGES // 3))
                for page in cut:
                    await page.enter(hub)
            async with asyncio.timeout(SECONDS):
                while any(page.seq < MESSAGES for page in pages):
                    await asyncio.sleep(0.05)
                    for page in pages:
                        await hub.in_thread(page.read)
        finally:
            hub.close()
            hub.threads.shutdown()

    asyncio.run(scenario())
    assert all(page.shown == list(range(1, MESSAGES + 1)) for page in pages)


def test_who_has_left_hears_no_more(redis: RedisServer) -> None:
    student, stranger = StudentFactory(), StudentFactory()
    room = make_room(TeacherFactory(), student)
    inside, outside = Page(session_of(student), room), Page(session_of(stranger), room)

    async def scenario() -> None:
        hub = Hub(RedisSource(redis.url, silence=2.0), limit=10, per_person=6, topics=RoomTopics())
        try:
            await inside.enter(hub)
            await outside.enter(hub)
            assert '"seq":0' in inside.text
            assert "event: room" not in outside.text
            await hub.in_thread(lambda: Enrolment.objects.filter(student=student).update(state="left"))
            await hub.check()
            await inside.hears(lambda page: '"bye":true' in page.text)
            assert not inside.stream.topics
        finally:
            hub.close()
            hub.threads.shutdown()

    asyncio.run(scenario())
