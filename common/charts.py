"""Geometry of the charts that the server draws as SVG. Pure: numbers in, coordinates out, no Django."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

TICK_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Tick:
    y: float
    text: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    label: str
    text: str
    last: bool
    named: bool


@dataclass(frozen=True)
class Ahead:
    """The forecast: a band and a dotted line from the last dot to the right edge, and three labels kept apart."""

    band: str
    path: str
    x: float
    high: tuple[float, str]
    likely: tuple[float, str]
    low: tuple[float, str]


@dataclass(frozen=True)
class Trend:
    """All coordinates in the units of a `width` × `height` viewBox, y downwards."""

    width: int
    height: int
    left: float
    right: float
    bottom: float
    ticks: list[Tick]
    dots: list[Dot]
    line: str
    goal: tuple[float, str] | None = None
    ahead: Ahead | None = None
    end_x: float = field(default=0.0)


def number_text(value: float) -> str:
    """Without a needless fraction: 41.0 → 41, 41.5 → 41.5."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round values that enclose low…high, ascending, at least two."""
    if high - low < 0.01:
        low, high = low - 1, high + 1
    raw = (high - low) / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((s * power for s in TICK_STEPS if s * power >= raw - 1e-9), 10 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 6) for n in range(first, last + 1)]


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Positions in ascending order moved apart to at least `gap`, the middle one staying where it is."""
    made = list(values)
    middle = len(made) // 2
    for n in range(middle - 1, -1, -1):
        made[n] = min(made[n], made[n + 1] - gap)
    for n in range(middle + 1, len(made)):
        made[n] = max(made[n], made[n - 1] + gap)
    return made


def _range(
    points: Sequence[tuple[str, float]], goal: float | None, forecast: dict[str, float] | None, ceiling: float | None
) -> list[float]:
    values = [value for _, value in points] + ([goal] if goal is not None else [])
    values += list(forecast.values()) if forecast else []
    ticks = nice_ticks(max(0.0, min(values) - 2), max(values) + 2)
    if ceiling is not None:
        ticks = [tick for tick in ticks if tick < ceiling] + ([ceiling] if ticks[-1] >= ceiling else [])
        if len(ticks) > 2 and ticks[-1] - ticks[-2] < (ticks[1] - ticks[0]) / 2:
            del ticks[-2]
    return ticks if len(ticks) > 1 else [ticks[0] - 1, *ticks]


def _new_name(points: Sequence[tuple[str, float]], n: int) -> bool:
    return n == 0 or points[n][0] != points[n - 1][0]


def trend_geometry(
    points: Sequence[tuple[str, float]],
    *,
    width: int,
    height: int,
    goal: float | None = None,
    forecast: dict[str, float] | None = None,
    ceiling: float | None = None,
) -> Trend:
    """A line of (label, value) in time order, optionally a goal line and a forecast {low, likely, high}.

    With a forecast the measured part takes the left 55 %. Names on the axis are thinned so that they never touch.
    Raises ValueError when there is nothing to draw.
    """
    if not points:
        raise ValueError("a trend needs at least one point")
    wide = width > 500
    left, right = (34.0, width - 80.0) if wide else (24.0, width - 54.0)
    if not forecast:
        right = width - 16.0
    top, bottom = 16.0, height - (42.0 if wide else 38.0)
    ticks = _range(points, goal, forecast, ceiling)
    low, high = ticks[0], ticks[-1]

    def y(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * (bottom - top), 1)

    first, last = left + 8, (left + 8 + (right - left) * 0.54 if forecast else right - 8)
    gap = (last - first) / max(1, len(points) - 1)
    xs = [round(first + gap * n, 1) for n in range(len(points))] if len(points) > 1 else [round((first + last) / 2, 1)]
    every = max(1, math.ceil((44.0 if wide else 34.0) / gap)) if len(points) > 1 else 1
    final = len(points) - 1
    dots = [
        Dot(x, y(value), label, number_text(value), n == final, (final - n) % every == 0 and _new_name(points, n))
        for n, (x, (label, value)) in enumerate(zip(xs, points, strict=True))
    ]
    line = "M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in dots)
    return Trend(
        width,
        height,
        left,
        right,
        bottom,
        [Tick(y(tick), number_text(tick)) for tick in ticks],
        dots,
        line,
        (y(goal), number_text(goal)) if goal is not None else None,
        _ahead(dots[-1], right - 4, {key: (y(value), number_text(value)) for key, value in forecast.items()})
        if forecast
        else None,
        right - 4,
    )


def _ahead(start: Dot, end_x: float, at: dict[str, tuple[float, str]]) -> Ahead:
    reach = end_x - start.x
    a, b = round(start.x + reach * 0.45, 1), round(start.x + reach * 0.7, 1)
    high, likely, low = at["high"][0], at["likely"][0], at["low"][0]

    def bend(target: float) -> str:
        return f"C{a:g} {start.y + (target - start.y) * 0.62:.1f} {b:g} {target:g} {end_x:g} {target:g}"

    back = f"C{b:g} {low:g} {a:g} {start.y + (low - start.y) * 0.2:.1f} {start.x:g} {start.y:g}"
    labels = spread([high, likely, low], 17)
    return Ahead(
        band=f"M{start.x:g} {start.y:g}{bend(high)}V{low:g}{back}Z",
        path=f"M{start.x:g} {start.y:g}{bend(likely)}",
        x=end_x + 8,
        high=(labels[0] + 4, at["high"][1]),
        likely=(labels[1] + 4, at["likely"][1]),
        low=(labels[2] + 4, at["low"][1]),
    )
