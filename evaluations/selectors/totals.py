"""Adding up marks. Pure: no database. The same sums serve the desk, the result page and the final total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class SchemeStep:
    """A step of a marking scheme: its place and its marks. `method`: which of the complete solutions it belongs to."""

    id: str
    marks: Decimal
    part: str = ""
    alternative: str = ""
    method: int = 1


@dataclass(frozen=True)
class MarkedQuestion:
    """The mark of one paper question; with internal choice two of them share `number`."""

    number: int
    alternative: str
    marks: Decimal


def plain(value: Decimal) -> str:
    """Marks for programs, in one form everywhere: 2.00 → "2", 0.50 → "0.5"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def question_total(scheme: Iterable[SchemeStep], given: Mapping[str, Decimal], maximum: Decimal) -> Decimal:
    """Marks of a question from the marks of its steps: those of its better method, see `method_totals`."""
    return max(method_totals(scheme, given, maximum).values(), default=ZERO)


def method_totals(scheme: Iterable[SchemeStep], given: Mapping[str, Decimal], maximum: Decimal) -> dict[int, Decimal]:
    """What each method of the scheme won, by its number; methods are never added together.

    Within a part the steps outside any alternative count, and of the alternatives the better one. Never above
    `maximum`. Steps that `given` does not name count nothing; ids it names that the scheme does not have are ignored.
    """
    sums: dict[int, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Decimal)))
    for step in scheme:
        sums[step.method][step.part][step.alternative] += min(given.get(step.id, ZERO), step.marks)
    totals = {}
    for method, parts in sorted(sums.items()):
        total = ZERO
        for alternatives in parts.values():
            common = alternatives.pop("", ZERO)
            total += common + max(alternatives.values(), default=ZERO)
        totals[method] = min(total, maximum)
    return totals


def counted_method(totals: Mapping[int, Decimal]) -> int | None:
    """The number of the method that counts: the better one, the first when they are equal, None when none won."""
    best = max(totals.values(), default=ZERO)
    return min((method for method, won in totals.items() if won == best), default=None) if best else None


def settled_total(objective: Decimal, written: Decimal, late: Decimal | None) -> Decimal:
    """What counts of a paper in the end: what was won without what being late takes off, never below 0."""
    return max(objective + written - (late or ZERO), ZERO)


def counted_alternatives(marked: Iterable[MarkedQuestion]) -> dict[int, str]:
    """Which alternative of each question number counts: the better one, "a" when they are equal."""
    best: dict[int, MarkedQuestion] = {}
    for question in sorted(marked, key=lambda q: (q.number, q.alternative)):
        known = best.get(question.number)
        if known is None or question.marks > known.marks:
            best[question.number] = question
    return {number: question.alternative for number, question in best.items()}


def paper_total(marked: Iterable[MarkedQuestion], maximum: Decimal) -> Decimal:
    """Marks for the written part of a paper: every number once, its better alternative, never above `maximum`."""
    questions = list(marked)
    counted = counted_alternatives(questions)
    total = sum((q.marks for q in questions if counted[q.number] == q.alternative), ZERO)
    return min(total, maximum)
