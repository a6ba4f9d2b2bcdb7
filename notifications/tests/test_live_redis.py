"""Redis rings between processes; while it is away the database is read, and nothing is lost when it comes back."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from notifications.services.inbox import mark_read
from notifications.services.live.bell import channel
from notifications.services.live.hub import Hub
from notifications.services.live.sources import DatabaseSource, RedisSource, make_source
from notifications.tests.test_live import Ear, session_of, tell
from tests.factories import UserFactory

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("transactional_db")]


class RedisServer:
    """A Redis of its own, which can die and come back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/3"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(settings: Any, tmp_path: Path) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        if os.environ.get("ABHYAS_REQUIRE_SERVICES") == "1":
            pytest.fail("the redis-server program is not installed")
        pytest.skip("the redis-server program is not installed")
    server = RedisServer(tmp_path)
    settings.LIVE_SOURCE = server.url
    yield server
    server.kill()


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
