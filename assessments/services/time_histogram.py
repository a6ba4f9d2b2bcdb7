"""Counts of times in buckets whose borders grow by a fixed factor, for medians that can be added to, taken from and
merged. Pure.

Bucket i holds the times in (γ^(i−1), γ^i] with γ = (1 + α) / (1 − α); whatever lies in it is told as
2 γ^i / (γ + 1), which is off by α of the true time at most, and the bucket in which a quantile lies is known exactly:
Masson, C., Rim, J. E., & Lee, H. K. (2019). DDSketch: A fast and fully-mergeable quantile sketch with relative-error
guarantees. Proceedings of the VLDB Endowment 12(12), 2195–2205. Buckets are counted, never collapsed: with α = 2 %
there are 230 of them up to three hours. Answers are given in whole seconds, which adds half a second at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log

ALPHA = 0.02
GAMMA = (1 + ALPHA) / (1 - ALPHA)
# What took less than a second; the bucket of one second, (γ^−1, γ^0], has the key 1, so that keys sort by time.
NOTHING = "0"


def bucket_of(seconds: int) -> str:
    """The key of the bucket of `seconds`, 0 and more."""
    return NOTHING if seconds < 1 else str(1 + ceil(round(log(seconds, GAMMA), 9)))


def seconds_in(bucket: str) -> float:
    """The time that stands for `bucket`: at most ALPHA of any time in it away from it."""
    return 0.0 if bucket == NOTHING else 2 * GAMMA ** (int(bucket) - 1) / (GAMMA + 1)


def quantile(counts: Mapping[str, int], share: float) -> int | None:
    """The time that `share` of the counted ones do not exceed, in whole seconds; None of nothing.

    Between the two values around rank share · (n − 1) it goes straight, as statistics.median and numpy.quantile do;
    since both are told within ALPHA, so is what lies between them.
    """
    total = sum(counts.values())
    if not total:
        return None
    rank = share * (total - 1)
    below = int(rank)
    low, high = _at(counts, below), _at(counts, min(below + 1, total - 1))
    return round(low + (high - low) * (rank - below))


def _at(counts: Mapping[str, int], rank: int) -> float:
    """The time of the value with this rank, from 0."""
    passed = 0
    for bucket in sorted(counts, key=int):
        passed += counts[bucket]
        if passed > rank:
            return seconds_in(bucket)
    raise IndexError(rank)


def quartiles(counts: Mapping[str, int]) -> tuple[int | None, int | None, int | None]:
    """A quarter, half and three quarters of the counted times are no longer than these."""
    return quantile(counts, 0.25), quantile(counts, 0.5), quantile(counts, 0.75)
