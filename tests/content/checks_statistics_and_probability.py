"""Recomputes every answer of the statistics and probability unit from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import Rational, isprime

from tests.content.recompute import ar, chance, mean, median, mode, only, q

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-stat-a-01"] = lambda: 3 * 26 - 2 * q("24.5")
CHECKS["x-stat-a-02"] = lambda: (
    lambda f: 10 * f.index(max(f)) + 10 * (next(i for i in range(5) if sum(f[: i + 1]) >= sum(f) / 2) + 1)
)([5, 9, 14, 8, 4])
CHECKS["x-stat-a-03"] = lambda: 35 + Rational(-100, 50)
CHECKS["x-stat-a-04"] = lambda: chance([(i, j) for i in range(1, 7) for j in range(1, 7)], lambda d: sum(d) == 9)
CHECKS["x-stat-a-05"] = lambda: chance(
    [(suit, rank) for suit in "SHDC" for rank in range(1, 14)], lambda c: c[0] != "H" and c[1] != 1
)
CHECKS["x-stat-a-06"] = lambda: next(m for m in range(1, 50) if Rational(m, m + 6) == 2 * Rational(6, m + 6))
CHECKS["x-stat-a-07"] = lambda: ar(
    chance(range(1, 7), isprime) == Rational(1, 2), [m for m in range(1, 7) if isprime(m)] == [2, 3, 5], True
)
CHECKS["x-stat-a-08"] = lambda: ar(
    1 - q("0.05") == q("1.05"),
    all(chance(range(1, 7), lambda d, m=m: d <= m) + chance(range(1, 7), lambda d, m=m: d > m) == 1 for m in range(7)),
    False,
)
CHECKS["x-stat-a-09"] = lambda: ar(
    max([2, 3, 3, 5, 7], key=[2, 3, 3, 5, 7].count) == 3, Rational(sum([2, 3, 3, 5, 7]), 5) == 4, False
)
CHECKS["x-stat-c-01"] = lambda: tuple(
    chance([u + v + w for u in "HT" for v in "HT" for w in "HT"], event)
    for event in (lambda s: s.count("H") >= 2, lambda s: s.count("T") == 1, lambda s: "H" not in s)
)
CHECKS["x-stat-c-02"] = lambda: next(m for m in range(1, 60) if mean((0, 20, 40, 60, 80, 100), (5, 8, m, 12, 4)) == 51)
CHECKS["x-stat-c-03"] = lambda: mode((15, 30, 45, 60, 75, 90), (7, 12, 20, 16, 5))
CHECKS["x-stat-d-01"] = lambda: next(
    (m, 25 - m) for m in range(26) if median((0, 10, 20, 30, 40, 50, 60), (10, m, 25, 30, 25 - m, 10)) == 32
)
CHECKS["x-stat-d-02"] = lambda: (
    mean((0, 20, 40, 60, 80, 100), (6, 10, 16, 12, 6)),
    mode((0, 20, 40, 60, 80, 100), (6, 10, 16, 12, 6)),
)
CHECKS["x-stat-d-03"] = lambda: (
    mean((0, 15, 30, 45, 60, 75), (4, 10, 20, 11, 5)),
    median((0, 15, 30, 45, 60, 75), (4, 10, 20, 11, 5)),
)
CHECKS["x-stat-p-01"] = lambda: only(
    A=chance(range(1, 21), lambda m: m % 4 == 0) == Rational(1, 4),
    B=chance(range(1, 21), isprime) == Rational(1, 4),
    C=chance(range(1, 21), lambda m: 16 % m == 0) == Rational(1, 4),
    D=chance(range(1, 21), lambda m: m > 16) == Rational(1, 4),
)
CHECKS["x-stat-p-02"] = lambda: 11 * 8 - 10 * q("7.5")
