"""Whether the bank fills a blueprint, what its totals are, and how many papers it can make. Pure: no database.

The number of papers counts *sets of questions*: two papers differ when one holds a question that the other does not;
which number a question gets is not counted, nor are variants of questions with parameters. With d_c seats and n_c
fitting questions in cell c, where no question fits two cells,

    papers = Π_c C(n_c, d_c)

Cells that share questions are counted together. Questions that fit the same cells are alike; let class t have m_t of
them, fitting the cells N(t). A set with k_t questions of class t fills the seats exactly when Σ_t k_t = Σ_c d_c and
(Hall) Σ_{t: N(t) ⊆ A} k_t ≤ Σ_{c ∈ A} d_c for every set A of cells. So

    papers = Σ_{k feasible} Π_t C(m_t, k_t)

summed over all k when there are at most MAX_STEPS of them. Beyond that the number is bounded from below: the questions
are dealt out to the cells so that each can be filled, and Π C(dealt_c, d_c) of disjoint shares is never too many.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import comb, prod
from uuid import UUID

from assessments.enums import CognitiveLevel
from assessments.services.drawing_rules import (
    BankTooSmall,
    Candidate,
    Cell,
    Slot,
    cell_words,
    draw_questions,
    plain,
    pools_of,
    seats_of,
)

MAX_STEPS = 50_000
READABLE = 10**9  # above this a power of ten says more than digits


@dataclass(frozen=True)
class Shelf:
    """Questions that every slot takes or none. Judging needs only how many there are: a bank of any size is quick."""

    unit: UUID
    type: str
    marks: Decimal
    difficulty: int
    level: str


Stock = Mapping[Shelf, int]


def stock_of(candidates: Iterable[Candidate]) -> Stock:
    return Counter(Shelf(one.unit, one.type, one.marks, one.difficulty, one.level) for one in candidates)


@dataclass(frozen=True)
class CellRow:
    """What one cell needs and has. `missing`: seats that stay empty, also where the questions are needed elsewhere."""

    unit_name: str
    words: str
    marks: Decimal
    numbers: str
    needed: int
    there: int
    missing: int


@dataclass(frozen=True)
class TotalRow:
    """`marks` of a unit, section or level; `wanted` is the curriculum's figure where there is one."""

    name: str
    marks: Decimal
    wanted: Decimal | None = None

    @property
    def fits(self) -> bool:
        return self.wanted is None or self.marks == self.wanted


@dataclass(frozen=True)
class PaperCount:
    """How many papers there are: exactly, or at least `number`."""

    number: int
    exact: bool = True

    @property
    def exponent(self) -> int | None:
        """k where the number is best said as "more than 10^k"; None where it is said in digits."""
        return len(str(self.number)) - 1 if self.number > READABLE else None


@dataclass(frozen=True)
class Feasibility:
    cells: tuple[CellRow, ...]
    units: tuple[TotalRow, ...]
    sections: tuple[TotalRow, ...]
    levels: tuple[TotalRow, ...]  # expected: see level_totals
    total: TotalRow
    questions: int
    papers: PaperCount
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        return sum(row.missing for row in self.cells)

    @property
    def is_ready(self) -> bool:
        return not self.problems and not self.missing


def judge(
    *,
    slots: Sequence[Slot],
    stock: Stock,
    units: Mapping[UUID, tuple[str, Decimal | None]],
    total_marks: Decimal | None,
    problems: Iterable[str] = (),
) -> Feasibility:
    """`units`: name and the curriculum's marks of every unit of the programme, in its order; None where none count."""
    pools = pools_of((slot.cell for slot in slots), stock)
    marks_of: Counter[UUID] = Counter()
    by_section: dict[str, Decimal] = defaultdict(Decimal)
    for slot in slots:
        marks_of[slot.unit] += slot.marks  # type: ignore[assignment]
        by_section[slot.section] += slot.marks
    shown = [unit for unit, (_name, wanted) in units.items() if wanted is not None or unit in marks_of]
    total = sum((slot.marks for slot in slots), Decimal(0))
    return Feasibility(
        cells=_cell_rows(slots, stock, pools),
        units=tuple(TotalRow(units[unit][0], Decimal(marks_of[unit]), units[unit][1]) for unit in shown),
        sections=tuple(TotalRow(label, marks) for label, marks in by_section.items()),
        levels=level_totals(slots, stock, pools),
        total=TotalRow("", total, total_marks),
        questions=len({slot.number for slot in slots}),
        papers=count_papers(slots=slots, stock=stock),
        problems=tuple(problems),
    )


def level_totals(slots: Iterable[Slot], stock: Stock, pools: Mapping[Cell, Sequence[Shelf]]) -> tuple[TotalRow, ...]:
    """The marks that papers carry on average at each cognitive level, as each question of a cell is equally likely."""
    expected: dict[str, Decimal] = defaultdict(Decimal)
    shares: dict[Cell, Counter[str]] = {cell: Counter() for cell in pools}
    for cell, pool in pools.items():
        for shelf in pool:
            shares[cell][shelf.level] += stock[shelf]
    for slot in slots:
        found = shares[slot.cell]
        for level, times in found.items():
            expected[level] += slot.marks * times / found.total()
    named = [(str(label), expected[value]) for value, label in CognitiveLevel.choices if value in expected]
    return tuple(TotalRow(name, marks.quantize(Decimal("0.1"))) for name, marks in named)


def _cell_rows(slots: Sequence[Slot], stock: Stock, pools: Mapping[Cell, Sequence[Shelf]]) -> tuple[CellRow, ...]:
    empty = _empty_seats(slots, stock, pools)
    alike: dict[Cell, list[Slot]] = defaultdict(list)
    for slot in slots:
        alike[slot.cell].append(slot)
    return tuple(
        CellRow(
            unit_name=found[0].unit_name,
            words=cell_words(cell),
            marks=cell.marks,
            numbers=ranges(slot.number for slot in found),
            needed=len(seats_of(found)),
            there=sum(stock[shelf] for shelf in pools[cell]),
            missing=empty[cell],
        )
        for cell, found in alike.items()
    )


def _empty_seats(slots: Sequence[Slot], stock: Stock, pools: Mapping[Cell, Sequence[Shelf]]) -> Counter[Cell]:
    """The seats that stay empty in a fullest paper. Of questions that fit the same, more than seats cannot help."""
    seats = len(seats_of(slots))
    bank: list[Candidate] = []
    for one, count in _classes(stock, pools).values():
        for _turn in range(min(count, seats)):
            key = UUID(int=len(bank))
            bank.append(Candidate(key, key, key.hex, one.unit, key, one.type, one.marks, one.difficulty, one.level))
    try:
        draw_questions(slots=slots, candidates=bank, seed=0)
    except BankTooSmall as error:
        return Counter(seat.slot.cell for seat in error.seats)
    return Counter()


def _classes(stock: Stock, pools: Mapping[Cell, Sequence[Shelf]]) -> dict[frozenset[Cell], tuple[Shelf, int]]:
    """How many questions fit the same cells, with one shelf of them."""
    fits: dict[Shelf, set[Cell]] = defaultdict(set)
    for cell, pool in pools.items():
        for shelf in pool:
            fits[shelf].add(cell)
    classes: dict[frozenset[Cell], tuple[Shelf, int]] = {}
    for shelf, cells in fits.items():
        known = classes.get(frozenset(cells), (shelf, 0))
        classes[frozenset(cells)] = known[0], known[1] + stock[shelf]
    return classes


def count_papers(*, slots: Iterable[Slot], stock: Stock, max_steps: int = MAX_STEPS) -> PaperCount:
    """How many sets of questions fill the slots. The formula is at the top of the module."""
    seats = Counter(seat.slot.cell for seat in seats_of(slots))
    if not seats:
        return PaperCount(0)
    classes = {cells: count for cells, (_shelf, count) in _classes(stock, pools_of(seats, stock)).items()}
    number, exact = 1, True
    for cells in _components(list(seats), classes):
        here = {neighbours: count for neighbours, count in classes.items() if neighbours <= cells}
        found = _count_component({cell: seats[cell] for cell in seats if cell in cells}, here, max_steps)
        number, exact = number * found.number, exact and found.exact
    return PaperCount(number, exact or number == 0)


def _components(cells: list[Cell], classes: Iterable[frozenset[Cell]]) -> list[frozenset[Cell]]:
    """The cells in groups that share no question with each other."""
    groups = [frozenset([cell]) for cell in cells]
    for together in classes:
        touched = [group for group in groups if group & together]
        groups = [group for group in groups if not group & together] + [frozenset().union(*touched)]
    return groups


def _count_component(need: Mapping[Cell, int], classes: Mapping[frozenset[Cell], int], max_steps: int) -> PaperCount:
    if len(need) == 1:
        [(cell, wanted)] = need.items()
        return PaperCount(comb(classes.get(frozenset([cell]), 0), wanted))
    total = sum(need.values())
    steps = prod(min(count, total) + 1 for count in classes.values())
    if steps * 2 ** len(need) > max_steps:
        return PaperCount(_dealt_out(need, classes), exact=False)
    cells = list(need)
    limits = []
    for chosen in range(1, 2 ** len(cells)):
        group = {cell for place, cell in enumerate(cells) if chosen >> place & 1}
        inside = [place for place, neighbours in enumerate(classes) if neighbours <= group]
        limits.append((inside, sum(need[cell] for cell in group)))
    return PaperCount(_sum_over(list(classes.values()), total, limits))


def _sum_over(counts: Sequence[int], total: int, limits: Sequence[tuple[Sequence[int], int]]) -> int:
    """Σ Π C(counts_t, k_t) over all k with Σ k = total that keep every limit."""
    found, taken = 0, [0] * len(counts)
    rest = [sum(counts[place:]) for place in range(len(counts) + 1)]

    def walk(place: int, left: int, ways: int) -> None:
        nonlocal found
        if left > rest[place]:
            return
        if place == len(counts):
            if all(sum(taken[index] for index in inside) <= limit for inside, limit in limits):
                found += ways
            return
        for number in range(min(counts[place], left) + 1):
            taken[place] = number
            walk(place + 1, left - number, ways * comb(counts[place], number))
        taken[place] = 0

    walk(0, total, 1)
    return found


def _dealt_out(need: Mapping[Cell, int], classes: Mapping[frozenset[Cell], int]) -> int:
    """A lower bound: every question is dealt to one cell it fits, first so that all are filled; 0 if they cannot be."""
    dealt: dict[Cell, dict[frozenset[Cell], int]] = {cell: defaultdict(int) for cell in need}
    spare = dict(classes)

    def give(cell: Cell, tried: set[Cell]) -> bool:
        """One more question for `cell`, from what is spare or from a cell that can replace it."""
        tried.add(cell)
        for kind in classes:
            if cell in kind and spare[kind]:
                spare[kind] -= 1
                dealt[cell][kind] += 1
                return True
        for other in need:
            for kind in [kind for kind, number in dealt[other].items() if number and cell in kind]:
                if other not in tried and give(other, tried):
                    dealt[other][kind] -= 1
                    dealt[cell][kind] += 1
                    return True
        return False

    for cell, wanted in need.items():
        if not all(give(cell, set()) for _turn in range(wanted)):
            return 0
    for kind, left in spare.items():
        for _turn in range(left):
            neediest = min(kind, key=lambda cell: sum(dealt[cell].values()) / need[cell])
            dealt[neediest][kind] += 1
    return prod(comb(sum(dealt[cell].values()), wanted) for cell, wanted in need.items())


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as people write them: 1–3, 7, 9–10."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def unit_problems(rows: Iterable[TotalRow]) -> list[str]:
    """Units whose marks are not those of the curriculum, one sentence each."""
    return [
        f"{row.name} carries {plain(row.marks)} marks, the curriculum says {plain(row.wanted)}."
        for row in rows
        if row.wanted is not None and row.marks != row.wanted
    ]
