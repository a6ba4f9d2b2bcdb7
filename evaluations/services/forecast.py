"""Which promises will be kept: the queue played forward many times. Pure arithmetic, no database.

In every play each teacher marks the papers they have, the nearest deadline first, in the hours in which they mark; a
paper that nobody has goes to whoever would finish it first. How long a paper takes is drawn: its marks still to give,
times the teacher's measured seconds per mark of their type, times two lognormal factors with mean 1, one for the
teacher in this play (a slow evening makes everything slow) and one for the paper. That durations of such work are close
to lognormal is common ground (e.g. W. J. van der Linden, "A lognormal model for response times", 2006).

What comes out for a paper is the moment by which it is done in four of five plays, and the share of plays in which it
is late. Moments are aware and in UTC, lengths are seconds of marking.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from evaluations.services.sla_clock import Calendar, Interval

PLAYS = 200
#: Of a teacher's speed from play to play; the papers of one evening are slow or quick together.
EVENING_SPREAD = 0.2
#: The share of plays in which a paper is done by the moment that is told as expected.
EXPECTED_SHARE = 0.8
HOUR = timedelta(hours=1)

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Marker:
    """A teacher who marks. `spans`: when, in order and apart, from now to the horizon. `share`: of that time what goes
    into marking while papers wait, over 0 to 1. `spread`: coefficient of variation of the time of one paper. `by_type`:
    seconds per mark of the types of question for which they are known."""

    id: UUID
    spans: tuple[Interval, ...]
    seconds_per_mark: float
    spread: float = 0.4
    share: float = 1.0
    programmes: frozenset[UUID] = frozenset()
    by_type: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min(self.seconds_per_mark, *self.by_type.values(), 1) <= 0 or self.spread < 0 or not 0 < self.share <= 1:
            raise ValueError(f"A marker needs a speed over 0 s, a spread from 0 and a share over 0 to 1: {self}")

    def seconds(self, paper: Waiting) -> float:
        """Mean seconds of marking."""
        if not paper.types or not self.by_type:
            return paper.marks * self.seconds_per_mark
        return sum(marks * self.by_type.get(kind, self.seconds_per_mark) for kind, marks in paper.types)


@dataclass(frozen=True)
class Waiting:
    """A paper that is not marked. `marks` are those still to give, `types` the same by type of question, where known.
    `marker`: whose it is; `is_begun` papers come first. `barred`: who must not mark it. `ready_at`: not before then,
    where it waits for its student."""

    id: UUID
    due_at: datetime
    marks: float
    programme: UUID
    marker: UUID | None = None
    is_begun: bool = False
    barred: frozenset[UUID] = frozenset()
    ready_at: datetime | None = None
    types: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Outlook:
    """What is expected of a paper. `expected_at` is None and `late_chance` 1 where nobody can mark it in the time that
    is looked at. `marker`: whose it is, or who would get it."""

    id: UUID
    expected_at: datetime | None
    late_chance: float
    marker: UUID | None


@dataclass
class OpenTime:
    """The spans of a teacher from now on, in open seconds: what of them has passed, and when so many have."""

    spans: InitVar[Iterable[Interval]]
    now: datetime
    starts: list[float] = field(default_factory=list, init=False)
    before: list[float] = field(default_factory=list, init=False)
    until: list[float] = field(default_factory=list, init=False)

    def __post_init__(self, spans: Iterable[Interval]) -> None:
        passed = 0.0
        for opens, closes in spans:
            start = max(0.0, (opens - self.now).total_seconds())
            length = (closes - self.now).total_seconds() - start
            if length <= 0:
                continue
            self.starts.append(start)
            self.before.append(passed)
            passed += length
            self.until.append(passed)

    def moments(self, used: Floats) -> Floats:
        """Seconds from now at which so many open seconds are used up; infinite beyond the last span."""
        if not self.until:
            return np.full_like(used, np.inf)
        at = np.searchsorted(self.until, used, side="left")
        found = np.minimum(at, len(self.until) - 1)
        moments = np.asarray(self.starts)[found] + used - np.asarray(self.before)[found]
        return np.where(at < len(self.until), moments, np.inf)

    def moment(self, used: float) -> float:
        at = bisect_left(self.until, used)
        return self.starts[at] + used - self.before[at] if at < len(self.until) else float("inf")

    def passed(self, seconds: float) -> float:
        """Open seconds in so many seconds from now."""
        at = bisect_right(self.starts, seconds) - 1
        return min(self.before[at] + seconds - self.starts[at], self.until[at]) if at >= 0 else 0.0


@dataclass
class Desk:
    """A marker while it is played: how many open seconds are used up, in each play and on average."""

    marker: Marker
    now: datetime
    evening: Floats
    used: Floats
    mean_used: float = 0.0

    def __post_init__(self) -> None:
        self.hours = OpenTime(self.marker.spans, self.now)

    def open_until(self, moment: datetime) -> float:
        """Open seconds from now to a moment."""
        return self.hours.passed((moment - self.now).total_seconds())

    def mean_seconds(self, paper: Waiting) -> float:
        return self.marker.seconds(paper) / self.marker.share

    def mean_end(self, paper: Waiting) -> float:
        """Seconds from now at which the paper would be done on average."""
        return self.hours.moment(self._begin(paper, self.mean_used) + self.mean_seconds(paper))

    def take(self, paper: Waiting, draws: Floats) -> Floats:
        """Marks the paper next; seconds from now at which it is done, in each play."""
        begin = self.open_until(paper.ready_at) if paper.ready_at else 0.0
        mean = self.mean_seconds(paper)
        self.used = np.maximum(self.used, begin) + mean * self.evening * lognormal(draws, self.marker.spread)
        self.mean_used = self._begin(paper, self.mean_used) + mean
        return self.hours.moments(self.used)

    def _begin(self, paper: Waiting, used: float) -> float:
        return max(used, self.open_until(paper.ready_at)) if paper.ready_at else used


class Chance:
    """The draws of all plays, by the id of a paper or a teacher: a paper that is moved stays as long as it was, so two
    arrangements are compared by what differs."""

    def __init__(self, *, plays: int = PLAYS, seed: int = 0, evening: float = EVENING_SPREAD) -> None:
        self.plays, self.seed, self.evening = plays, seed, evening
        self._known: dict[UUID, Floats] = {}

    def of(self, key: UUID) -> Floats:
        """Standard normal draws, one for each play."""
        if key not in self._known:
            random = np.random.default_rng([self.seed, key.int])
            self._known[key] = random.standard_normal(self.plays)
        return self._known[key]


def play(
    papers: Iterable[Waiting], markers: Collection[Marker], *, now: datetime, chance: Chance | None = None
) -> dict[UUID, Outlook]:
    """The outlook of every paper. The same arguments give the same answer."""
    chance = chance or Chance()
    desks = {marker.id: desk_of(marker, now, chance) for marker in sorted(markers, key=lambda marker: marker.id)}
    return {
        paper.id: _outlook(paper, _desk_for(paper, desks), chance, now) for paper in sorted(papers, key=marking_order)
    }


def marking_order(paper: Waiting) -> tuple[bool, datetime, UUID]:
    return not paper.is_begun, paper.due_at, paper.id


def desk_of(marker: Marker, now: datetime, chance: Chance) -> Desk:
    return Desk(marker, now, lognormal(chance.of(marker.id), chance.evening), np.zeros(chance.plays))


def _desk_for(paper: Waiting, desks: Mapping[UUID, Desk]) -> Desk | None:
    if paper.marker is not None:
        return desks.get(paper.marker)
    able = [desk for desk in desks.values() if may_mark(desk.marker, paper)]
    return min(able, key=lambda desk: desk.mean_end(paper), default=None)


def may_mark(marker: Marker, paper: Waiting) -> bool:
    return paper.programme in marker.programmes and marker.id not in paper.barred


def _outlook(paper: Waiting, desk: Desk | None, chance: Chance, now: datetime) -> Outlook:
    if desk is None:
        return Outlook(paper.id, None, 1.0, paper.marker)
    ends = desk.take(paper, chance.of(paper.id))
    left = (paper.due_at - now).total_seconds()
    expected = float(np.quantile(ends, EXPECTED_SHARE, method="higher"))
    return Outlook(
        id=paper.id,
        expected_at=now + timedelta(seconds=expected) if np.isfinite(expected) else None,
        late_chance=float(np.mean(ends > left)),
        marker=desk.marker.id,
    )


def lognormal(draws: Floats, spread: float) -> Floats:
    """Lognormal factors with mean 1 and this coefficient of variation, from standard normal draws."""
    if not spread:
        return np.ones_like(draws)
    variance = float(np.log1p(spread * spread))
    factors: Floats = np.exp(draws * variance**0.5 - variance / 2)
    return factors


def spans_of(calendar: Calendar, start: datetime, end: datetime) -> list[Interval]:
    """The open hours of a calendar between two moments, in order."""
    spans = _spans_of_days(calendar, calendar.local_date(start), calendar.local_date(end))
    cut = ((max(opens, start), min(closes, end)) for opens, closes in spans)
    return [(opens, closes) for opens, closes in cut if opens < closes]


def without(spans: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """The spans less what is taken of them. Both in order; what is taken may overlap."""
    left = list(spans)
    for start, end in taken:
        cut = []
        for opens, closes in left:
            cut += [one for one in ((opens, min(closes, start)), (max(opens, end), closes)) if one[0] < one[1]]
        left = cut
    return left


@lru_cache(maxsize=1024)
def _spans_of_days(calendar: Calendar, first: date, last: date) -> tuple[Interval, ...]:
    """All of them from the first day to the last. Kept: of every teacher they are asked for with every paper, and are
    the same all day."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(span for day in days for span in calendar.open_intervals(day))


@dataclass(frozen=True)
class Hour:
    """One hour of the outlook, from `start`. `capacity`: seconds of marking that all teachers have in it. `work`: mean
    seconds of the papers due in it. `finished`: papers expected to be done in it; `due`: papers due in it, `late` of
    them not in time on average."""

    start: datetime
    capacity: float
    work: float
    finished: int
    due: int
    late: float


def by_hour(
    papers: Sequence[Waiting],
    outlooks: Mapping[UUID, Outlook],
    markers: Collection[Marker],
    *,
    now: datetime,
    hours: int,
) -> list[Hour]:
    """Load against capacity, hour by hour from the full hour of `now` in its zone. What is overdue counts in the
    first hour; what is due, or done, after the last one counts in none."""
    first = now.replace(minute=0, second=0, microsecond=0)
    known = {marker.id: marker for marker in markers}
    usual = float(np.mean([marker.seconds_per_mark for marker in markers])) if markers else 0.0
    work, due, finished, late = [0.0] * hours, [0] * hours, [0] * hours, [0.0] * hours
    for paper in papers:
        outlook = outlooks[paper.id]
        at = max(0, (paper.due_at - first) // HOUR)
        if at < hours:
            marker = known.get(outlook.marker or paper.id)
            work[at] += marker.seconds(paper) if marker else paper.marks * usual
            due[at] += 1
            late[at] += outlook.late_chance
        if outlook.expected_at is not None:
            end = (outlook.expected_at - first) // HOUR
            if end < hours:
                finished[end] += 1
    there = _capacity(markers, first, now, hours)
    return [Hour(first + n * HOUR, there[n], work[n], finished[n], due[n], late[n]) for n in range(hours)]


def _capacity(markers: Iterable[Marker], first: datetime, now: datetime, hours: int) -> list[float]:
    there = [0.0] * hours
    for marker in markers:
        for opens, closes in marker.spans:
            at = max(opens, now)
            while at < closes and (n := (at - first) // HOUR) < hours:
                end = min(closes, first + (n + 1) * HOUR)
                there[n] += (end - at).total_seconds() * marker.share
                at = end
    return there
