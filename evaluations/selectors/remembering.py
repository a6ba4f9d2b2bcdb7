"""Counts over the whole queue: counted anew each time, unless that takes long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")
#: Seconds. What is counted in less is not kept.
QUICK = 0.15
#: What took long is kept so many times as long, so that it costs a twentieth of one processor at most; in seconds.
SHARE, LONGEST = 20, 60


def remembered(name: str, count: Callable[[], T], *, now: datetime) -> tuple[T, datetime]:
    """What `count()` gives, plain data, and of when it is. When it is time to count again, one person waits for that;
    others are told what was counted last."""
    kept: tuple[T, datetime] | None = cache.get(f"counted:{name}")
    if kept is not None and (cache.get(f"counted:{name}:fresh") or not cache.add(f"counted:{name}:turn", 1, LONGEST)):
        return kept[0], kept[1]
    began = perf_counter()
    found = count()
    took = perf_counter() - began
    if took > QUICK:
        cache.set(f"counted:{name}", (found, now), 4 * LONGEST)
        cache.set(f"counted:{name}:fresh", 1, min(LONGEST, SHARE * took))
    cache.delete(f"counted:{name}:turn")
    return found, now
