"""`python -m tests.bench.draws`: ten thousand papers of the class X board blueprint. Needs no database.

Drawn are the shipped questions, read from their files. Three things are measured:

1. Blind draws: totals, repeats within a paper, and per cell of the blueprint whether all questions come equally often.
   With n papers, k seats and N questions a count has mean E = n k/N and variance E (1 - k/N), so that
   Σ (O - E)² / (E (1 - k/N)) × (N - 1)/N has mean N - 1 and, for one seat exactly, is chi-square with N - 1 degrees of
   freedom. The chance of at least the value found is printed; with 25 cells one below 0.002 (0.05 / 25) would be news.
2. Students who sit ten papers in a row, each avoiding the last three: repeats against the fewest the bank allows.
3. The same with a bank that could do without repeats: every question four times.

The last table says what must hold, and whether it did; where it did not, the exit code is 1.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid5

import django

from assessments.services.drawing_rules import (
    Candidate,
    Cell,
    Pick,
    Slot,
    cell_words,
    draw_questions,
    pools_of,
    seats_of,
)

FOLDER = Path(__file__).resolve().parents[2] / "assessments" / "data" / "cbse_x_mathematics"
SPACE = UUID(int=7)
PAPERS_PER_STUDENT = 10
AVOIDED = 3
RICHER = 4
LIMIT_MS = 100


@dataclass(frozen=True)
class CellFigures:
    words: str
    seats: int
    questions: int
    fewest: int
    most: int
    chi_square: float
    chance: float


@dataclass
class Figures:
    papers: int = 0
    wrong_totals: int = 0
    repeats_within: int = 0
    cells: list[CellFigures] = field(default_factory=list)
    student_papers: int = 0
    repeats: int = 0
    fewest_repeats: int = 0
    rich_papers: int = 0
    rich_repeats: int = 0
    milliseconds: list[float] = field(default_factory=list)
    rich_milliseconds: list[float] = field(default_factory=list)

    @property
    def chance(self) -> float:
        """The chance of at least this much unevenness over all cells."""
        return chi_square_tail(self.chi_square, self.freedom)

    @property
    def chi_square(self) -> float:
        return sum(cell.chi_square for cell in self.cells)

    @property
    def freedom(self) -> int:
        return sum(cell.questions - 1 for cell in self.cells)

    def must_hold(self) -> list[tuple[str, str, bool]]:
        """(what, what was found, whether it holds). The bounds of chance are one in a thousand for all cells."""
        least = min(cell.chance for cell in self.cells)
        slow = max(p95(self.milliseconds), p95(self.rich_milliseconds))
        return [
            ("every paper has its exact total", f"{self.wrong_totals} of {self.papers} wrong", not self.wrong_totals),
            ("no question twice in a paper", f"{self.repeats_within} twice", not self.repeats_within),
            ("questions come equally often", f"chance {self.chance:.3f} for all cells", self.chance > 0.001),
            ("… in every cell", f"least chance {least:.4f}", least > 0.001 / len(self.cells)),
            (
                f"last {AVOIDED} papers avoided, shipped bank",
                f"{self.repeats} repeats, {self.fewest_repeats} must be",
                self.repeats == self.fewest_repeats,
            ),
            (
                f"last {AVOIDED} papers avoided, bank × {RICHER}",
                f"{self.rich_repeats} repeats in {self.rich_papers} papers",
                not self.rich_repeats,
            ),
            (f"one draw in at most {LIMIT_MS} ms", f"p95 {slow:.1f} ms of processor time", slow <= LIMIT_MS),
        ]


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def shipped() -> tuple[list[Slot], list[Candidate], Decimal]:
    """The board blueprint's slots, the questions of the files and the marks of a paper."""
    blueprint = tomllib.loads((FOLDER / "blueprint.toml").read_text(encoding="utf-8"))
    slots = [
        Slot(
            raw["section"],
            raw["number"],
            uuid5(SPACE, raw["unit"]),
            raw["unit"],
            frozenset(raw["types"]),
            Decimal(raw["marks"]),
            raw.get("choice", False),
        )
        for raw in blueprint["slot"]
    ]
    bank = []
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        unit = uuid5(SPACE, data["unit"]) if "item" in data else SPACE
        for item in data.get("item", ()):
            key = uuid5(SPACE, item["key"])
            chapter = uuid5(SPACE, data["unit"] + item["chapter"])
            hard, level = item["difficulty"], item["cognitive_level"]
            bank.append(
                Candidate(key, key, item["key"], unit, chapter, item["type"], Decimal(item["marks"]), hard, level)
            )
    return slots, bank, Decimal(blueprint["blueprint"]["total_marks"])


def measure(papers: int) -> Figures:
    """`papers` blind draws, as many by students in a row, and a fifth of them from the larger bank."""
    slots, bank, total = shipped()
    found = Figures()
    drawn: Counter[UUID] = Counter()
    for seed in range(papers):
        start = time.process_time()
        picks = draw_questions(slots=slots, candidates=bank, seed=seed)
        found.milliseconds.append((time.process_time() - start) * 1000)
        drawn.update(pick.candidate.question for pick in picks)
        found.papers += 1
        found.wrong_totals += marks_of(picks) != total
        found.repeats_within += len(picks) - len({pick.candidate.question for pick in picks})
    found.cells = list(_cell_figures(slots, bank, drawn, papers))
    found.student_papers, found.repeats, found.fewest_repeats = _in_a_row(slots, bank, papers, [])
    copies = [
        replace(one, question=uuid5(one.question, str(n)), name=f"{one.name}-{n}")
        for one in bank
        for n in range(1, RICHER)
    ]
    found.rich_papers, found.rich_repeats, _fewest = _in_a_row(
        slots, bank + copies, max(papers // 5, 10), found.rich_milliseconds
    )
    return found


def marks_of(picks: Iterable[Pick]) -> Decimal:
    return sum((pick.candidate.marks for pick in picks if pick.seat.alternative != "b"), Decimal(0))


def _cell_figures(slots: list[Slot], bank: list[Candidate], drawn: Counter[UUID], papers: int) -> Iterable[CellFigures]:
    seats = Counter(seat.slot.cell for seat in seats_of(slots))
    names = {slot.cell: slot.unit_name for slot in slots}
    for cell, pool in pools_of(seats, bank).items():
        counts = [drawn[candidate.question] for candidate in pool]
        share = seats[cell] / len(pool)
        mean = papers * share
        value = sum((count - mean) ** 2 for count in counts) / mean
        value = value / (1 - share) * (len(pool) - 1) / len(pool) if share < 1 else 0.0
        words = f"{names[cell]}: {cell_words(cell)}"
        chance = chi_square_tail(value, len(pool) - 1)
        yield CellFigures(words, seats[cell], len(pool), min(counts), max(counts), value, chance)


def _in_a_row(slots: list[Slot], bank: list[Candidate], papers: int, milliseconds: list[float]) -> tuple[int, int, int]:
    """Papers, repeats of the last three papers, and the fewest repeats that were possible each time."""
    seats = Counter(seat.slot.cell for seat in seats_of(slots))
    pools: dict[Cell, set[UUID]] = {
        cell: {candidate.question for candidate in pool} for cell, pool in pools_of(seats, bank).items()
    }
    done = repeats = fewest = 0
    for student in range(math.ceil(papers / PAPERS_PER_STUDENT)):
        history: list[set[UUID]] = []
        for turn in range(PAPERS_PER_STUDENT):
            recent = set().union(*history[-AVOIDED:])
            start = time.process_time()
            picks = draw_questions(
                slots=slots, candidates=bank, seed=1_000_003 * student + turn, avoid=frozenset(recent)
            )
            milliseconds.append((time.process_time() - start) * 1000)
            chosen = {pick.candidate.question for pick in picks}
            repeats += len(chosen & recent)
            # No question of this bank fits two cells, so each cell stands alone.
            fewest += sum(max(0, wanted - len(pools[cell] - recent)) for cell, wanted in seats.items())
            history.append(chosen)
            done += 1
    return done, repeats, fewest


def chi_square_tail(value: float, freedom: int) -> float:
    """The chance of a chi-square of at least `value`: 1 - P(freedom/2, value/2), by the series of the lower gamma."""
    if value <= 0 or freedom < 1:
        return 1.0
    a, x = freedom / 2, value / 2
    term = total = 1 / a
    for n in range(1, 1000):
        term *= x / (a + n)
        total += term
        if term < total * 1e-12:
            break
    return max(0.0, 1 - total * math.exp(a * math.log(x) - x - math.lgamma(a)))


def table(found: Figures) -> str:
    lines = [f"{'cell':<58} seats  bank  fewest   most   chi²   df  chance"]
    for cell in sorted(found.cells, key=lambda cell: cell.words):
        lines.append(
            f"{cell.words:<58} {cell.seats:>5} {cell.questions:>5} {cell.fewest:>7} {cell.most:>6} "
            f"{cell.chi_square:>6.1f} {cell.questions - 1:>4} {cell.chance:>7.3f}"
        )
    lines.append(f"{'all cells':<58} {'':>27} {found.chi_square:>6.1f} {found.freedom:>4} {found.chance:>7.3f}")
    median = sorted(found.milliseconds)[len(found.milliseconds) // 2]
    lines += [
        "",
        f"{found.papers} papers drawn blindly, {found.student_papers} by students of {PAPERS_PER_STUDENT} papers each",
        f"one draw: median {median:.2f} ms, p95 {p95(found.milliseconds):.2f} ms; "
        f"p95 {p95(found.rich_milliseconds):.2f} ms from a bank {RICHER} times as large",
        "",
        f"{'must hold':<44} {'found':<46} holds",
        *(f"{what:<44} {seen:<46} {'yes' if holds else 'NO'}" for what, seen, holds in found.must_hold()),
    ]
    return "\n".join(lines)


def worst(found: Figures) -> dict[str, float]:
    """For tests: the least likely cell and the widest ratio of counts in a cell."""
    by_cell: dict[str, float] = defaultdict(float)
    by_cell["chance"] = min(cell.chance for cell in found.cells)
    by_cell["ratio"] = max(cell.most / max(cell.fewest, 1) for cell in found.cells)
    return by_cell


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=10_000)
    django.setup()  # the names of the types are translated
    found = measure(parser.parse_args().papers)
    print(table(found))
    return 0 if all(holds for _what, _seen, holds in found.must_hold()) else 1


if __name__ == "__main__":
    sys.exit(main())
