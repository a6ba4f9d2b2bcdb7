"""Which path fits whom, from a score and interests. Pure: no database.

The paths that have a number share the scale from 0 to 100: each reaches from its number to the next higher one. Where
the score lies, there is the recommended path; of several that begin at the same number, the one that meets more
interests. It takes its score: 100 where the score lies in the middle of its reach, falling evenly to 70 at the edges,
where its neighbour would do as well. Every other path has 70 and 10 more for each interest that it meets, at most 100.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

LEAST, FOR_EACH, MOST = 70, 10, 100


@dataclass(frozen=True)
class Candidate:
    """A path as the scoring sees it; `begins` is its number or None."""

    key: str
    title: str
    begins: int | None
    interests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fit:
    """`share` of 100; `met`: the interests that the path meets; `reach`: from where to where its scores go, or None."""

    key: str
    title: str
    share: int
    met: tuple[str, ...]
    reach: tuple[int, int] | None
    is_recommended: bool


def fits(*, percent: Decimal, interests: Collection[str], candidates: Iterable[Candidate]) -> list[Fit]:
    """The recommended path first, the others by their share; equals by title. Empty without candidates.

    `percent` from 0 to 100. Without a path that has a number, none is recommended.
    """
    wanted = set(interests)
    rows = list(candidates)
    begins = sorted({row.begins for row in rows if row.begins is not None})
    met = {row.key: tuple(sorted(wanted & set(row.interests))) for row in rows}
    # A score below every number belongs to the lowest.
    start = max((number for number in begins if number <= percent), default=begins[0] if begins else None)
    nearest = [row for row in rows if row.begins is not None and row.begins == start]
    chosen = min(nearest, key=lambda row: (-len(met[row.key]), row.title, row.key), default=None)
    found = []
    for row in rows:
        reach = _reach(row.begins, begins) if row.begins is not None else None
        share = min(MOST, LEAST + FOR_EACH * len(met[row.key]))
        if row is chosen and reach is not None:
            share = _own_share(percent, reach)
        found.append(Fit(row.key, row.title, share, met[row.key], reach, row is chosen))
    return sorted(found, key=lambda fit: (not fit.is_recommended, -fit.share, fit.title, fit.key))


def _reach(begins: int, all_begins: list[int]) -> tuple[int, int]:
    return begins, min((number for number in all_begins if number > begins), default=100)


def _own_share(percent: Decimal, reach: tuple[int, int]) -> int:
    low, high = reach
    if low == high:
        return MOST
    middle, half = Decimal(low + high) / 2, Decimal(high - low) / 2
    away = min(Decimal(1), abs(percent - middle) / half)
    return int((MOST - (MOST - LEAST) * away).quantize(Decimal(1), ROUND_HALF_UP))
