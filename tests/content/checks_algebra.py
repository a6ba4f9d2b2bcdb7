"""Recomputes every answer of the algebra unit from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import Rational, discriminant, expand, simplify, solve

from tests.content.recompute import (
    a,
    ap_sum,
    ap_term,
    ar,
    area,
    b,
    k,
    lines_kind,
    n,
    only,
    pair,
    proved,
    roots,
    t,
    x,
    y,
)

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-alg-a-01"] = lambda: expand((x + 3) * (x - 5))
CHECKS["x-alg-a-02"] = lambda: simplify(sum(1 / r for r in solve(2 * x**2 - 7 * x + 4, x)))
CHECKS["x-alg-a-03"] = lambda: next(m for m in range(1, 50) if lines_kind((2, 3, -7), (6, m, -15)) == "none")
CHECKS["x-alg-a-04"] = lambda: only(
    A=lines_kind((1, 0, -3), (0, 1, 2)) == "none",
    B=lines_kind((1, 0, -3), (0, 1, 2)) == "many",
    C=pair(x - 3, y + 2) == (3, -2),
    D=pair(x - 3, y + 2) == (-2, 3),
)
CHECKS["x-alg-a-05"] = lambda: max(solve(discriminant(x**2 + k * x + 9, x), k))
CHECKS["x-alg-a-06"] = lambda: tuple(reversed(roots(2 * x**2 - 5 * x - 3)))
CHECKS["x-alg-a-07"] = lambda: ap_term(-7, 4, 21)
CHECKS["x-alg-a-08"] = lambda: ar(sum(range(1, 40, 2)) == 400, proved(ap_sum(1, 2, n) - n**2), True)
CHECKS["x-alg-a-09"] = lambda: ar(discriminant(x**2 + 2 * x + 5, x) < 0, discriminant(x**2 - 5 * x + 6, x) < 0, False)
CHECKS["x-alg-a-10"] = lambda: ar(
    lines_kind((1, 2, -6), (2, 4, -10)) == "many",
    all(lines_kind((1, 2, -c), (m, 2 * m, -c * m - 1)) == "none" for m in range(2, 6) for c in range(1, 6)),
    False,
)
CHECKS["x-alg-b-01"] = lambda: (*roots(6 * x**2 - 7 * x - 3), sum(roots(6 * x**2 - 7 * x - 3)))
CHECKS["x-alg-b-02"] = lambda: pair(2 * x + 3 * y - 13, 5 * x - 4 * y + 2)
CHECKS["x-alg-b-03"] = lambda: next(v for v in solve(discriminant(expand(k * x * (x - 2) + 6), x), k) if v != 0)
CHECKS["x-alg-b-04"] = lambda: next(m for m in range(1, 100) if ap_term(84, -4, m) < 0)
CHECKS["x-alg-b-05"] = lambda: pair(2 * x + 3 * y - 520, 4 * x + y - 540)
CHECKS["x-alg-b-06"] = lambda: solve(simplify(sum(r**2 for r in solve(x**2 - 6 * x + k, x))) - 20, k)[0]
CHECKS["x-alg-b-07"] = lambda: sum(8 * m for m in range(1, 16))
CHECKS["x-alg-c-01"] = lambda: (
    expand((3 * n**2 + 5 * n) - (3 * (n - 1) ** 2 + 5 * (n - 1))),
    (3 * 16**2 + 5 * 16) - (3 * 15**2 + 5 * 15),
)
CHECKS["x-alg-c-02"] = lambda: next(v for v in roots(simplify((180 / x - 180 / (x + 15) - 1) * x * (x + 15))) if v > 0)
CHECKS["x-alg-c-03"] = lambda: tuple(
    next(m for m in (-4, 4) if lines_kind((m, 2, 2 - m), (8, m, -m)) == kind) for kind in ("none", "many")
)
CHECKS["x-alg-c-04"] = lambda: expand(
    simplify((x - 2 * solve(t**2 - 5 * t + 3, t)[0] - 1) * (x - 2 * solve(t**2 - 5 * t + 3, t)[1] - 1))
)
CHECKS["x-alg-c-05"] = lambda: next(
    m for m in range(10, 100) if m // 10 + m % 10 == 9 and 10 * (m % 10) + m // 10 == m + 27
)
CHECKS["x-alg-c-06"] = lambda: ap_sum(*pair(a + 3 * b - 18, a + 9 * b - 42, of=(a, b)), 25)
CHECKS["x-alg-d-01"] = lambda: next((v, v + 5) for v in solve(1 / x + 1 / (x + 5) - Rational(1, 6), x) if v > 0)
CHECKS["x-alg-d-02"] = lambda: (
    *pair(2 * x + y - 8, x - y - 1),
    area(pair(2 * x + y - 8, x - y - 1), pair(2 * x + y - 8, y), pair(x - y - 1, y)),
)
CHECKS["x-alg-d-03"] = lambda: next(
    (m, ap_term(4, 3, m)) for m in range(1, 100) if sum(4 + 3 * i for i in range(m)) == 246
)
CHECKS["x-alg-d-04"] = lambda: next(
    (v, 2 * (24 + 2 * v) + 2 * (18 + 2 * v)) for v in solve((24 + 2 * x) * (18 + 2 * x) - 24 * 18 - 288, x) if v > 0
)
CHECKS["x-alg-d-05"] = lambda: (
    lambda first, step: (first, step, next(m for m in range(1, 99) if ap_sum(first, step, m) > 1000))
)(*pair(ap_sum(a, b, 8) - 136, ap_sum(a, b, 15) - 465, of=(a, b)))
CHECKS["x-alg-d-06"] = lambda: next((v, 3600 / v) for v in solve(3600 / (x - 20) - 3600 / x - 6, x) if v > 0)
CHECKS["x-alg-e-01"] = lambda: (
    ap_term(24, 4, 10),
    next(m for m in range(1, 21) if ap_term(24, 4, m) == 80),
    sum(24 + 4 * m for m in range(20)),
    next(m for m in range(1, 21) if ap_sum(24, 4, m) == 552),
)
CHECKS["x-alg-e-02"] = lambda: (
    (-5 * t**2 + 20 * t + 25).subs(t, 0),
    discriminant(-5 * t**2 + 20 * t + 25, t),
    max(roots(-5 * t**2 + 20 * t + 25, t)),
    *roots(-5 * t**2 + 20 * t + 25 - 40, t),
)
CHECKS["x-alg-e-03"] = lambda: (lambda fixed, rate: (fixed, rate, fixed + 14 * rate))(
    *pair(x + 5 * y - 95, x + 9 * y - 155)
)
CHECKS["x-alg-p-01"] = lambda: discriminant(2 * x**2 - 6 * x + 3, x)
CHECKS["x-alg-p-02"] = lambda: sum(1 for m in range(10, 100) if m % 7 == 0)
CHECKS["x-alg-p-03"] = lambda: only(
    A=discriminant(x**2 - 4 * x + 4, x) > 0,
    B=discriminant(x**2 + 3 * x - 1, x) > 0,
    C=discriminant(2 * x**2 - x + 1, x) > 0,
    D=discriminant(3 * x**2 - 7 * x + 2, x) > 0,
)
