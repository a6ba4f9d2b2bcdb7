"""The cache on Redis, which the product can do without: while it cannot be reached, something else stands in.

For the default cache that is the process's own memory, so limits still hold, if for each process by itself. For
sessions it is nothing: they are read from their table, as what one process remembers of a session another may have
changed. A Redis that refuses is asked again after ASK_AGAIN, so only one request in a while waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)
ASK_AGAIN = 2.0  # seconds
# Connecting, and an answer. One retry: a connection that was open when Redis was restarted fails once.
OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 2, "retry": Retry(NoBackoff(), 1)}
METHODS = ("add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear")
Method = Callable[..., Any]


class SteadyRedisCache(RedisCache):
    """Django's cache on Redis, with `aside` while Redis cannot be reached (all processes' caches for themselves)."""

    _lost_until = 0.0  # of the whole process

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**OPTIONS, **params.get("OPTIONS", {})}})
        self.aside = self.make_aside(params)

    def make_aside(self, params: dict[str, Any]) -> BaseCache:
        return LocMemCache("while-redis-is-away", params)


def _steady(name: str) -> Method:
    asked: Method = getattr(RedisCache, name)

    def method(self: SteadyRedisCache, *args: Any, **kwargs: Any) -> Any:
        if monotonic() >= SteadyRedisCache._lost_until:
            try:
                return asked(self, *args, **kwargs)
            except (RedisError, OSError) as error:
                SteadyRedisCache._lost_until = monotonic() + ASK_AGAIN
                log.warning("cache_away", error=repr(error))
        return getattr(self.aside, name)(*args, **kwargs)

    return method


for _name in METHODS:
    setattr(SteadyRedisCache, _name, _steady(_name))


class SessionRedisCache(SteadyRedisCache):
    def make_aside(self, params: dict[str, Any]) -> BaseCache:
        return DummyCache("", params)
