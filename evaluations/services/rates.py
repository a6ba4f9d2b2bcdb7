"""Which rate counts for which work, and what comes of it. Pure arithmetic, no database.

Of the rates that match, the most specific one counts: one for the exam before one for the question type, that before
one for the promise, that before one for the kind of work; each further field decides between rates alike in those
before it. Two rates of the same fields and values on one day are a tie, which is refused and never guessed.

Every question takes its rate. What falls on a rate of a question or of a mark is counted so; what falls on a rate of a
paper or a minute is paid once for the evaluation. Marks are those that could be given: nobody earns by giving more.

Each line is rounded to the hundredth, half up, as money is rounded in trade (section 170 of India's Central Goods and
Services Tax Act, 2017, rounds rupees so; here ROUND_HALF_UP of Python's decimal, to the paisa). Sums are sums of
rounded lines: nothing is lost between line, row and statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

HUNDREDTH = Decimal("0.01")
ONCE = {"paper", "minute"}


class RateError(ValueError):
    """Work that no rate, or more than one, is for. `code`: no_rate, tie or currencies."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Rate:
    """A rate card. Empty fields hold for all; `last` None: no end."""

    id: UUID
    amount: Decimal
    currency: str
    unit: str
    first: date
    last: date | None = None
    kind: str = ""
    exam: UUID | None = None
    question_type: str = ""
    policy: UUID | None = None

    @property
    def scope(self) -> tuple[object, ...]:
        return (self.exam, self.question_type, self.policy, self.kind)

    @property
    def weight(self) -> tuple[bool, ...]:
        return tuple(bool(part) for part in self.scope)

    def matches(self, work: Work, question_type: str) -> bool:
        return (
            self.first <= work.day
            and (self.last is None or work.day <= self.last)
            and self.kind in ("", work.kind)
            and self.exam in (None, work.exam)
            and self.policy in (None, work.policy)
            and self.question_type in ("", question_type)
        )

    def overlaps(self, other: Rate) -> bool:
        """Whether both are for the same work on some day."""
        ends, other_ends = self.last or date.max, other.last or date.max
        return self.scope == other.scope and ends >= other.first and other_ends >= self.first


@dataclass(frozen=True)
class Work:
    """A finished evaluation. `questions`: by type how many there were and their marks; `seconds` measured; `day`: on
    which it was finished, in the institute's zone."""

    kind: str
    exam: UUID
    policy: UUID
    day: date
    questions: Mapping[str, tuple[int, Decimal]]
    seconds: int


@dataclass(frozen=True)
class Line:
    rate: Rate
    question_type: str
    quantity: Decimal
    amount: Decimal

    def as_json(self) -> dict[str, Any]:
        return {
            "card": str(self.rate.id), "unit": self.rate.unit, "type": self.question_type,
            "rate": str(self.rate.amount), "quantity": str(self.quantity), "amount": str(self.amount),
        }  # fmt: skip


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(HUNDREDTH, ROUND_HALF_UP)


def rate_for(rates: Iterable[Rate], work: Work, question_type: str = "") -> Rate:
    """The most specific one. Raises RateError when there is none, or two alike."""
    found = sorted((one for one in rates if one.matches(work, question_type)), key=lambda one: one.weight, reverse=True)
    if not found:
        raise RateError("no_rate")
    if len(found) > 1 and found[0].weight == found[1].weight:
        raise RateError("tie")
    return found[0]


def lines_of(rates: Iterable[Rate], work: Work) -> list[Line]:
    """What the work earned, in one currency. Raises RateError."""
    known = list(rates)
    if not work.questions:
        # Everything was declared not attempted: somebody looked at it all the same.
        counted: dict[tuple[Rate, str], Decimal] = {(rate_for(known, work), ""): Decimal(0)}
    else:
        counted = defaultdict(Decimal)
        for kind, (number, marks) in sorted(work.questions.items()):
            rate = rate_for(known, work, kind)
            counted[rate, "" if rate.unit in ONCE else kind] += marks if rate.unit == "mark" else number
    if len({rate.currency for rate, _kind in counted}) > 1:
        raise RateError("currencies")
    return [_line(rate, kind, quantity, work) for (rate, kind), quantity in counted.items()]


def _line(rate: Rate, kind: str, quantity: Decimal, work: Work) -> Line:
    if rate.unit == "paper":
        quantity = Decimal(1)
    elif rate.unit == "minute":
        quantity = rounded(Decimal(work.seconds) / 60)
    return Line(rate, kind, quantity, rounded(rate.amount * quantity))
