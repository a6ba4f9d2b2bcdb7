"""Recomputes every answer of the geometry unit from its givens."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from sympy import Rational, asin, pi, solve, sqrt

from tests.content.recompute import a, b, cut, dist, only, proved, q, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-geo-a-01"] = lambda: q("4.5") * 4 / 3
CHECKS["x-geo-a-02"] = lambda: Rational(36, 24) * 8
CHECKS["x-geo-a-03"] = lambda: sqrt(13**2 - 5**2)
CHECKS["x-geo-a-04"] = lambda: 360 - 90 - 90 - 110
CHECKS["x-geo-a-05"] = lambda: solve(7 + 8 - 9 - x, x)[0]
CHECKS["x-geo-a-06"] = lambda: 180 - 47 - 83
CHECKS["x-geo-b-01"] = lambda: q("1.5") * 26 / 2
CHECKS["x-geo-b-02"] = lambda: 2 * sqrt(17**2 - 8**2)
CHECKS["x-geo-b-03"] = lambda: solve(x * (x + 5) - (x + 1) * (x + 3), x)[0]
CHECKS["x-geo-c-01"] = lambda: len({dist((13, 0), p) for p in solve([x**2 + y**2 - 25, 13 * x - 25], [x, y])}) == 1
CHECKS["x-geo-c-02"] = lambda: solve((a + a) - (b + b), a)[0] == b
CHECKS["x-geo-c-03"] = lambda: q(4) * 9 / 6
CHECKS["x-geo-c-04"] = lambda: solve((8 - x) + (15 - x) - sqrt(8**2 + 15**2), x)[0]
CHECKS["x-geo-c-05"] = lambda: (
    lambda e, f: proved(
        dist((0, 0), (4, 0)) / dist((5, 3), f) - dist((0, 0), e) / dist((5, 3), (4, 0)),
        dist((4, 0), e) / dist(f, (4, 0)) - dist((0, 0), e) / dist((5, 3), (4, 0)),
    )
)((Rational(5, 3), 5), cut((4, 0), (Fraction(5, 3), 5), 3, 2))
CHECKS["x-geo-c-06"] = lambda: 2 * asin(Rational(1, 2)) == pi / 3
CHECKS["x-geo-c-07"] = lambda: solve(6 * x - q("1.5") * (q("0.9") * 5 + x), x)[0]
CHECKS["x-geo-d-01"] = lambda: solve(Rational(2, 3) * x - (20 - x), x)[0]
CHECKS["x-geo-d-02"] = lambda: (90 - Rational(180 - 68, 2), 360 - 2 * 90 - 68)
CHECKS["x-geo-d-03"] = lambda: next((v + 11, v + 9) for v in solve(99 * x * (x + 20) - (3 * (x + 20)) ** 2, x) if v > 0)
CHECKS["x-geo-p-01"] = lambda: only(
    A=sorted((60, 70, 180 - 130)) == sorted((50, 60, 180 - 110)),
    B=sorted((50, 80, 180 - 130)) == sorted((50, 60, 180 - 110)),
    C=sorted((70, 50, 180 - 120)) == sorted((50, 60, 180 - 110)),
    D=sorted((60, 60, 180 - 120)) == sorted((50, 60, 180 - 110)),
)
CHECKS["x-geo-p-02"] = lambda: sqrt(7**2 + 24**2)
