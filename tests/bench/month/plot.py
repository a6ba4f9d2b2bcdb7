"""The picture of a month as SVG: promises kept by day, the queue, load against capacity, and how true the forecast was.
Colours for paper of any brightness, as in evaluations/services/simulation_plot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from common.charts import nice_ticks
from evaluations.services.simulation_plot import INK, LEFT, RIGHT, WIDTH, Frame, _axes, _below
from tests.bench.month.draw import FIRST, KINDS, TRUE, TYPE_FACTOR, World

COLOURS = {
    "random": "#9aa0a8", "least": "#d0702f", "minutes": "#b58900",
    "still": "#7a5fc0", "ours": "#3f83d6", "pressed": "#2f9e6e",
}  # fmt: skip
HEIGHT, TALL, GAP = 1220, 190.0, 300.0
DAY = timedelta(days=1)


def plot(outcomes: Sequence[dict[str, Any]], world: World) -> str:
    tops = [60 + GAP * n for n in range(4)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f"<title>{world.options.papers:,} papers in {world.options.days} days, by strategy</title>",
        *_kept(outcomes, world, tops[0]),
        *_queue(outcomes, world, tops[1]),
        *_load(world, tops[2]),
        *_calibration(outcomes, tops[3]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _kept(outcomes: Sequence[dict[str, Any]], world: World, top: float) -> list[str]:
    days = world.options.days
    frame = Frame(top, top + TALL, 0, days - 1, 0, 100)
    parts = [*_axes(frame, [0, 25, 50, 75, 100], "Promises kept, % of the papers of a day", ""), *_days(frame, days)]
    for one in outcomes:
        points = [(float(n), 100 * row["kept"]) for n, row in enumerate(one["by_day"]) if row["papers"]]
        parts.append(_line(frame, points, COLOURS[one["strategy"]]))
    return [*parts, *_legend([one["strategy"] for one in outcomes], top - 24)]


def _queue(outcomes: Sequence[dict[str, Any]], world: World, top: float) -> list[str]:
    hours = world.options.days * 24
    most = max(max(one["open_by_hour"][:hours], default=1) for one in outcomes)
    ticks = nice_ticks(0, max(1, most))
    frame = Frame(top, top + TALL, 0, hours - 1, 0, ticks[-1])
    parts = [*_axes(frame, ticks, "Papers waiting or being marked", ""), *_days(frame, world.options.days, 24)]
    for one in outcomes:
        points = [(float(n), float(count)) for n, count in enumerate(one["open_by_hour"][:hours])]
        parts.append(_line(frame, points, COLOURS[one["strategy"]]))
    return parts


def _load(world: World, top: float) -> list[str]:
    """By day: the hours for which teachers are there, and the work of an average teacher that comes."""
    days = world.options.days
    there, came = [0.0] * days, [0.0] * days
    for teacher in world.teachers:
        for begins, ends in teacher.spans:
            if begins < world.end:
                there[(begins - world.start) // DAY] += (ends - begins).total_seconds() / 3600
    for paper in world.papers:
        work = sum(TRUE * TYPE_FACTOR[kind] * marks for kind, marks in KINDS[paper.kind][1])
        came[(paper.at - world.start) // DAY] += work / 3600
    ticks = nice_ticks(0, max(*there, *came))
    frame = Frame(top, top + TALL, -0.5, days - 0.5, 0, ticks[-1])
    parts = [
        *_axes(frame, ticks, "Hours of teachers (grey) and of work that came (blue), by day", ""),
        *_days(frame, days),
    ]
    wide = (RIGHT - LEFT) / days * 0.4
    for n in range(days):
        for shift, value, colour in ((-wide, there[n], COLOURS["random"]), (0.0, came[n], COLOURS["ours"])):
            x, y = frame.x(n) + shift, frame.y(value)
            size = f'width="{wide:.1f}" height="{frame.bottom - y:g}"'
            parts.append(f'<rect x="{x:g}" y="{y:g}" {size} fill="{colour}"/>')
    return parts


def _calibration(outcomes: Sequence[dict[str, Any]], top: float) -> list[str]:
    frame = Frame(top, top + TALL, 0, 100, 0, 100)
    parts = [
        *_axes(
            frame, [0, 25, 50, 75, 100], "Came late, % (four hours after it was said)", "Said: chance of being late, %"
        ),
        *(_below(frame, tick, f"{tick}") for tick in (0, 25, 50, 75, 100)),
        f'<path d="{frame.path([(0.0, 0.0), (100.0, 100.0)])}" stroke="{INK}" stroke-dasharray="6 4" fill="none"/>',
    ]
    for one in outcomes:
        rows = [row for row in (one["forecast"] or {"deciles": []})["deciles"] if row["papers"]]
        for row in rows:
            x, y, radius = (
                frame.x(100 * row["said"]),
                frame.y(100 * row["came"]),
                3 + min(9.0, row["papers"] ** 0.5 / 3),
            )
            parts.append(
                f'<circle cx="{x:g}" cy="{y:g}" r="{radius:.1f}" fill="{COLOURS[one["strategy"]]}" fill-opacity=".7">'
                f"<title>{one['strategy']}: {row['papers']} papers</title></circle>"
            )
    return parts


def _days(frame: Frame, days: int, step: int = 1) -> list[str]:
    shown = range(0, days, max(1, -(-days // 10)))
    return [_below(frame, n * step, f"{FIRST + n * DAY:%-d %b}") for n in shown]


def _line(frame: Frame, points: Sequence[tuple[float, float]], colour: str) -> str:
    return f'<path d="{frame.path(points)}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"/>'


def _legend(names: Sequence[str], y: float) -> list[str]:
    return [
        f'<text x="{RIGHT - 70 * (len(names) - 1 - n):g}" y="{y:g}" text-anchor="end" font-weight="600" '
        f'fill="{COLOURS[name]}">{name}</text>'
        for n, name in enumerate(names)
    ]
