"""What came of a month: promises kept, lateness, use of time, moves, and how true the forecast was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from evaluations.models import Evaluation, Reminder, SlaBreach, Transition
from tests.bench.month.draw import INDIA, POLICIES, World
from tests.bench.month.play import Record, Strategy

HOUR = timedelta(hours=1)
RISKY = 0.5


@dataclass
class Kept:
    """Of one policy, or all: share kept; of the late ones by how many hours; hours from handing in to release."""

    papers: int
    kept: float
    median_late: float
    p95_late: float
    median_hours: float


def outcome(world: World, strategy: Strategy, record: Record, seconds: float) -> dict[str, Any]:
    values = ("pk", "policy__slug", "submitted_at", "due_at", "released_at")
    papers = [row for row in Evaluation.objects.values_list(*values) if row[4] is not None]
    late = {row[0]: row[4] > row[3] for row in papers}
    there = sum((min(b, world.end) - a) / HOUR for t in world.teachers for a, b in t.spans if a < world.end)
    named = Transition.objects.filter(name="reassign")
    return {
        "strategy": strategy.name,
        "papers": len(world.papers),
        "released": len(papers),
        "kept": {slug: asdict(_kept([r for r in papers if slug in (r[1], "all")])) for slug in ("all", *POLICIES)}
        | {"all": asdict(_kept(papers))},
        "utilisation": sum(record.worked) / 3600 / there,
        "busiest": max(
            worked / 3600 / max(1e-9, sum((min(b, world.end) - a) / HOUR for a, b in t.spans if a < world.end))
            for worked, t in zip(record.worked, world.teachers, strict=True)
        ),
        "moves": named.filter(actor=None).count(),
        "pressed": record.pressed,
        "helped": Reminder.objects.filter(rung="help").count(),
        "flagged": SlaBreach.objects.count(),
        "lapsed": record.lapsed,
        "left_alone": record.left_alone,
        "put_down": record.put_down,
        "transitions": Transition.objects.count(),
        "checks": record.checks,
        "forecast": _forecast(record, late) if strategy.forecasts else None,
        "by_day": _by_day(world, papers),
        "open_by_hour": record.open_by_hour,
        "late_by_hour": record.late_by_hour,
        "seconds": seconds,
    }


def _kept(papers: list[Any]) -> Kept:
    late = [(released - due) / HOUR for _pk, _slug, _at, due, released in papers if released > due] or [0.0]
    took = [(released - at) / HOUR for _pk, _slug, at, _due, released in papers] or [0.0]
    kept = float(np.mean([row[4] <= row[3] for row in papers])) if papers else 1.0
    return Kept(len(papers), kept, float(np.median(late)), float(np.quantile(late, 0.95)), float(np.median(took)))


def _by_day(world: World, papers: list[Any]) -> list[dict[str, float]]:
    """By the day in which a paper was handed in."""

    def day(moment: datetime) -> int:
        return (moment - world.start) // timedelta(days=1)

    days = [[row for row in papers if day(row[2]) == n] for n in range(world.options.days)]
    return [
        {
            "day": (world.start + n * timedelta(days=1)).astimezone(INDIA).date().isoformat(),
            "papers": len(rows),
            "kept": _kept(rows).kept,
        }
        for n, rows in enumerate(days)
    ]


def _forecast(record: Record, late: dict[Any, bool]) -> dict[str, Any]:
    """Of papers that were open four hours before their promise: what was said then against what came."""
    told = [(one.chance, late[pk]) for pk, one in record.told.items() if pk in late]
    chances, came = np.array([c for c, _ in told]), np.array([is_late for _, is_late in told], dtype=bool)
    said = chances >= RISKY
    right = int((said & came).sum())
    deciles = []
    for n in range(10):
        inside = (chances >= n / 10) & ((chances < (n + 1) / 10) | (n == 9))
        deciles.append(
            {
                "from": n / 10,
                "papers": int(inside.sum()),
                "said": float(chances[inside].mean()) if inside.any() else None,
                "came": float(came[inside].mean()) if inside.any() else None,
            }
        )
    return {
        "papers": len(told),
        "late": int(came.sum()),
        "said": int(said.sum()),
        "right": right,
        "precision": right / int(said.sum()) if said.any() else None,
        "recall": right / int(came.sum()) if came.any() else None,
        "brier": float(np.mean((chances - came) ** 2)) if told else None,
        "base": float(came.mean()) if told else None,
        "deciles": deciles,
    }
