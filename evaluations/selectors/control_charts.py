"""Control charts of a marker: when marks have left the limits of chance. Pure: no database.

A point is one paper with agreed marks: the difference of what the marker gave from them, over the marks of its
questions, so −0.1 is a tenth of the marks too strict. NIST/SEMATECH e-Handbook of Statistical Methods:

- severity: exponentially weighted moving average (6.3.2.4) around 0, as agreed marks are what is aimed at, with λ = 0.2
  and limits ±3 σ √(λ/(2−λ) · (1−(1−λ)²ᵗ));
- consistency: the standard deviation of the last five papers against the mean of the fives before, upper limit B₄ s̄ of
  the s chart (6.3.2.1; B₄ = 2.089 for five);
- drift: mean of the last five against all before, two-sample t with pooled deviation (7.3.1), limit 3;
- speed: the last paper's seconds per mark, as logarithm, on an individuals chart (6.3.2.2) of those before: mean ± 3
MR̄/1.128.

σ is the mean moving range over 1.128 (6.3.2.2), which a slow drift does not widen; it is never taken below FLOOR, as a
few
papers that agree by chance say nothing. What is within the exam's own bound (`bound`, as a share) is never out, however
sure it is: a difference that nobody minds pauses nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from statistics import mean, stdev

WEIGHT, WIDTH = 0.2, 3.0
GROUP = 5
B4 = 2.089
D2 = 1.128
FLOOR = 0.03
#: Fewer papers than this are not judged.
FEWEST = 6
#: Of speed; a person's papers differ by more.
FEWEST_SPEEDS, SPEED_FLOOR = 10, 0.15

SEVERITY, CONSISTENCY, DRIFT, SPEED = "severity", "consistency", "drift", "speed"


@dataclass(frozen=True)
class ChartPoint:
    """One paper on the chart of severity: its own difference, the moving average, and the limits there, around 0."""

    value: float
    average: float
    limit: float

    @property
    def is_out(self) -> bool:
        return abs(self.average) > self.limit


@dataclass(frozen=True)
class Signal:
    """What left its limits: `value` against `limit`, both in the unit of the chart (shares of marks; t; seconds per
    mark over the usual ones for speed)."""

    kind: str
    value: float
    limit: float


def moving_range_sigma(values: Sequence[float], *, floor: float = FLOOR) -> float:
    """The standard deviation behind values in time order, from the ranges between neighbours."""
    ranges = [abs(b - a) for a, b in pairwise(values)]
    return max(floor, mean(ranges) / D2) if ranges else floor


def severity_chart(values: Sequence[float]) -> list[ChartPoint]:
    sigma, average, points = moving_range_sigma(values), 0.0, []
    for t, value in enumerate(values, start=1):
        average = WEIGHT * value + (1 - WEIGHT) * average
        width = sqrt(WEIGHT / (2 - WEIGHT) * (1 - (1 - WEIGHT) ** (2 * t)))
        points.append(ChartPoint(value, average, WIDTH * sigma * width))
    return points


def spread_limit(values: Sequence[float]) -> tuple[float, float] | None:
    """The standard deviation of the last five, and its upper limit from the whole fives before; None with fewer than
    two of these."""
    groups = [values[end - GROUP : end] for end in range(len(values), GROUP - 1, -GROUP)]
    if len(groups) < 3:
        return None
    last, *before = [stdev(group) for group in groups]
    return last, B4 * max(FLOOR, mean(before))


def drift_t(values: Sequence[float]) -> float | None:
    """How far the last five lie from those before, in standard errors; None with fewer than five before."""
    late, early = values[-GROUP:], values[:-GROUP]
    if len(early) < GROUP:
        return None
    squares = stdev(late) ** 2 * (len(late) - 1) + stdev(early) ** 2 * (len(early) - 1)
    pooled = max(FLOOR, sqrt(squares / (len(values) - 2)))
    return (mean(late) - mean(early)) / (pooled * sqrt(1 / len(late) + 1 / len(early)))


def speed_out(seconds: Sequence[float]) -> Signal | None:
    """Whether the last paper took another time than chance would have it; `seconds` per mark, above 0, in time
    order."""
    if len(seconds) < FEWEST_SPEEDS:
        return None
    *before, last = [log(one) for one in seconds]
    limit = WIDTH * moving_range_sigma(before, floor=SPEED_FLOOR)
    away = last - mean(before)
    return Signal(SPEED, away, limit) if abs(away) > limit else None


def signals(values: Sequence[float], seconds: Sequence[float] = (), *, bound: float) -> list[Signal]:
    """All that is out now. `values`: differences of papers in time order; `bound`: the share that nobody minds."""
    found = []
    if len(values) >= FEWEST:
        last = severity_chart(values)[-1]
        if last.is_out and abs(last.average) > bound:
            found.append(Signal(SEVERITY, last.average, last.limit))
        t = drift_t(values)
        if t is not None and abs(t) > WIDTH and abs(mean(values[-GROUP:]) - mean(values[:-GROUP])) > bound:
            found.append(Signal(DRIFT, t, WIDTH))
        spread = spread_limit(values)
        if spread is not None and spread[0] > spread[1] and spread[0] > bound:
            found.append(Signal(CONSISTENCY, *spread))
    speed = speed_out(seconds)
    return [*found, speed] if speed is not None else found
