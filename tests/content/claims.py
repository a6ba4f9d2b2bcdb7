"""Finds what the texts of an item claim in pure numbers: chains such as $8 - 7 = 1$ or $\\sqrt{4 + 9 + 36} = 7$."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from tokenize import TokenError
from typing import Any

from sympy import Basic, nsimplify

from tests.content.compare import option_value

# A formula falls apart at these; what stands between is one chain of equal things.
APART = re.compile(r"\\Rightarrow|\\quad|\\text\{[^}]*\}|\\ne\b|\\le\b|\\ge\b|\\approx|\\to\b|[<>;?]")
# Not for this reader: letters of other meaning, calculus, units of angle under a function.
BEYOND = re.compile(
    r"\\(int|cdots|dots|ldots|pm|lim|sum|in\b|mid|cup|cap|%|parallel|perp|angle|triangle|overline|displaystyle)|['%!]"
    r"|\\(sin|cos|tan|sec|cot|operatorname).*\\circ"
)


def _value(side: str) -> Any:
    """The number (or tuple of numbers) a side of an equation stands for; None when it is not a pure number."""
    letters = re.sub(r"\{[bv]matrix\}|\\[a-z]+|\b(cm|m|km|units?)$", " ", side)
    if BEYOND.search(side) or not re.search(r"\d", side) or re.search(r"[a-df-zA-Z]", letters):
        return None
    try:
        found = option_value(side)
    except (ValueError, SyntaxError, TypeError, AttributeError, TokenError):
        return None
    parts = found if isinstance(found, tuple) else (found,)
    flat = [p for part in parts for p in (part if isinstance(part, tuple) else (part,))]
    if not all(isinstance(p, Basic) and p.is_number for p in flat):
        return None
    return nsimplify(found, rational=True) if isinstance(found, Basic) else found


def claims(tex: str) -> Iterator[tuple[str, str, Any, Any]]:
    """Every pair of neighbouring pure numbers of a chain of equations: both sides as TeX and as values."""
    for chain in APART.split(tex):
        sides = [side.strip() for side in re.split(r"(?<![<>!])=", chain)]
        numbers = [(side, number) for side in sides if (number := _value(side)) is not None]
        for (left, first), (right, second) in pairwise(numbers):
            # "Use √3 = 1.73" is agreed, not claimed.
            if not (re.fullmatch(r"[\d.]+", right) and getattr(first, "is_irrational", False)):
                yield left, right, first, second
