"""Which teacher gets a paper. Pure arithmetic, no database: the same options always give the same ranking.

A decision stores its options, so that it can be worked out again from nothing else (`services/replaying`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from evaluations.enums import NOT_ELIGIBLE, Conflict

#: Why a teacher who is qualified cannot have a paper, beside the conflicts.
#: So much of somebody's hours until a deadline may be full before their work, not their end, decides.
ROOMY = 0.8
AWAY, FULL, HOLDER, NOT_MEANT = "away", "full", "holder", "not_meant"


@dataclass(frozen=True)
class Option:
    """What is known of a qualified teacher at the moment of choosing; all times in seconds of marking.

    `due_seconds`: what is left of their open papers that are due no later than the paper. `own_seconds`: the paper
    itself. `open_seconds`: their hours until it is due. `end_seconds`: after how many seconds by the clock they would
    be through with both; None beyond what is looked at. `leaves_later`: goes on leave before it is due. `barrier`: why
    they cannot have it (a Conflict, or AWAY, HOLDER, NOT_MEANT), empty where they can. `is_settled`: of questions that
    one teacher marks on every paper, they had them on the last one.
    """

    teacher: UUID
    open_papers: int
    cap: int
    due_seconds: int
    own_seconds: int
    open_seconds: int
    end_seconds: int | None
    leaves_later: bool = False
    barrier: str = ""
    is_settled: bool = False

    @property
    def expected_seconds(self) -> int:
        """All their work due no later than the paper, with it included."""
        return self.due_seconds + self.own_seconds

    @property
    def is_in_time(self) -> bool:
        return self.expected_seconds <= self.open_seconds

    @property
    def is_roomy(self) -> bool:
        """In time with a fifth of their hours to spare: an hour more or less of work does not make them late."""
        return self.expected_seconds <= ROOMY * self.open_seconds

    @property
    def excluded(self) -> str:
        """Why not, as the rules have it; their limit comes last."""
        return self.barrier or (FULL if self.open_papers >= self.cap else "")

    def stored(self) -> dict[str, Any]:
        return {**vars(self), "teacher": str(self.teacher), "expected_seconds": self.expected_seconds}


@dataclass(frozen=True)
class Ranking:
    """`able`: who can have the paper, the best first. `excluded`: who cannot, by the id."""

    able: tuple[Option, ...]
    excluded: tuple[Option, ...]

    @property
    def best(self) -> Option | None:
        return self.able[0] if self.able else None

    @property
    def conflicted(self) -> int:
        """How many could have another paper: of another student, or of another exam."""
        return sum(one.barrier in Conflict.values for one in self.excluded)

    def count(self, *reasons: str) -> int:
        return sum(one.excluded in reasons for one in self.excluded)

    def stored(self) -> list[dict[str, Any]]:
        return [one.stored() for one in (*self.able, *self.excluded)]


def choose(options: Collection[Option]) -> Ranking:
    """In time before late, leave avoided. Of those in time who has the questions already, then who has hours to spare,
    of these whoever is through first (as many promises are kept as by the least work, in a quarter of the time), of the
    others who has the least work; of those late the earliest end."""
    able = sorted((one for one in options if not one.excluded), key=_rank)
    excluded = sorted((one for one in options if one.excluded), key=lambda one: one.teacher)
    return Ranking(tuple(able), tuple(excluded))


def restored(stored: Mapping[str, Any]) -> Option | None:
    """An option as it was stored; None for one from before options were kept whole."""
    if "end_seconds" not in stored:
        return None
    fields = {name: value for name, value in stored.items() if name != "expected_seconds"}
    return Option(**{**fields, "teacher": UUID(fields["teacher"])})


def barred(option: Option, barrier: str) -> Option:
    return option if option.barrier else replace(option, barrier=barrier)


def _rank(one: Option) -> tuple[float, ...]:
    work = (one.expected_seconds, one.open_papers, one.teacher.int)
    end = float("inf") if one.end_seconds is None else one.end_seconds
    if one.is_in_time:
        return int(one.leaves_later), int(not one.is_settled), int(not one.is_roomy), end if one.is_roomy else 0, *work
    # Who has no hours before the deadline at all comes after those who have some.
    return 2 if one.open_seconds else 3, end, *work


def why_best(ranking: Ranking, name: str) -> str:
    """The sentence that is kept with the choice."""
    best = ranking.able[0]
    work = f"about {_minutes(best.expected_seconds)} of work with this paper"
    hours = f"{_hours(best.open_seconds)} of hours before then"
    papers = f"{best.open_papers} open papers before it"
    if not best.is_in_time:
        others = f"soonest of {len(ranking.able)} teachers" if len(ranking.able) > 1 else "soonest"
        return f"{name} would be through {others}, though probably late: {work}, {hours}, {papers}."
    if len(ranking.able) == 1:
        return f"{name} is the only teacher available: {work}, {hours}, {papers}."
    if best.is_settled:
        return f"{name} marks these questions on every paper: {work}, {hours}, {papers}."
    in_time = sum(one.is_in_time for one in ranking.able)
    late = f", {len(ranking.able) - in_time} of them late" if in_time < len(ranking.able) else ""
    if best.is_roomy:
        return f"{name} would be through first of {len(ranking.able)} teachers{late}: {work}, {hours}, {papers}."
    return f"{name} has the least work due by then of {len(ranking.able)} teachers{late}: {work}, {hours}, {papers}."


def why_nobody(ranking: Ranking) -> str:
    reasons = [
        f"{count} {words}"
        for count, words in (
            (ranking.count(AWAY), "on leave"),
            (ranking.count(FULL), "at their limit of open papers"),
            (ranking.conflicted - ranking.count(*NOT_ELIGIBLE), "not allowed to mark this student"),
            (ranking.count(Conflict.PRACTICE), "without the practice papers of this exam"),
            (ranking.count(Conflict.PAUSED), "paused for this exam"),
            (ranking.count(Conflict.COURSE), "not teaching the course of this project"),
            (ranking.count(NOT_MEANT), "not named for these questions"),
        )
        if count
    ]
    return "No teacher can take this paper: " + (", ".join(reasons) or "nobody is verified and qualified for it") + "."


def _minutes(seconds: int) -> str:
    return f"{max(1, round(seconds / 60))} min"


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f}".removesuffix(".0") + " h"
