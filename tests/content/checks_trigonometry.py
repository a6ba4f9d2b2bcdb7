"""Recomputes every answer of the trigonometry unit from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import Rational, acos, asin, atan, cos, cot, csc, pi, sec, simplify, sin, solve, sqrt, tan

from tests.content.recompute import pair, proved, q, t, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-trig-a-01"] = lambda: simplify(tan(asin(Rational(5, 13))))
CHECKS["x-trig-a-02"] = lambda: 2 * tan(pi / 4) ** 2 + cos(pi / 6) ** 2 - sin(pi / 3) ** 2
CHECKS["x-trig-a-03"] = lambda: simplify((1 + tan(x) ** 2) * (1 - sin(x) ** 2))
CHECKS["x-trig-a-04"] = lambda: atan(1 / sqrt(3)) * 180 / pi
CHECKS["x-trig-a-05"] = lambda: 10 * sin(pi / 3)
CHECKS["x-trig-a-06"] = lambda: (Rational(4, 3) + 1) / (Rational(4, 3) - 1)
CHECKS["x-trig-a-07"] = lambda: (lambda v: sqrt(1 + v**2) - v)(next(v for v in solve(sqrt(1 + t**2) + t - 3, t)))
CHECKS["x-trig-b-01"] = lambda: 4 * cos(pi / 3) ** 2 + 6 * tan(pi / 6) ** 2 - 2 * sin(pi / 4) ** 2
CHECKS["x-trig-b-02"] = lambda: pair(x + y - asin(1) * 180 / pi, x - y - acos(sqrt(3) / 2) * 180 / pi)
CHECKS["x-trig-b-03"] = lambda: proved((1 - cos(x)) / (1 + cos(x)) - (csc(x) - cot(x)) ** 2)
CHECKS["x-trig-b-04"] = lambda: simplify(45 / sin(pi / 3))
CHECKS["x-trig-b-05"] = lambda: simplify(
    (sec(asin(Rational(3, 5))) - tan(asin(Rational(3, 5)))) / (sec(asin(Rational(3, 5))) + tan(asin(Rational(3, 5))))
)
CHECKS["x-trig-b-06"] = lambda: simplify(60 / tan(pi / 6))
CHECKS["x-trig-c-01"] = lambda: all(
    proved((csc(v) - sin(v)) * (sec(v) - cos(v)) * (tan(v) + cot(v)) - 1)
    for v in (asin(Rational(3, 5)), asin(Rational(5, 13)), asin(Rational(8, 17)))
)
CHECKS["x-trig-c-02"] = lambda: (lambda p: (p, 1 / p))(
    next(r * (Rational(7, 5) - r) for r in solve(x**2 + (Rational(7, 5) - x) ** 2 - 1, x))
)
CHECKS["x-trig-c-03"] = lambda: all(
    proved(sqrt((1 + s) / (1 - s)) + sqrt((1 - s) / (1 + s)) - 2 * sec(asin(s)))
    for s in (Rational(3, 5), Rational(5, 13), Rational(8, 17))
)
CHECKS["x-trig-e-01"] = lambda: (
    40 * tan(pi / 4),
    40 / cos(pi / 4),
    40 * tan(pi / 3) - 40 * tan(pi / 4),
    40 - 40 * tan(pi / 4) / tan(pi / 3),
)
CHECKS["x-trig-e-02"] = lambda: (
    60 / tan(pi / 4),
    60 / tan(pi / 6),
    60 / tan(pi / 4) + 60 / tan(pi / 6),
    (60 / tan(pi / 6) - 60 / tan(pi / 3)) / 8,
)
CHECKS["x-trig-e-03"] = lambda: (
    24 * sin(pi / 3),
    24 * cos(pi / 3),
    24 * cos(pi / 3) + 24 * cos(pi / 6),
    24 * sin(pi / 3) - 24 * sin(pi / 6),
)
CHECKS["x-trig-p-01"] = lambda: sin(acos(q("0.6"))) + tan(acos(q("0.6")))
