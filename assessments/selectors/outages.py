"""How much writing time an outage took, from what the device measured and what the server saw. Pure.

A spell is what a device says. It counts only inside the time for writing, only where the server heard nothing from the
student meanwhile, and only what no other credit has made up for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import pairwise

Span = tuple[datetime, datetime]

# A sign of life so near to an end of a spell is what began or ended it.
NEAR = timedelta(seconds=3)


def length(spans: Iterable[Span]) -> timedelta:
    return sum((end - begin for begin, end in spans), timedelta())


def within(span: Span, windows: Iterable[Span]) -> list[Span]:
    """The parts of `span` inside `windows`, which do not overlap."""
    cut = [(max(span[0], begin), min(span[1], end)) for begin, end in windows]
    return [(begin, end) for begin, end in cut if begin < end]


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of `spans` when `taken` is cut out."""
    left = list(spans)
    for begin, end in taken:
        left = [
            piece
            for one in left
            for piece in ((one[0], min(one[1], begin)), (max(one[0], end), one[1]))
            if piece[0] < piece[1]
        ]
    return left


def longest_silence(span: Span, signs: Iterable[datetime]) -> Span:
    """The longest part of `span` in which there was no sign of life; signs at its very ends do not count."""
    inner = sorted(sign for sign in signs if span[0] + NEAR < sign < span[1] - NEAR)
    moments = [span[0], *inner, span[1]]
    return max(pairwise(moments), key=lambda pair: pair[1] - pair[0])


def lost_spans(
    span: Span, *, windows: Iterable[Span], signs: Collection[datetime], credited: Iterable[Span]
) -> list[Span]:
    """Which parts of the spell `span` cost writing time and are not made up for."""
    if span[0] >= span[1]:
        return []
    return without(within(longest_silence(span, signs), windows), credited)


def whole_minutes(lost: timedelta) -> int:
    """In the student's favour: begun minutes are given whole."""
    return math.ceil(lost / timedelta(minutes=1))
