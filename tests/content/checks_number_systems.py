"""Recomputes every answer of the number systems unit from its givens."""

from collections.abc import Callable
from math import gcd, lcm
from typing import Any

from sympy import expand, factorint, simplify, sqrt

from tests.content.recompute import only, q, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-ns-a-01"] = lambda: gcd(2**3 * 3**2 * 5, 2**2 * 3**4 * 7)
CHECKS["x-ns-a-02"] = lambda: next(m for m in range(1, 841) if gcd(m, 168) == 14 and lcm(m, 168) == 840)
CHECKS["x-ns-a-03"] = lambda: factorint(3600)[2]
CHECKS["x-ns-a-04"] = lambda: only(
    A=simplify(sqrt(3) + sqrt(12)).is_rational,
    B=simplify(sqrt(3) * sqrt(27)).is_rational,
    C=(2 + sqrt(5)).is_rational,
    D=simplify(sqrt(6) / sqrt(3)).is_rational,
)
CHECKS["x-ns-a-05"] = lambda: only(A=lcm(18, 24) == 42, B=lcm(18, 24) == 60, C=lcm(18, 24) == 72, D=lcm(18, 24) == 84)
CHECKS["x-ns-a-06"] = lambda: only(
    A=all(14**m % 10 != 4 for m in range(1, 30)),
    B=all(14**m % 10 != 6 for m in range(1, 30)),
    C=5 not in factorint(14),
    D=all(14**m % 10 not in (4, 6) for m in range(1, 30)),
)
CHECKS["x-ns-a-07"] = lambda: x ** (max(3, 1) - min(3, 1)) * y ** (max(2, 5) - min(2, 5))
CHECKS["x-ns-c-01"] = lambda: sqrt(7).is_irrational and all(m * m % 7 != 0 for m in range(1, 7))
CHECKS["x-ns-c-02"] = lambda: (gcd(84, 126, 210), sum(m // gcd(84, 126, 210) for m in (84, 126, 210)))
CHECKS["x-ns-c-03"] = lambda: tuple(
    next(m for m in range(low, 9999) if all(m % d == 5 for d in (12, 16, 18))) for low in (19, 1000)
)
CHECKS["x-ns-p-01"] = lambda: lcm(8, 10, 12)
CHECKS["x-ns-p-02"] = lambda: only(
    A=sqrt(q("0.09")).is_irrational,
    B=(5 - 2 * sqrt(3)).is_irrational,
    C=expand((sqrt(2) + 1) * (sqrt(2) - 1)).is_irrational,
    D=(3 / sqrt(2)).is_irrational,
)
