"""How an exam behaves while it is sat, and what its answers then earn. Pure: no database, no clock.

A behaviour is independent of the type of a question, as in Moodle's question engine
(docs.moodle.org, "Question behaviours"): scoring says what one answer earns, this module what several tries or a stated
certainty make of it. docs/decisions/0008-behaviours.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from assessments.enums import Behaviour
from assessments.services.partial_credit import half_marks

# Adaptive questions stay open; nobody learns anything from a twenty-first guess.
MAX_TRIES = 20
CERTAINTIES = (1, 2, 3)
# Marks of the question are multiplied by these when right and when wrong, by certainty: Gardner-Medwin, A. R. (1995),
# "Confidence assessment in the teaching of basic science", ALT-J 3(1), 80-85; the scale 1, 2, 3 and 0, -2, -6 as in
# Gardner-Medwin and Gahan (2003), "Formative and summative confidence-based assessment", 7th CAA Conference, 147-155.
# To say 2 pays from a chance of two thirds of being right, to say 3 from four fifths.
WHEN_RIGHT = {1: 1, 2: 2, 3: 3}
WHEN_WRONG = {1: 0, 2: -2, 3: -6}
WITH_TRIES = frozenset({Behaviour.IMMEDIATE, Behaviour.ADAPTIVE})
ZERO = Decimal(0)


@dataclass(frozen=True)
class Rules:
    """What an exam says: `tries` of an immediate question, `penalty` the share of its marks that a wrong try costs."""

    behaviour: str = Behaviour.DEFERRED
    tries: int = 3
    penalty: Decimal = Decimal("0.33")

    @property
    def has_tries(self) -> bool:
        return self.behaviour in WITH_TRIES

    @property
    def most_tries(self) -> int:
        """How often one question can be checked; 0 where nothing is checked before the end."""
        return self.tries if self.behaviour == Behaviour.IMMEDIATE else MAX_TRIES if self.has_tries else 0

    @property
    def factor(self) -> int:
        """How many times its marks a question can earn at most."""
        return Behaviour(self.behaviour).factor


@dataclass(frozen=True)
class Verdict:
    """What one answer earns by its key alone. `is_correct` None: no answer, or the key itself is unusable."""

    is_correct: bool | None
    marks: Decimal


def tried_marks(rules: Rules, maximum: Decimal, tries: Sequence[Verdict]) -> Decimal:
    """The best of what the tries earn, each less the penalty for every try before it that was not right.

    Never below 0 nor above `maximum`; rounded down to the half mark, once, at the end. The formula of Moodle's
    behaviours "adaptive" (its best try counts) and "interactive with multiple tries"; there the last try counts, here
    the best does in both, so that trying again never takes marks away. A try that is partly right is not yet right. An
    unusable key makes no try a wrong one.
    """
    best, wrong = Fraction(0), 0
    for verdict in tries:
        lost = Fraction(rules.penalty) * Fraction(maximum) * wrong
        best = max(best, Fraction(verdict.marks) - lost)
        wrong += verdict.is_correct is False
    return half_marks(min(best, Fraction(maximum)))


def certain_marks(maximum: Decimal, verdict: Verdict, certainty: int | None) -> Decimal:
    """From -6 to 3 times `maximum`. Nothing said is 1; no answer, or an unusable key, is 0 whatever was said.

    Full credit is right and anything less is wrong: the scale is made for answers that are one or the other, and a
    share of it would no longer reward saying what one believes.
    """
    if verdict.is_correct is None:
        return ZERO
    scale = WHEN_RIGHT if verdict.is_correct else WHEN_WRONG
    return maximum * scale[certainty or 1]


def is_closed(rules: Rules, tries: Sequence[Verdict]) -> bool:
    """Whether an immediate question is finished with: right, or out of tries. No other closes before the end."""
    if rules.behaviour != Behaviour.IMMEDIATE:
        return False
    return len(tries) >= rules.tries or any(verdict.is_correct for verdict in tries)


def tries_left(rules: Rules, tries: Sequence[Verdict]) -> int:
    return 0 if is_closed(rules, tries) else max(rules.most_tries - len(tries), 0)


def hints_earned(tries: Sequence[Verdict], hints: int) -> int:
    """One hint for every try that was not right, as long as there are any."""
    return min(sum(verdict.is_correct is False for verdict in tries), hints)


def total_marks(counted: Iterable[tuple[int, Decimal | None]]) -> Decimal:
    """The objective marks of an attempt: of (number, marks) pairs with one number the best counts; None, not answered.

    Never below 0, however certain somebody was of wrong answers.
    """
    best: dict[int, Decimal] = {}
    for number, marks in counted:
        if marks is not None:
            best[number] = max(best.get(number, marks), marks)
    return max(sum(best.values(), ZERO), ZERO)


def gains(maximum: Decimal) -> list[tuple[int, Decimal, Decimal]]:
    """(certainty, marks if right, marks if wrong) of a question, for telling the student."""
    return [(level, maximum * WHEN_RIGHT[level], maximum * WHEN_WRONG[level]) for level in CERTAINTIES]
