"""Geometry of the charts of work ahead: what is open against what may be, load against capacity. Pure, no Django."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from common.charts import nice_ticks, number_text


@dataclass(frozen=True)
class Mark:
    """A label at a coordinate of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Frame:
    """The drawing space inside a `width` × `height` viewBox, y downwards; `scale`: units for 1. `ticks` of the y axis,
    `names` of the x axis."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    scale: float
    ticks: tuple[Mark, ...]
    names: tuple[Mark, ...]


@dataclass(frozen=True)
class BurnDown:
    """`expected` and `allowed` are lines, `over` the area in which the first is above the second, empty when never."""

    frame: Frame
    expected: str
    allowed: str
    over: str


@dataclass(frozen=True)
class Column:
    """Two bars side by side from the bottom; `is_over`: the first is the higher one."""

    x: float
    width: float
    first: float
    second: float
    is_over: bool


@dataclass(frozen=True)
class Columns:
    frame: Frame
    columns: tuple[Column, ...]


def frame_of(highest: float, names: Sequence[tuple[float, str]], *, width: int, height: int, letters: int = 6) -> Frame:
    """`names`: (share of the width 0…1, text), thinned so that labels of so many letters never touch."""
    left, right, top, bottom = 34.0, width - 10.0, 14.0, height - 28.0
    ticks = [tick for tick in nice_ticks(0, max(1.0, highest), 4) if tick == int(tick)]
    scale = (bottom - top) / max(ticks[-1], highest)
    room = (right - left) / max(1, len(names))
    every = max(1, math.ceil(letters * 7.5 / room))
    marks = [Mark(round(left + share * (right - left), 1), text) for share, text in names[::every]]
    lines = [Mark(round(bottom - tick * scale, 1), number_text(tick)) for tick in ticks]
    return Frame(width, height, left, right, top, bottom, scale, tuple(lines), tuple(marks))


def burn_down(
    expected: Sequence[float], allowed: Sequence[float], names: Sequence[tuple[int, str]], *, width: int, height: int
) -> BurnDown:
    """Two lines of the same length over equal steps, both starting at the left edge; `names`: (step, text).

    Raises ValueError when there are fewer than two points or the lengths differ.
    """
    if len(expected) < 2 or len(expected) != len(allowed):
        raise ValueError("a burn-down needs two lines of at least two points")
    last = len(expected) - 1
    frame = frame_of(
        max(*expected, *allowed), [(step / last, text) for step, text in names], width=width, height=height
    )

    def points(line: Sequence[float]) -> list[tuple[float, float]]:
        reach = (frame.right - frame.left) / last
        return [
            (round(frame.left + reach * n, 1), round(frame.bottom - v * frame.scale, 1)) for n, v in enumerate(line)
        ]

    high = points([max(pair) for pair in zip(expected, allowed, strict=True)])
    low = points(allowed)
    over = path_of(high) + path_of(low[::-1]).replace("M", "L", 1) + "Z" if high != low else ""
    return BurnDown(frame, path_of(thinned(points(expected))), path_of(thinned(low)), over)


def columns(pairs: Sequence[tuple[float, float]], names: Sequence[str], *, width: int, height: int) -> Columns:
    """One pair of bars for each name. Raises ValueError without any."""
    if not pairs or len(pairs) != len(names):
        raise ValueError("columns need a name for each pair")
    count = len(pairs)
    labels = [((n + 0.5) / count, name) for n, name in enumerate(names)]
    frame = frame_of(max(max(pair) for pair in pairs), labels, width=width, height=height)
    room = (frame.right - frame.left) / count
    bar = round(min(22.0, room * 0.36), 1)
    made = [
        Column(
            x=round(frame.left + room * (n + 0.5), 1),
            width=bar,
            first=round(first * frame.scale, 1),
            second=round(second * frame.scale, 1),
            is_over=first > second,
        )
        for n, (first, second) in enumerate(pairs)
    ]
    return Columns(frame, tuple(made))


def path_of(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without the points in the middle of a level stretch: a line of 500 hours that mostly stand still stays short."""
    kept = [
        point
        for n, point in enumerate(points)
        if n in (0, len(points) - 1) or not points[n - 1][1] == point[1] == points[n + 1][1]
    ]
    return kept
