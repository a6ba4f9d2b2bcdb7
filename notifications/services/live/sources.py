"""Hearing: what rings the hub of this process. Which source it is, the setting LIVE_SOURCE says."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from common.broker.doorbell import Doorbell, PollingDoorbell, make_doorbell
from notifications.services.live.bell import SECONDS, TOPICS, channel

log = structlog.get_logger(__name__)


class Ring(Protocol):
    def __call__(
        self, people: AbstractSet[UUID] | None, since: float | None, topics: AbstractSet[UUID] = frozenset()
    ) -> None:
        """Rings for these people and topics; `people` None: for everybody and every topic, whose news from `since` (a
        Unix time; None: from just now) on may have been missed."""


#: How often SQLite is asked whether anything was written (microseconds of work), and any other database for its news.
TICK, POLL = 0.1, 0.5
#: Redis is asked whether it is still there after so many seconds without a word; it has as many to answer.
SILENCE = 10.0
LONGEST_PAUSE = 5.0


class Source(Protocol):
    async def listen(self, ring: Ring) -> None:
        """Rings until it is cancelled."""


def make_source(url: str | None = None) -> Source:
    url = url or settings.LIVE_SOURCE
    return RedisSource(url) if url.startswith("redis") else DatabaseSource()


class RedisSource:
    """One subscription per process. When it breaks, the database is read at every try, and once more when it is back,
    from the moment on at which Redis was last heard: so a ring that nobody heard loses nothing."""

    def __init__(self, url: str, *, silence: float = SILENCE) -> None:
        self.url, self.silence = url, silence
        self._sure = time.time()

    async def listen(self, ring: Ring) -> None:
        self._sure, pause = time.time(), 0.1
        while True:
            # Never connected again behind our back: what was said meanwhile would be missed.
            redis = Redis.from_url(
                self.url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=SECONDS, socket_keepalive=True
            )
            try:
                async with redis, redis.pubsub() as subscription:
                    await subscription.subscribe(channel(self.url), channel(self.url) + TOPICS)
                    while True:
                        await self._hear(subscription, ring)
                        pause = 0.1
            except (RedisError, OSError) as error:
                log.warning("live_source_lost", error=repr(error), again_in=round(pause, 1))
            ring(None, self._sure)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only so that not all come at once
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _hear(self, subscription: object, ring: Ring) -> None:
        """Takes one message. Raises ConnectionError when Redis does not even answer."""
        pubsub: Any = subscription
        message = await pubsub.get_message(timeout=self.silence)
        if message is None:
            await pubsub.ping()
            message = await pubsub.get_message(timeout=self.silence)
            if message is None:
                raise ConnectionError("Redis does not answer.")
        if message["type"] == "subscribe":
            ring(None, self._sure)
        elif message["type"] == "message":
            ids = {UUID(text) for text in message["data"].decode().split()}
            if message["channel"].decode().endswith(TOPICS):
                ring(frozenset(), None, ids)
            else:
                ring(ids, None)
        self._sure = time.time()


class DatabaseSource:
    """Without a server beside the database: whenever SQLite says that something was written, or every half second."""

    async def listen(self, ring: Ring) -> None:
        # The number that SQLite tells belongs to one connection, and a connection to one thread.
        thread = ThreadPoolExecutor(1, thread_name_prefix="live-bell")
        bell = make_doorbell(tick=TICK) if connection.vendor == "sqlite" else PollingDoorbell()
        sure = time.time()
        try:
            while True:
                try:
                    await asyncio.get_running_loop().run_in_executor(thread, _wait, bell)
                    heard = time.time()
                except (DatabaseError, InterfaceError) as error:
                    heard = sure
                    log.warning("live_source_lost", error=repr(error))
                    thread.submit(connection.close)
                    await asyncio.sleep(POLL)
                ring(None, sure)
                sure = heard
        finally:
            thread.submit(connection.close)
            thread.shutdown(wait=False)


def _wait(bell: Doorbell) -> None:
    bell.wait(POLL)
    # What is written from here on ends the next wait; what was written before is read now.
    bell.arm()
