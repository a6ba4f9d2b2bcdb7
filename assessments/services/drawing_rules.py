"""Choosing the questions of a paper. Pure and seeded: the same slots, bank and seed always give the same paper.

Every question place of a paper is a *seat*; a slot with internal choice has two. Seats that ask for the same (a *cell*:
unit, types, marks, difficulties, levels) are filled together by systematic sampling: the N free questions of the cell
are laid in a row, chapter after chapter and by difficulty within, and the k seats take those at
floor((u + i) N / k), i = 0 … k-1, with u uniform in [0, 1). So every question of a cell has exactly the chance k / N,
each chapter gets its share up to one question, and difficulties spread. Chapters lie in an order shuffled for each
paper, equals within them too, and the cells of a unit take u, u + φ, u + 2φ … (mod 1, φ the golden ratio), each still
uniform, so that they fall on different chapters.

Where a seat finds nothing free, other seats exchange their question (augmenting paths), so a paper is found whenever
one exists, with as few `avoid`ed questions as possible.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID

from assessments.enums import WRITTEN_TYPES, CognitiveLevel, QuestionType

T = TypeVar("T")
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Candidate:
    """An active question with its current version. `name` orders the bank, the same on every installation."""

    question: UUID
    version: UUID
    name: str
    unit: UUID
    chapter: UUID
    type: str
    marks: Decimal
    difficulty: int
    level: str


class Fitting(Protocol):
    """What a slot asks about: a question, or a shelf of questions that are alike in all of this."""

    @property
    def unit(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def marks(self) -> Decimal: ...
    @property
    def difficulty(self) -> int: ...
    @property
    def level(self) -> str: ...


F = TypeVar("F", bound=Fitting)


@dataclass(frozen=True)
class Cell:
    """What a slot asks of a question. Slots with the same cell take from the same part of the bank."""

    unit: UUID
    types: frozenset[str]
    marks: Decimal
    difficulties: frozenset[int] = frozenset()
    levels: frozenset[str] = frozenset()

    def takes(self, candidate: Fitting) -> bool:
        return (
            candidate.unit == self.unit
            and candidate.type in self.types
            and candidate.marks == self.marks
            and (not self.difficulties or candidate.difficulty in self.difficulties)
            and (not self.levels or candidate.level in self.levels)
        )


@dataclass(frozen=True)
class Slot:
    """Question `number` of section `section`."""

    section: str
    number: int
    unit: UUID
    unit_name: str
    types: frozenset[str]
    marks: Decimal
    has_choice: bool = False
    difficulties: frozenset[int] = frozenset()  # empty: any
    levels: frozenset[str] = frozenset()  # empty: any

    @property
    def cell(self) -> Cell:
        return Cell(self.unit, self.types, self.marks, self.difficulties, self.levels)

    def takes(self, candidate: Fitting) -> bool:
        return self.cell.takes(candidate)


@dataclass(frozen=True)
class Seat:
    """A place for one question; `alternative` is "", or "a" and "b" of an internal choice."""

    slot: Slot
    alternative: str


@dataclass(frozen=True)
class Pick:
    seat: Seat
    candidate: Candidate


class BankTooSmall(Exception):
    """No assignment fills every seat; `seats` are those left empty by a largest possible one."""

    def __init__(self, seats: list[Seat]) -> None:
        super().__init__(f"{len(seats)} questions are missing")
        self.seats = seats


def seats_of(slots: Iterable[Slot]) -> list[Seat]:
    """The seats of a paper in the order of its numbers."""
    ordered = sorted(slots, key=lambda slot: slot.number)
    return [Seat(slot, alternative) for slot in ordered for alternative in (("a", "b") if slot.has_choice else ("",))]


def draw_questions(
    *, slots: Iterable[Slot], candidates: Iterable[Candidate], seed: int, avoid: Collection[UUID] = ()
) -> list[Pick]:
    """One different question for every seat, in seat order. Raises BankTooSmall.

    `avoid`: ids of questions to repeat only where the bank has nothing else, and then as few as possible.
    """
    draw = _Draw(seats_of(slots), candidates, seed, frozenset(avoid))
    draw.fill(fresh_only=True)
    draw.fill(fresh_only=False)
    empty = [seat for index, seat in enumerate(draw.seats) if index not in draw.taken]
    if empty:
        raise BankTooSmall(empty)
    return [Pick(seat, draw.taken[index]) for index, seat in enumerate(draw.seats)]


def pools_of(cells: Iterable[Cell], candidates: Iterable[F]) -> dict[Cell, list[F]]:
    """The candidates that fit each cell, in the order given; one walk over the bank, however large."""
    shelves: dict[tuple[UUID, str, Decimal], list[F]] = defaultdict(list)
    for candidate in candidates:
        shelves[candidate.unit, candidate.type, candidate.marks].append(candidate)
    pools = {}
    for cell in dict.fromkeys(cells):
        fitting = (shelves.get((cell.unit, type, cell.marks), ()) for type in sorted(cell.types))
        pools[cell] = [candidate for shelf in fitting for candidate in shelf if cell.takes(candidate)]
    return pools


class _Draw:
    """A growing matching of seats and questions. A question once in the paper stays in it, at times in another seat."""

    def __init__(self, seats: list[Seat], bank: Iterable[Candidate], seed: int, avoid: frozenset[UUID]) -> None:
        self.seats = seats
        # `random()` of a seeded generator is the one sequence Python promises to keep the same between versions.
        self.random = random.Random(seed).random  # noqa: S311 - papers need repeatability, not secrecy
        self.avoid = avoid
        self.pools = pools_of((seat.slot.cell for seat in seats), bank)
        for pool in self.pools.values():
            pool.sort(key=lambda candidate: candidate.name)
        named = sorted({c.name: c for pool in self.pools.values() for c in pool}.items())
        chapters = self._shuffled(list(dict.fromkeys(candidate.chapter for _name, candidate in named)))
        self.chapter_place = {chapter: place for place, chapter in enumerate(chapters)}
        self.pools = {cell: self._shuffled(pool) for cell, pool in self.pools.items()}
        self.taken: dict[int, Candidate] = {}
        self.seat_of: dict[UUID, int] = {}
        self.starts: dict[UUID, float] = {}

    def fill(self, *, fresh_only: bool) -> None:
        """Seats as many questions as possible; `fresh_only` leaves out those to avoid."""
        empty: dict[Cell, list[int]] = defaultdict(list)
        for index, seat in enumerate(self.seats):
            if index not in self.taken:
                empty[seat.slot.cell].append(index)
        for cell, indexes in empty.items():
            free = [c for c in self.pools[cell] if c.question not in self.seat_of and self._may(c, fresh_only)]
            for index, candidate in zip(self._shuffled(indexes), self._sample(cell, free, len(indexes)), strict=False):
                self._seat(index, candidate)
        for index, seat in enumerate(self.seats):
            if index not in self.taken:
                self._exchange(index, seat.slot.cell, fresh_only, set())

    def _sample(self, cell: Cell, free: list[Candidate], wanted: int) -> list[Candidate]:
        """`wanted` of the questions free for `cell`, or all when there are fewer. See the top of the module."""
        if cell.unit not in self.starts:
            self.starts[cell.unit] = self.random()
        start = self.starts[cell.unit]
        self.starts[cell.unit] = (start + GOLDEN) % 1
        if wanted >= len(free):
            return free
        row = sorted(free, key=self._place)
        return [row[min(int((start + turn) * len(row) / wanted), len(row) - 1)] for turn in range(wanted)]

    def _place(self, candidate: Candidate) -> tuple[int, int]:
        """By chapter, within it by difficulty, up and down in turns; equals stay as they were shuffled."""
        chapter = self.chapter_place[candidate.chapter]
        return chapter, candidate.difficulty if chapter % 2 else -candidate.difficulty

    def _may(self, candidate: Candidate, fresh_only: bool) -> bool:
        return not (fresh_only and candidate.question in self.avoid)

    def _shuffled(self, things: list[T]) -> list[T]:
        made = list(things)
        for last in range(len(made) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            made[last], made[other] = made[other], made[last]
        return made

    def _seat(self, index: int, candidate: Candidate) -> None:
        self.taken[index] = candidate
        self.seat_of[candidate.question] = index

    def _exchange(self, index: int, cell: Cell, fresh_only: bool, tried: set[UUID]) -> bool:
        """Finds seat `index` a question by moving others (Kuhn's augmenting path). Every moved seat stays filled."""
        for candidate in self.pools[cell]:
            if candidate.question in tried or not self._may(candidate, fresh_only):
                continue
            tried.add(candidate.question)
            holder = self.seat_of.get(candidate.question)
            if holder is None or self._exchange(holder, self.seats[holder].slot.cell, fresh_only, tried):
                self._seat(index, candidate)
                return True
        return False


def structure_problems(*, slots: Sequence[Slot], total_marks: Decimal) -> list[str]:
    """What is wrong with a blueprint whatever the bank holds: numbers, totals, types, choices. One sentence each."""
    if not slots:
        return ["The blueprint has no questions."]
    problems = []
    numbers = [slot.number for slot in slots]
    twice = sorted(number for number, times in Counter(numbers).items() if times > 1)
    if twice:
        problems.append(f"Question {_names(twice)} appears twice.")
    missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    if missing or 0 in numbers:
        problems.append(
            f"Questions must be numbered 1, 2, 3 …; missing: {_names(missing) or 'none, but there is a 0'}."
        )
    if not twice and numbers != sorted(numbers):
        problems.append("The numbers must go up from section to section.")
    total = sum((slot.marks for slot in slots), Decimal(0))
    if total != total_marks:
        problems.append(f"The questions add up to {plain(total)} marks, but the blueprint says {plain(total_marks)}.")
    for slot in slots:
        problems.extend(_slot_problems(slot))
    return problems


def _slot_problems(slot: Slot) -> list[str]:
    problems = []
    unknown = sorted(slot.types - set(QuestionType.values))
    if not slot.types or unknown:
        problems.append(f"Question {slot.number} needs known question types, not “{', '.join(unknown)}”.")
    if slot.marks <= 0:
        problems.append(f"Question {slot.number} carries no marks.")
    if slot.has_choice and slot.types - WRITTEN_TYPES:
        problems.append(f"Question {slot.number} offers a choice, which only written questions can.")
    return problems


def missing_sentences(seats: Sequence[Seat], slots: Iterable[Slot], candidates: Sequence[Candidate]) -> list[str]:
    """One sentence per cell of the blueprint that the bank cannot fill, naming its questions."""
    slots = list(slots)
    sentences = []
    for section, cell in dict.fromkeys((seat.slot.section, seat.slot.cell) for seat in seats):
        alike = [slot for slot in slots if (slot.section, slot.cell) == (section, cell)]
        needed = sum(2 if slot.has_choice else 1 for slot in alike)
        have = sum(cell.takes(candidate) for candidate in candidates)
        numbers = sorted(slot.number for slot in alike)
        why = f"the bank has {have}" if have < needed else f"the bank's {have} are needed elsewhere in the paper"
        sentences.append(
            f"Section {section}, question {_names(numbers)}: {needed} active {cell_words(cell)} of {plain(cell.marks)} "
            f"marks in {alike[0].unit_name} needed, {why}."
        )
    return sentences


def cell_words(cell: Cell) -> str:
    """What a cell asks besides unit and marks: "short answer or long answer (difficulty 2, 3; apply)"."""
    kinds = " or ".join(sorted(label_of(type).lower() for type in cell.types))
    mix = []
    if cell.difficulties:
        mix.append(f"difficulty {_names(sorted(cell.difficulties))}")
    if cell.levels:
        mix.append(", ".join(label.lower() for value, label in CognitiveLevel.choices if value in cell.levels))
    return f"{kinds} ({'; '.join(mix)})" if mix else kinds


def label_of(type: str) -> str:
    """The name of a question type, or what was written where there is no such type."""
    return str(QuestionType(type).label) if type in set(QuestionType.values) else type


def plain(marks: Decimal) -> str:
    """Marks without needless zeros: 20, 2.5."""
    return f"{marks.normalize():f}"


def _names(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
