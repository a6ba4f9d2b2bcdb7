"""Who should have which paper instead, so that fewer come late. Pure arithmetic over `forecast`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from evaluations.services.forecast import Chance, Marker, Outlook, Waiting, desk_of, marking_order, may_mark, play

#: From this chance of being late on a paper is looked at.
RISKY = 0.5
#: So many teachers are tried for it: those who would finish it first.
TRIED = 5
#: A move must save so many late papers on average.
WORTH = 0.25


@dataclass(frozen=True)
class Move:
    """A paper that another teacher should have; `before` and `after` are its chances of being late."""

    paper: UUID
    giver: UUID | None
    taker: UUID
    before: float
    after: float


def propose_moves(
    papers: Iterable[Waiting],
    markers: Collection[Marker],
    *,
    now: datetime,
    only: Collection[UUID] | None = None,
    most: int = 20,
    chance: Chance | None = None,
) -> list[Move]:
    """Which papers to give to whom so that fewer come late, the nearest deadline first; begun papers stay.

    One at a time, to the teacher with whom the expected number of late papers of giver and taker together falls most;
    so no move helps one promise by breaking another. What nobody has would go to the best teacher anyway. `only`:
    the papers to look at; without it all that are late with a chance of RISKY.
    """
    chance = chance or Chance()
    shares = _Shares(papers, markers, now, chance)
    risky = [
        paper
        for paper in shares.owned
        if not paper.is_begun and (shares.outlooks[paper.id].late_chance >= RISKY if only is None else paper.id in only)
    ]
    moves = []
    for paper in sorted(risky, key=marking_order)[:most]:
        move = shares.best_move(paper)
        if move is not None:
            moves.append(move)
    return moves


class _Shares:
    """Who has which papers, and what is expected of each; moving one looks only at two teachers again."""

    def __init__(self, papers: Iterable[Waiting], markers: Collection[Marker], now: datetime, chance: Chance) -> None:
        papers = list(papers)
        self.markers = {marker.id: marker for marker in markers}
        self.now, self.chance = now, chance
        self.outlooks = play(papers, markers, now=now, chance=chance)
        self.owned = [paper for paper in papers if paper.marker is not None]
        self.of: dict[UUID | None, dict[UUID, Waiting]] = {key: {} for key in (*self.markers, None)}
        for paper in papers:
            owner = self.outlooks[paper.id].marker
            self.of.setdefault(owner, {})[paper.id] = replace(paper, marker=owner)

    def best_move(self, paper: Waiting) -> Move | None:
        """The move of `paper` that saves most, made; None when none is worth it."""
        giver = paper.marker
        without = self._play(giver, {key: one for key, one in self.of[giver].items() if key != paper.id})
        best: tuple[float, UUID, dict[UUID, Outlook]] | None = None
        for taker in self._takers(paper):
            then = self._play(taker, self.of[taker] | {paper.id: replace(paper, marker=taker)})
            saved = self._late(giver) + self._late(taker) - _late(without) - _late(then)
            if saved >= WORTH and (best is None or saved > best[0]):
                best = (saved, taker, then)
        if best is None:
            return None
        _saved, taker, then = best
        move = Move(paper.id, giver, taker, self.outlooks[paper.id].late_chance, then[paper.id].late_chance)
        del self.of[giver][paper.id]
        self.of[taker][paper.id] = replace(paper, marker=taker)
        self.outlooks |= without | then
        return move

    def _takers(self, paper: Waiting) -> list[UUID]:
        """Those who would be through with everything due before it soonest."""
        ends = {}
        for key, marker in self.markers.items():
            if key != paper.marker and may_mark(marker, paper):
                desk = desk_of(marker, self.now, self.chance)
                first = (p for p in self.of[key].values() if marking_order(p) < marking_order(paper))
                desk.mean_used = sum(desk.mean_seconds(p) for p in first)
                ends[key] = desk.mean_end(paper)
        return sorted(ends, key=lambda key: (ends[key], key))[:TRIED]

    def _late(self, marker: UUID | None) -> float:
        return sum(self.outlooks[key].late_chance for key in self.of[marker])

    def _play(self, marker: UUID | None, papers: Mapping[UUID, Waiting]) -> dict[UUID, Outlook]:
        alone = [self.markers[marker]] if marker in self.markers else []
        return play(papers.values(), alone, now=self.now, chance=self.chance)


def _late(outlooks: Mapping[UUID, Outlook]) -> float:
    return sum(outlook.late_chance for outlook in outlooks.values())
