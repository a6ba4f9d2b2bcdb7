"""What a marker may give to a question, checked. Pure: no database. The sums live in evaluations.selectors.totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NoReturn

from common.errors import DomainError
from common.models import HALF
from evaluations.selectors.totals import (
    MarkedQuestion,
    SchemeStep,
    counted_alternatives,
    counted_method,
    method_totals,
    paper_total,
    plain,
    question_total,
    settled_total,
)

__all__ = [
    "MarkError",
    "MarkedQuestion",
    "SchemeStep",
    "checked_free_marks",
    "checked_steps",
    "counted_alternatives",
    "counted_method",
    "method_totals",
    "paper_total",
    "plain",
    "question_total",
    "settled_total",
]


class MarkError(DomainError):
    """A mark outside what the marking scheme allows."""


def _refuse(message: str, code: str, **details: object) -> NoReturn:
    raise MarkError(message, code, **details)


def in_halves(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < 10_000 and value % HALF == 0


def checked_steps(scheme: Iterable[SchemeStep], given: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The given step marks without the zeros, keyed by step id.

    Raises MarkError for a step of another question, for what is not in halves and for what is outside 0…step marks.
    """
    known = {step.id: step for step in scheme}
    made: dict[str, Decimal] = {}
    for step_id, marks in given.items():
        step = known.get(str(step_id).lower())
        if step is None:
            _refuse("This step does not belong to the question.", "unknown_step", step=str(step_id)[:80])
        if not in_halves(marks):
            _refuse("Marks come in halves: 0.5, 1, 1.5 …", "half_marks", step=step.id)
        if not 0 <= marks <= step.marks:
            _refuse(f"This step carries at most {plain(step.marks)}.", "out_of_bounds", step=step.id)
        if marks:
            made[step.id] = marks
    return made


def checked_free_marks(marks: Decimal, maximum: Decimal, reason: str) -> Decimal:
    """Marks given without the scheme's steps. Raises MarkError out of 0…maximum, not in halves, or without a reason."""
    if not in_halves(marks):
        _refuse("Marks come in halves: 0.5, 1, 1.5 …", "half_marks")
    if not 0 <= marks <= maximum:
        _refuse(f"This question carries at most {plain(maximum)}.", "out_of_bounds")
    if not reason.strip():
        _refuse("Say in the comment why these marks are given.", "reason_missing")
    return marks
