"""Recomputes every answer of the mensuration unit from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import Rational, pi, simplify, solve, sqrt

from tests.content.recompute import a, b, q, x

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-mens-a-01"] = lambda: Rational(60, 360) * pi * 6**2
CHECKS["x-mens-a-02"] = lambda: Rational(120, 360) * 2 * Rational(22, 7) * 21
CHECKS["x-mens-a-03"] = lambda: Rational(15, 60) * Rational(22, 7) * 14**2
CHECKS["x-mens-a-04"] = lambda: Rational(1, 4) * 2 * Rational(22, 7) * 7 + 2 * 7
CHECKS["x-mens-a-05"] = lambda: simplify((pi * a**2 * b) / (pi * a**2 * b / 3))
CHECKS["x-mens-a-06"] = lambda: 2 * Rational(22, 7) * 49 + Rational(22, 7) * 49
CHECKS["x-mens-a-07"] = lambda: 2 * (10 * 5 + 5 * 5 + 5 * 10)
CHECKS["x-mens-b-01"] = lambda: Rational(90, 360) * Rational(22, 7) * 14**2 - Rational(1, 2) * 14 * 14
CHECKS["x-mens-b-02"] = lambda: pi * 9 * 4 / 3 + 2 * pi * 27 / 3
CHECKS["x-mens-b-03"] = lambda: Rational(90, 360) * Rational(22, 7) * q("10.5") ** 2
CHECKS["x-mens-d-01"] = lambda: (
    sqrt(13**2 - 12**2),
    Rational(22, 7) * 12 * (2 * 4 + 13),
    Rational(22, 7) * 12 * (2 * 4 + 13) * 150,
)
CHECKS["x-mens-d-02"] = lambda: (
    q("10.2") - q("4.2"),
    Rational(22, 7) * q("2.1") ** 2 * 6 + Rational(4, 3) * Rational(22, 7) * q("2.1") ** 3,
    2 * Rational(22, 7) * q("2.1") * 6 + 4 * Rational(22, 7) * q("2.1") ** 2,
)
CHECKS["x-mens-d-03"] = lambda: (
    20 * 14 * 6 - 3 * Rational(2, 3) * Rational(22, 7) * q("2.1") ** 3,
    2 * (20 * 14 + 14 * 6 + 20 * 6) + 3 * (2 - 1) * Rational(22, 7) * q("2.1") ** 2,
)
CHECKS["x-mens-d-04"] = lambda: (
    Rational(120, 360) * Rational(22, 7) * 21**2 - Rational(1, 2) * 21 * q("1.73") * Rational(21, 2),
    Rational(120, 360) * 2 * Rational(22, 7) * 21 + 21 * q("1.73"),
)
CHECKS["x-mens-d-05"] = lambda: (
    Rational(22, 7) * 49 * 24 * (1 - Rational(1, 3)),
    Rational(22, 7) * (2 * 7 * 24 + 49 + 7 * sqrt(49 + 24**2)),
)
CHECKS["x-mens-d-06"] = lambda: (
    20 * Rational(1, 3) * Rational(22, 7) * (21**2 - q("10.5") ** 2),
    20 * (Rational(1, 3) * 2 * Rational(22, 7) * (21 + q("10.5")) + 2 * q("10.5")) / 100 * 15,
)
CHECKS["x-mens-p-01"] = lambda: solve(Rational(1, 4) * 2 * Rational(22, 7) * x - 44, x)[0]
