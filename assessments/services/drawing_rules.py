"""Choosing the questions of a paper. Pure and seeded: the same slots, bank and seed always give the same paper.

Every question place of a paper is a *seat*; a slot with internal choice has two. Seats are filled one after the other:
first the chapter that the paper has used least, then two questions of it drawn uniformly, of which the one that adds
more variety of difficulty and cognitive level stays. So nothing is drawn more than twice as often as its neighbours,
and questions alike in those two are equally likely. Where a seat finds nothing free, earlier seats exchange their
question (augmenting paths), so a paper is found whenever one exists, with as few `avoid`ed questions as possible.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from assessments.enums import WRITTEN_TYPES, QuestionType


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

    def takes(self, candidate: Candidate) -> bool:
        return candidate.unit == self.unit and candidate.type in self.types and candidate.marks == self.marks


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
    draw = _Draw(seats_of(slots), sorted(candidates, key=lambda candidate: candidate.name), seed, frozenset(avoid))
    draw.fill(fresh_only=True)
    draw.fill(fresh_only=False)
    empty = [seat for index, seat in enumerate(draw.seats) if index not in draw.taken]
    if empty:
        raise BankTooSmall(empty)
    return [Pick(seat, draw.taken[index]) for index, seat in enumerate(draw.seats)]


class _Draw:
    """A growing matching of seats and questions. A question once in the paper stays in it, at times in another seat."""

    def __init__(self, seats: list[Seat], bank: Sequence[Candidate], seed: int, avoid: frozenset[UUID]) -> None:
        self.seats = seats
        # `random()` of a seeded generator is the one sequence Python promises to keep the same between versions.
        self.random = random.Random(seed).random  # noqa: S311 - papers need repeatability, not secrecy
        self.avoid = avoid
        pools: dict[Slot, list[Candidate]] = {}
        for seat in seats:
            if seat.slot not in pools:
                pools[seat.slot] = [candidate for candidate in bank if seat.slot.takes(candidate)]
        self.pools = [pools[seat.slot] for seat in seats]
        self.taken: dict[int, Candidate] = {}
        self.seat_of: dict[UUID, int] = {}
        self.chapters: Counter[UUID] = Counter()
        self.kinds: Counter[object] = Counter()

    def fill(self, *, fresh_only: bool) -> None:
        """Seats as many questions as possible; `fresh_only` leaves out those to avoid."""
        for index in range(len(self.seats)):
            if index in self.taken:
                continue
            pool = [c for c in self.pools[index] if not (fresh_only and c.question in self.avoid)]
            free = [candidate for candidate in pool if candidate.question not in self.seat_of]
            if free:
                self._seat(index, self._choose(free))
            else:
                self._exchange(index, fresh_only, set())

    def _choose(self, free: list[Candidate]) -> Candidate:
        used = min(self.chapters[candidate.chapter] for candidate in free)
        chapters = list(dict.fromkeys(c.chapter for c in free if self.chapters[c.chapter] == used))
        chapter = chapters[self._below(len(chapters))]
        pool = [candidate for candidate in free if candidate.chapter == chapter]
        first, second = pool[self._below(len(pool))], pool[self._below(len(pool))]
        return second if self._sameness(second) < self._sameness(first) else first

    def _sameness(self, candidate: Candidate) -> int:
        """How often the paper already has this difficulty and this cognitive level."""
        return self.kinds[candidate.difficulty] + self.kinds[candidate.level]

    def _below(self, count: int) -> int:
        return int(self.random() * count)

    def _seat(self, index: int, candidate: Candidate) -> None:
        self.taken[index] = candidate
        if candidate.question not in self.seat_of:
            self.chapters[candidate.chapter] += 1
            self.kinds[candidate.difficulty] += 1
            self.kinds[candidate.level] += 1
        self.seat_of[candidate.question] = index

    def _exchange(self, index: int, fresh_only: bool, tried: set[UUID]) -> bool:
        """Finds seat `index` a question by moving others (Kuhn's augmenting path). Every moved seat stays filled."""
        for candidate in self.pools[index]:
            if candidate.question in tried or (fresh_only and candidate.question in self.avoid):
                continue
            tried.add(candidate.question)
            holder = self.seat_of.get(candidate.question)
            if holder is None or self._exchange(holder, fresh_only, tried):
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
    for cell in dict.fromkeys((s.slot.section, s.slot.unit, s.slot.types, s.slot.marks) for s in seats):
        alike = [slot for slot in slots if (slot.section, slot.unit, slot.types, slot.marks) == cell]
        slot, needed = alike[0], sum(2 if slot.has_choice else 1 for slot in alike)
        have = sum(slot.takes(candidate) for candidate in candidates)
        kinds = " or ".join(sorted(str(QuestionType(type).label).lower() for type in slot.types))
        numbers = sorted(slot.number for slot in alike)
        why = f"the bank has {have}" if have < needed else f"the bank's {have} are needed elsewhere in the paper"
        sentences.append(
            f"Section {slot.section}, question {_names(numbers)}: {needed} active {kinds} of {plain(slot.marks)} "
            f"marks in {slot.unit_name} needed, {why}."
        )
    return sentences


def plain(marks: Decimal) -> str:
    """Marks without needless zeros: 20, 2.5."""
    return f"{marks.normalize():f}"


def _names(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
