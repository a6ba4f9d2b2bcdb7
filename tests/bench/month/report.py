"""The figures of the month as tables for people."""

from __future__ import annotations

from typing import Any

from tests.bench.month.draw import POLICIES
from tests.bench.report import table


def render(outcomes: list[dict[str, Any]]) -> str:
    parts = [_kept(outcomes), _by_policy(outcomes)]
    told = [one for one in outcomes if one["forecast"]]
    if told:
        parts += [_forecast(told), _calibration(told)]
    parts.append(
        f"{sum(one['checks'] for one in outcomes):,} checks of the rules over "
        f"{sum(one['transitions'] for one in outcomes):,} transitions: none broken."
    )
    return "\n\n".join(parts)


def _kept(outcomes: list[dict[str, Any]]) -> str:
    header = [
        "", "kept %", "late: median h", "p95 h", "to release: median h", "used %", "busiest %", "moved", "by staff",
        "lapsed", "not released", "seconds",
    ]  # fmt: skip
    lines = [
        [
            one["strategy"],
            _percent(one["kept"]["all"]["kept"]),
            *(f"{one['kept']['all'][key]:.1f}" for key in ("median_late", "p95_late", "median_hours")),
            *(_percent(one[key]) for key in ("utilisation", "busiest")),
            *(f"{one[key]:,}" for key in ("moves", "pressed", "lapsed")),
            f"{one['papers'] - one['released']:,}",
            f"{one['seconds']:.0f}",
        ]
        for one in outcomes
    ]
    return table(header, lines)


def _by_policy(outcomes: list[dict[str, Any]]) -> str:
    header = ["kept % (late: median h, p95 h)", *POLICIES]
    lines = [
        [
            one["strategy"],
            *(
                f"{_percent(kept['kept'])} ({kept['median_late']:.1f}, {kept['p95_late']:.1f})"
                for kept in (one["kept"][slug] for slug in POLICIES)
            ),
        ]
        for one in outcomes
    ]
    return table(header, lines)


def _forecast(outcomes: list[dict[str, Any]]) -> str:
    header = [
        "forecast 4 h ahead",
        "open then",
        "came late",
        "said late",
        "precision %",
        "recall %",
        "Brier",
        "of always the mean",
    ]
    lines = []
    for one in outcomes:
        found = one["forecast"]
        always = (found["base"] or 0) * (1 - (found["base"] or 0))
        lines.append(
            [
                one["strategy"],
                *(f"{found[key]:,}" for key in ("papers", "late", "said")),
                *(_percent(found[key]) for key in ("precision", "recall")),
                f"{found['brier'] or 0:.3f}",
                f"{always:.3f}",
            ]
        )
    return table(header, lines)


def _calibration(outcomes: list[dict[str, Any]]) -> str:
    """Rows are deciles of what was said; cells: papers, mean said, share that came late."""
    header = ["said %", *(one["strategy"] for one in outcomes)]
    lines = []
    for n in range(10):
        cells = []
        for one in outcomes:
            row = one["forecast"]["deciles"][n]
            cells.append(f"{row['papers']:,}: {_percent(row['said'])} → {_percent(row['came'])}")
        lines.append([f"{10 * n}–{10 * n + 10}", *cells])
    return table(header, lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"
