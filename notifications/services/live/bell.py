"""Ringing: telling every web process that something changed in somebody's inbox. Nobody relies on being rung for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

# So many people in one message.
BATCH = 500
#: The channel of topics is the other's with this behind it: a process of an older release does not hear it.
TOPICS = ":topics"
# Whoever commits waits so long for a Redis that says nothing.
SECONDS = 0.5


def ring(people: Iterable[UUID]) -> None:
    """Rings for these people after the commit. Where the database itself is listened to, there is nothing to do."""
    ids = [person.hex for person in people]
    if ids and settings.LIVE_SOURCE.startswith("redis"):
        transaction.on_commit(partial(_publish, ids), robust=True)


def ring_topics(topics: Iterable[UUID]) -> None:
    """Rings, after the commit, for whoever listens to these topics."""
    ids = [topic.hex for topic in topics]
    if ids and settings.LIVE_SOURCE.startswith("redis"):
        transaction.on_commit(partial(_publish, ids, TOPICS), robust=True)


def channel(url: str) -> str:
    """The channel of an installation: Redis has one set of channels for all of its numbered databases."""
    return f"abhyas:live:{urlsplit(url).path.strip('/') or '0'}"


def _publish(ids: list[str], suffix: str = "") -> None:
    url = settings.LIVE_SOURCE
    try:
        for start in range(0, len(ids), BATCH):
            _client(url).publish(channel(url) + suffix, " ".join(ids[start : start + BATCH]))
    except (RedisError, OSError) as error:
        # Whoever listens cannot hear either, and reads the database when Redis is back.
        log.warning("live_not_rung", ids=len(ids), error=repr(error))


@cache
def _client(url: str) -> Redis:
    # One more try: a connection that was open when Redis was restarted fails once.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, retry=retry)
