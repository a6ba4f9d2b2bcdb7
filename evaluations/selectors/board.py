"""The board of the office: what is open by time left, policy, programme and teacher; what is expected; what was missed.

Nothing is played here: the forecast's own numbers are read as its last run kept them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from courses.models import Programme
from evaluations.enums import OPEN_STATES
from evaluations.models import BreachWarning, Evaluation, ForecastRun, SlaBreach, SlaPolicy
from evaluations.selectors.hours_left import KINDS, ORDER, kind_of
from evaluations.selectors.remembering import remembered

HOUR = timedelta(hours=1)
MOST_ROWS = 8
#: Hours of marking; less is not worth a word.
LEAST_SHORT = 0.1


@dataclass(frozen=True)
class Cell:
    """So many open papers have all this in common."""

    kind: str
    state: str
    policy: UUID
    programme: UUID
    teacher: UUID | None
    count: int


@dataclass
class Counts:
    """Open papers of one line of a table, by class of time left and by state."""

    key: UUID | str | None
    name: str
    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        return sum(self.states.values())

    def add(self, cell: Cell) -> None:
        self.kinds[cell.kind] += cell.count
        self.states[cell.state] += cell.count


@dataclass(frozen=True)
class Day:
    """One day of the forecast, in the institute's zone; the first begins now. Hours are of marking.

    `expected`: papers open at its end in four of five plays; `allowed`: how many may be, if all promises are kept.
    `work_until` and `free_until`: work due, and time there is for it, from now to its end.
    """

    day: date
    due: int
    done: int
    expected: int
    allowed: int
    work: float
    free: float
    work_until: float
    free_until: float
    late: float


@dataclass(frozen=True)
class Outlook:
    """The forecast of the queue, as its last run saw it. `expected` and `allowed`: papers open after each hour, the
    first number is now; `first_hour`: when the hours begin. `papers` and `unseen` as the run kept them."""

    made_at: datetime
    first_hour: datetime
    papers: int
    unseen: int
    expected: list[int]
    allowed: list[int]
    days: list[Day]

    @property
    def late(self) -> float:
        return sum(day.late for day in self.days)

    @property
    def short_by(self) -> Day | None:
        """The first day by whose end more work is due than there is time for."""
        return next((day for day in self.days if day.work_until > day.free_until + LEAST_SHORT), None)


@dataclass(frozen=True)
class Board:
    """`counted_at`: of when the counts of open papers are, `now` unless there are very many."""

    now: datetime
    counted_at: datetime
    by_kind: list[Counts]
    by_policy: list[Counts]
    by_programme: list[Counts]
    by_teacher: list[Counts]
    outlook: Outlook | None
    coming: list[BreachWarning]
    missed: list[SlaBreach]


def office_board(now: datetime) -> Board:
    """Seven queries, however long the queue is; all over open papers and the newest rows."""
    rows, counted_at = remembered("open-cells", lambda: open_cells(now), now=now)
    cells = [Cell(*row) for row in rows]
    by_kind = {name: Counts(name, str(KINDS[name])) for name in ORDER}
    for cell in cells:
        by_kind[cell.kind].add(cell)
    paper = "evaluation__attempt__exam"
    coming = BreachWarning.objects.filter(evaluation__state__in=OPEN_STATES, evaluation__finalised_at=None)
    return Board(
        now=now,
        counted_at=counted_at,
        by_kind=list(by_kind.values()),
        by_policy=_grouped(cells, "policy", SlaPolicy.objects.all()),
        by_programme=_grouped(cells, "programme", Programme.objects.all()),
        by_teacher=_grouped(cells, "teacher", User.objects.all()),
        outlook=queue_outlook(),
        coming=list(
            coming.filter(due_at__gte=now)
            .select_related(paper, "evaluation__forecast", "giver", "taker")
            .order_by("due_at")[:MOST_ROWS]
        ),
        missed=list(SlaBreach.objects.select_related(paper, "evaluation__teacher").order_by("-flagged_at")[:MOST_ROWS]),
    )


def open_cells(now: datetime) -> list[tuple[Any, ...]]:
    """The fields of cells, with every open paper counted once. One query."""
    return list(
        Evaluation.objects.filter(state__in=OPEN_STATES)
        .order_by()
        .annotate(kind=kind_of(now))
        .values_list("kind", "state", "policy_id", "attempt__exam__programme_id", "teacher_id")
        .annotate(count=Count("pk"))
    )


def _grouped(cells: Sequence[Cell], by: str, named: QuerySet[Any]) -> list[Counts]:
    """A line for each value of the cells' field `by`, those with most papers first. One query, for the names."""
    keys = {getattr(cell, by) for cell in cells}
    names = {row.pk: str(row) for row in named.filter(pk__in=keys - {None})}
    lines = {key: Counts(key, names.get(key, str(_("Nobody yet")))) for key in keys}
    for cell in cells:
        lines[getattr(cell, by)].add(cell)
    return sorted(lines.values(), key=lambda line: (-line.total, line.name))


def queue_outlook() -> Outlook | None:
    """What the forecast's last run kept, as lines and days; None before the first run. One query."""
    run = ForecastRun.objects.first()
    return outlook_of(run, timezone.get_default_timezone()) if run else None


def outlook_of(run: ForecastRun, zone: tzinfo) -> Outlook:
    """Sums of the run's hours; no database."""
    first = run.made_at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    expected, allowed = [run.papers], [run.papers]
    days: dict[date, list[Any]] = {}
    work_until = free_until = 0.0
    for number, (free, work, done, due, late) in enumerate(run.hours):
        expected.append(expected[-1] - done)
        allowed.append(allowed[-1] - due)
        work_until, free_until = work_until + work / 3600, free_until + free / 3600
        day = (first + number * HOUR).date()
        sums = days.setdefault(day, [0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0])
        before = (due, done, 0, 0, work / 3600, free / 3600, 0.0, 0.0, late)
        for place, value in enumerate(before):
            sums[place] += value
        sums[2:4], sums[6:8] = [expected[-1], allowed[-1]], [work_until, free_until]
    return Outlook(
        made_at=run.made_at,
        first_hour=first,
        papers=run.papers,
        unseen=run.unseen,
        expected=expected,
        allowed=allowed,
        days=[Day(day, *sums) for day, sums in days.items()],
    )
