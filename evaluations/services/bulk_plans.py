"""Before many papers go to other teachers: which can, which cannot and why, and what is expected then.

Nothing is written. The forecast's play is run for the teachers concerned alone, as it is and as it would be, with the
same draws, so that the two are compared by what differs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from common.errors import DomainError
from evaluations.models import Evaluation, PaperForecast
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.services.forecast import Chance, Marker, OpenTime, Outlook, Waiting, marking_order, may_mark, play
from evaluations.services.forecast_shares import Share, share_of
from evaluations.services.forecasting import Queue, open_queue
from evaluations.services.transitions import can_move

#: So many papers in one plan.
MOST = 2000


class PlanError(DomainError):
    """There is nothing to plan, or too much of it."""


@dataclass(frozen=True)
class PlannedMove:
    """One paper of a plan. `taker` is None where it cannot go, and `why` says why. The outlooks are None for what the
    forecast does not look at (a correction, a paper beyond its reach)."""

    evaluation: Evaluation
    taker: User | None
    why: str = ""
    before: Outlook | None = None
    after: Outlook | None = None


@dataclass(frozen=True)
class Receiver:
    """A teacher who would get `gets` papers, and their work before and after."""

    teacher: User
    gets: int
    before: Share
    after: Share


@dataclass(frozen=True)
class Plan:
    """`late_before` and `late_after`: how many papers of all teachers concerned come late on average."""

    moves: list[PlannedMove]
    receivers: list[Receiver]
    late_before: float
    late_after: float

    @property
    def going(self) -> list[PlannedMove]:
        return [move for move in self.moves if move.taker is not None]

    @property
    def staying(self) -> list[PlannedMove]:
        return [move for move in self.moves if move.taker is None]


def plan_moves(*, papers: Collection[UUID], taker: User | None, now: datetime) -> Plan:
    """What giving these papers to `taker` would do, or without one to whoever would be done with each first.

    About fifteen queries, however many papers. Raises PlanError without papers, or with more than MOST.
    """
    if not 0 < len(papers) <= MOST:
        raise PlanError(_("Choose 1 to %d papers.") % MOST, "plan_size")
    rows = Evaluation.objects.with_paper().filter(pk__in=list(papers)).order_by("due_at", "id")
    chosen = {row.pk: row for row in rows}
    queue = _settled(open_queue(now))
    markers = {marker.id: marker for marker in queue.markers}
    barred = conflicts_of([sitting_of(row) for row in chosen.values()])
    people = User.objects.in_bulk([*markers, *([taker.pk] if taker else [])])
    waiting = {paper.id: paper for paper in queue.papers}
    asked = [_asked(row, waiting.get(pk), barred[pk]) for pk, row in chosen.items()]
    if taker is None:
        chooser = _Chooser(queue, chosen, now)
        found = [(row, *chooser.choose(paper, row)) for row, paper in asked]
    else:
        found = [(row, *_allowed(paper, row, markers.get(taker.pk), taker)) for row, paper in asked]
    takers = {row.pk: who for row, who, _why in found if who is not None}
    before, after, moved = _compared(queue, takers, markers, now)
    moves = [
        PlannedMove(row, people[who] if who else None, why, before.get(row.pk), after.get(row.pk) if who else None)
        for row, who, why in found
    ]
    return Plan(
        moves=moves,
        receivers=_receivers(takers, queue, moved, (before, after), markers, people, now),
        late_before=sum(outlook.late_chance for outlook in before.values()),
        late_after=sum(outlook.late_chance for outlook in after.values()),
    )


def _settled(queue: Queue) -> Queue:
    """What nobody has is theirs who would get it by the last forecast, so that only those concerned are played."""
    known = dict(
        PaperForecast.objects.filter(evaluation__in=Evaluation.objects.filter(state="queued").values("pk"))
        .exclude(marker=None)
        .values_list("pk", "marker_id")
    )
    papers = [one if one.marker else replace(one, marker=known.get(one.id)) for one in queue.papers]
    return Queue(queue.now, papers, queue.markers)


def _asked(row: Evaluation, paper: Waiting | None, barred: Collection[UUID]) -> tuple[Evaluation, Waiting]:
    """The paper as the play knows it; of one that it does not look at, what is needed to ask who may have it."""
    attempt = row.attempt
    made = paper or Waiting(row.pk, row.due_at, float(attempt.paper.written_marks), attempt.exam.programme_id)
    return row, replace(made, barred=frozenset(barred))


def _refusal(row: Evaluation) -> str:
    return "" if can_move(row.state, "reassign") else _("It is %(state)s.") % {"state": row.get_state_display().lower()}


def _allowed(paper: Waiting, row: Evaluation, marker: Marker | None, taker: User) -> tuple[UUID | None, str]:
    """The taker's id, or None and why not. Cap and leave are the staff's to overrule: the play shows what comes."""
    if why := _refusal(row):
        return None, why
    name = {"name": taker.name}
    if row.teacher_id == taker.pk:
        return None, _("%(name)s has it already.") % name
    if marker is None:
        return None, _("%(name)s is not a verified teacher.") % name
    if paper.programme not in marker.programmes:
        return None, _("%(name)s is not qualified for its programme.") % name
    if marker.id in paper.barred:
        return None, _("%(name)s may not mark this student.") % name
    return marker.id, ""


@dataclass
class _Chooser:
    """Whoever would be done with a paper first, after all that is due before it; papers come by their deadlines.

    As assignment does it heeds qualification, conflicts, caps and (by the hours of the play) leave; never the teacher
    who has it now.
    """

    queue: Queue
    chosen: Mapping[UUID, Evaluation]
    now: datetime
    given: dict[UUID, float] = field(default_factory=lambda: defaultdict(float))
    count: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.caps = dict(TeacherProfile.objects.values_list("pk", "open_paper_cap"))
        theirs: dict[UUID, list[Waiting]] = defaultdict(list)
        for paper in sorted(self.queue.papers, key=marking_order):
            if paper.marker is not None and paper.id not in self.chosen:
                theirs[paper.marker].append(paper)
        self.ladders = {marker.id: _Ladder(marker, theirs[marker.id], self.now) for marker in self.queue.markers}
        for key, papers in theirs.items():
            self.count[key] = len(papers)

    def choose(self, paper: Waiting, row: Evaluation) -> tuple[UUID | None, str]:
        if why := _refusal(row):
            return None, why
        able = [one for one in self.queue.markers if may_mark(one, paper) and one.id != row.teacher_id]
        if not able:
            return None, _("No other teacher may mark it.")
        free = [one for one in able if self.count[one.id] < self.caps.get(one.id, 0)]
        if not free:
            return None, _("All who may mark it are at their limit of open papers.")
        ends = {one.id: self.ladders[one.id].end(paper, self.given[one.id]) for one in free}
        best = min(ends, key=lambda key: (ends[key], key))
        if ends[best] == float("inf"):
            return None, _("Nobody who may mark it has hours in the next three weeks.")
        self.given[best] += self.ladders[best].seconds(paper)
        self.count[best] += 1
        return best, ""


class _Ladder:
    """The papers of one teacher in the order in which they are marked, with the seconds until each is done."""

    def __init__(self, marker: Marker, papers: Sequence[Waiting], now: datetime) -> None:
        self.marker = marker
        self.order = [marking_order(paper) for paper in papers]
        self.until = [0.0, *accumulate(self.seconds(paper) for paper in papers)]
        self.hours = OpenTime(marker.spans, now)

    def seconds(self, paper: Waiting) -> float:
        return paper.marks * self.marker.seconds_per_mark / self.marker.share

    def end(self, paper: Waiting, given: float) -> float:
        """Seconds from now at which it would be done on average, with `given` seconds of other new papers before it."""
        place = bisect_left(self.order, marking_order(replace(paper, is_begun=False)))
        return self.hours.moment(self.until[place] + given + self.seconds(paper))


def _compared(
    queue: Queue, takers: Mapping[UUID, UUID], markers: Mapping[UUID, Marker], now: datetime
) -> tuple[dict[UUID, Outlook], dict[UUID, Outlook], list[Waiting]]:
    """The outlooks of all papers of those concerned, before and after, and the papers as they would be then."""
    givers = {paper.marker for paper in queue.papers if paper.id in takers}
    concerned = {key for key in {*givers, *takers.values()} if key is not None}
    moved = [
        replace(paper, marker=takers[paper.id], is_begun=False) if paper.id in takers else paper
        for paper in queue.papers
    ]
    known = {paper.id for paper in queue.papers if paper.marker in concerned or paper.id in takers}
    team = [markers[key] for key in concerned if key in markers]
    chance = Chance()
    before, after = (
        play((paper for paper in papers if paper.id in known), team, now=now, chance=chance)
        for papers in (queue.papers, moved)
    )
    return before, after, moved


def _receivers(
    takers: Mapping[UUID, UUID],
    queue: Queue,
    moved: Iterable[Waiting],
    played: tuple[Mapping[UUID, Outlook], Mapping[UUID, Outlook]],
    markers: Mapping[UUID, Marker],
    people: Mapping[UUID, User],
    now: datetime,
) -> list[Receiver]:
    counts: dict[UUID, int] = defaultdict(int)
    for key in takers.values():
        counts[key] += 1
    made = []
    for key, count in counts.items():
        before, after = (
            share_of(markers[key], [paper for paper in papers if paper.marker == key], outlooks, now=now)
            for papers, outlooks in zip((queue.papers, moved), played, strict=True)
        )
        made.append(Receiver(people[key], count, before, after))
    return sorted(made, key=lambda one: (-one.gets, one.teacher.name))
