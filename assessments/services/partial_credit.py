"""How much of a question an answer earns, as a share from 0 to 1. Pure; rounding is always down to the half mark."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

ONE = Fraction(1)


def half_marks(exact: Fraction) -> Decimal:
    """The greatest number of half marks that is not more than `exact`."""
    return Decimal(exact * 2 // 1) / 2


def chosen_share(right: set[str], chosen: set[str], options: int) -> Fraction:
    """Right ones chosen out of all that are right, less wrong ones chosen out of all that are wrong; never below 0."""
    wrong = options - len(right)
    share = Fraction(len(chosen & right), len(right))
    if wrong > 0:
        share -= Fraction(len(chosen - right), wrong)
    return max(share, Fraction(0))


def neighbour_share(right: Sequence[str], given: Sequence[str]) -> Fraction:
    """The share of items that are followed by the item that ought to follow them."""
    if len(right) < 2:
        return ONE if list(given) == list(right) else Fraction(0)
    wanted = set(pairwise(right))
    return Fraction(len(wanted & set(pairwise(given))), len(wanted))
