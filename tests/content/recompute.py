"""Small exact tools that the content checks share: they compute with rationals, never with floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

from sympy import Expr, Rational, Symbol, diff, nsimplify, simplify, solve, sqrt, symbols, sympify

x, y, k, n, a, b, t = symbols("x y k n a b t", real=True)


def q(value: object) -> Rational:
    """An exact rational from an int, a Fraction or a decimal string."""
    number = Fraction(str(value)) if not isinstance(value, Fraction) else value
    return Rational(number.numerator, number.denominator)


def only(**statements: object) -> str:
    """The labels of the options whose statement is true, joined by commas."""
    return ",".join(label for label, true in statements.items() if bool(true))


def ar(assertion: object, reason: object, explains: bool) -> str:
    """The standard assertion-reason option for two recomputed truth values."""
    if bool(assertion) and bool(reason):
        return "A" if explains else "B"
    if bool(assertion):
        return "C"
    if bool(reason):
        return "D"
    raise ValueError("no standard option says that both statements are false")


def proved(*differences: object) -> bool:
    """True when every expression simplifies to zero."""
    return all(simplify(item) == 0 for item in differences)


def roots(expression: Expr, symbol: Any = x) -> tuple[Any, ...]:
    """Real solutions of expression = 0 in increasing order."""
    return tuple(sorted(solve(expression, symbol)))


def pair(*equations: Expr, of: Sequence[Any] = (x, y)) -> tuple[Any, ...]:
    """The unique solution of linear equations, each given as an expression equal to zero."""
    found = solve(equations, list(of), dict=True)
    if len(found) != 1:
        raise ValueError("the equations have no single solution")
    return tuple(found[0][symbol] for symbol in of)


def lines_kind(first: Sequence[int], second: Sequence[int]) -> str:
    """'unique', 'none' or 'many' for two lines given as (a, b, c) of ax + by + c = 0."""
    (a1, b1, c1), (a2, b2, c2) = first, second
    if a1 * b2 != a2 * b1:
        return "unique"
    return "many" if a1 * c2 == a2 * c1 and b1 * c2 == b2 * c1 else "none"


def ap_term(first: object, step: object, place: object) -> Any:
    """The term at a place of an arithmetic progression."""
    return first + (place - 1) * step  # type: ignore[operator]


def ap_sum(first: object, step: object, count: object) -> Any:
    """The sum of the first terms of an arithmetic progression."""
    return simplify(Rational(1, 2) * count * (2 * first + (count - 1) * step))  # type: ignore[operator]


def dist(p: Sequence[Any], r: Sequence[Any]) -> Any:
    """Distance of two points."""
    return sqrt(sum((u - v) ** 2 for u, v in zip(p, r, strict=True)))


def cut(p: Sequence[Any], r: Sequence[Any], m: Any, w: Any) -> tuple[Any, ...]:
    """The point that divides the segment from p to r in the ratio m : w."""
    return tuple((m * v + w * u) / (m + w) for u, v in zip(map(q, p), map(q, r), strict=True))


def mid(p: Sequence[Any], r: Sequence[Any]) -> tuple[Any, ...]:
    """The mid-point of a segment."""
    return cut(p, r, 1, 1)


def area(*corners: Sequence[Any]) -> Any:
    """Area of a polygon by the shoelace rule (used for checking only)."""
    ring = [*corners, corners[0]]
    return abs(sum(p[0] * r[1] - r[0] * p[1] for p, r in pairwise(ring))) * Rational(1, 2)


def mean(bounds: Sequence[int], counts: Sequence[Any]) -> Any:
    """Mean of grouped data from class bounds (one more than counts)."""
    marks = [Rational(low + high, 2) for low, high in pairwise(bounds)]
    return simplify(sum(m * c for m, c in zip(marks, counts, strict=True)) / sum(counts))


def median(bounds: Sequence[int], counts: Sequence[int]) -> Any:
    """Median of grouped data by interpolation inside the median class."""
    half, below = Rational(sum(counts), 2), 0
    for (low, high), count in zip(pairwise(bounds), counts, strict=True):
        if below + count >= half:
            return low + (half - below) / count * (high - low)
        below += count
    raise ValueError("no median class")


def mode(bounds: Sequence[int], counts: Sequence[int]) -> Any:
    """Mode of grouped data by the usual formula."""
    place = max(range(len(counts)), key=counts.__getitem__)
    before = counts[place - 1] if place else 0
    after = counts[place + 1] if place + 1 < len(counts) else 0
    low, high = bounds[place], bounds[place + 1]
    return low + Rational(counts[place] - before, 2 * counts[place] - before - after) * (high - low)


def chance(outcomes: Sequence[Any], event: Any) -> Rational:
    """Probability of an event over equally likely outcomes, by counting them."""
    return Rational(sum(1 for item in outcomes if event(item)), len(outcomes))


def from_factors(powers: dict[int, int]) -> int:
    """The number with the given prime powers."""
    return prod(base**power for base, power in powers.items())


def exact(value: object) -> Any:
    """A sympy number for any int, Fraction, string or sympy value."""
    return nsimplify(value) if isinstance(value, int | str) else value


def _zero(expression: Expr) -> bool:
    return bool(simplify(expression) == 0 or expression.equals(0))


@dataclass(frozen=True)
class Primitive:
    """Stands for every function of x whose derivative is `integrand`: the constant of integration is free."""

    integrand: Expr

    def fits(self, said: Expr) -> bool:
        """True when the derivative of what is said is the integrand."""
        return _zero(diff(said, Symbol("x")) - sympify(str(self.integrand)))


@dataclass(frozen=True)
class Curve:
    """Stands for every family F(x, y) = C that solves dy/dx = `slope`."""

    slope: Expr

    def fits(self, said: Expr) -> bool:
        """True when the level curves of what is said have the slope."""
        by_x, by_y = diff(said, Symbol("x")), diff(said, Symbol("y"))
        return by_y != 0 and _zero(-by_x / by_y - sympify(str(self.slope)))
