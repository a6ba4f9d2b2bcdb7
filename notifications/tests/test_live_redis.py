"""Redis rings between processes; while it is away the database is read, and nothing is lost when it comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.utils import timezone

from common.testing.redis_server import RedisServer, redis_server  # noqa: F401
from notifications.services.inbox import mark_read
from notifications.services.live.bell import channel
from notifications.services.live.hub import Hub
from notifications.services.live.sources import DatabaseSource, RedisSource, make_source
from notifications.tests.test_live import Ear, session_of, tell
from tests.factories import UserFactory

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def redis(settings: Any, redis_server: RedisServer) -> RedisServer:  # noqa: F811
    settings.LIVE_SOURCE = redis_server.url
    return redis_server


def test_rings_reach_the_streams_and_an_outage_loses_nothing(redis):
    person = UserFactory()
    session = session_of(person)

    async def scenario() -> None:
        hub = Hub(RedisSource(redis.url, silence=1.0), limit=10, per_person=6)
        ear = Ear(session)
        try:
            await ear.open(hub)
            await hub.in_thread(lambda: tell(person, "By Redis"))
            await ear.hears(lambda ear: "By Redis" in ear.titles())
            await asyncio.to_thread(redis.kill)
            await hub.in_thread(lambda: tell(person, "Without Redis"))
            await ear.hears(lambda ear: "Without Redis" in ear.titles())
            await asyncio.to_thread(redis.start)
            await hub.in_thread(lambda: tell(person, "Back"))
            await ear.hears(lambda ear: "Back" in ear.titles())
            await hub.in_thread(lambda: mark_read(user=person, now=timezone.now()))
            await ear.hears(lambda ear: ear.unread() == 0)
            assert ear.titles() == ["By Redis", "Without Redis", "Back"]
        finally:
            hub.close()
            hub.threads.shutdown()

    asyncio.run(scenario())


def test_setting_names_the_source(settings):
    settings.LIVE_SOURCE = "database://"
    assert isinstance(make_source(), DatabaseSource)
    settings.LIVE_SOURCE = "redis://127.0.0.1:6379/7"
    assert isinstance(make_source(), RedisSource)
    assert channel("redis://:secret@redis:6379/7") == "abhyas:live:7"
    assert channel("rediss://redis") == "abhyas:live:0"
