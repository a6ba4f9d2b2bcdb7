"""The second methods of the class X bank lead to the stored answers: what their steps say is worked out again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sympy import Rational, cos, cot, csc, expand, factor, pi, sec, simplify, sin, solve, sqrt, symbols, tan

from tests.content.bank import BANKS, items

x, y, n, r, s, f, t, h = symbols("x y n r s f t h")
CLASS_X = items(BANKS["x"])
SECOND = {key for key, item in CLASS_X.items() if "methods" in item}

# What the second method says on its way, as a list of expressions that are all 0.
CHECKS: dict[str, Callable[[], list[Any]]] = {
    "x-alg-b-01": lambda: [(6 * v**2 - 7 * v - 3) for v in (Rational(7 + 11, 12), Rational(7 - 11, 12))],
    "x-alg-b-02": lambda: [expand(-2 * (5 * (13 - 3 * y) / 2 - 4 * y + 2)) - (23 * y - 69)],
    "x-alg-b-04": lambda: [84 - 21 * 4, 84 - 4 * (23 - 1) + 4],
    "x-alg-b-07": lambda: [8 * sum(range(1, 16)) - 960],
    "x-alg-c-01": lambda: [expand(3 * n**2 + 5 * n - 3 * (n - 1) ** 2 - 5 * (n - 1)) - (6 * n + 2)],
    "x-alg-c-02": lambda: [(v**2 + 15 * v - 2700) for v in (Rational(-15 + 105, 2), Rational(-15 - 105, 2))],
    "x-alg-c-05": lambda: [
        10 * x + (9 - x) - (9 * x + 9),
        expand(10 * (9 - x) + x) - (90 - 9 * x),
        solve(90 - 9 * x - (9 * x + 9 + 27), x)[0] - 3,
    ],
    "x-alg-d-01": lambda: [(v**2 - 7 * v - 30) for v in (Rational(7 + 13, 2), Rational(7 - 13, 2))],
    "x-alg-d-02": lambda: [Rational(abs(3 * (0 - 0) + 4 * (0 - 2) + 1 * (2 - 0)), 2) - 3],
    "x-alg-d-04": lambda: [expand(2 * 24 * x + 2 * 18 * x + 4 * x**2 - 288) - 4 * (x**2 + 21 * x - 72)],
    "x-trig-b-03": lambda: [
        simplify((1 - cos(t)) / (1 + cos(t)) - (1 - cos(t)) ** 2 / sin(t) ** 2),
        simplify((1 - cos(t)) ** 2 / sin(t) ** 2 - (csc(t) - cot(t)) ** 2),
    ],
    "x-trig-b-04": lambda: [simplify(45 / tan(pi / 3) - 15 * sqrt(3)), sqrt(2025 + 675) - 30 * sqrt(3)],
    "x-trig-b-06": lambda: [60 / sin(pi / 6) - 120, sqrt(120**2 - 60**2) - 60 * sqrt(3)],
    "x-trig-c-03": lambda: [simplify((1 + sin(t)) / cos(t) + (1 - sin(t)) / cos(t) - 2 * sec(t))],
    "x-geo-b-01": lambda: [solve(Rational(3, 2) / 2 - h / 26, h)[0] - Rational(39, 2)],
    "x-geo-c-04": lambda: [8**2 + 15**2 - 17**2, solve(r * (8 + 15 + 17) / 2 - Rational(8 * 15, 2), r)[0] - 3],
    "x-geo-c-07": lambda: [solve(Rational(3, 2) * (Rational(9, 2) + s) - 6 * s, s)[0] - Rational(3, 2)],
    "x-ns-c-02": lambda: [126 % 84 - 42, 84 % 42, 210 % 42, (84 + 126 + 210) // 42 - 10],
    "x-stat-c-02": lambda: [
        sum(one * (mark - 50) for one, mark in zip((5, 8, 0, 12, 4), (10, 30, 50, 70, 90), strict=True)) - 40,
        solve(50 + 40 / (29 + f) - 51, f)[0] - 11,
    ],
    "x-stat-d-03": lambda: [
        sum(one * u for one, u in zip((4, 10, 20, 11, 5), range(-2, 3), strict=True)) - 3,
        Rational(75, 2) + 15 * Rational(3, 50) - Rational(192, 5),
    ],
}


def test_every_second_method_is_checked() -> None:
    assert len(SECOND) >= 12
    assert set(CHECKS) == SECOND


@pytest.mark.parametrize("key", sorted(CHECKS))
def test_what_a_second_method_says_is_right(key: str) -> None:
    assert [factor(one) for one in CHECKS[key]()] == [0] * len(CHECKS[key]())


@pytest.mark.parametrize("key", sorted(SECOND))
def test_a_second_method_is_another_one_with_a_name(key: str) -> None:
    item = CLASS_X[key]
    first, second = ([step["text"] for step in item["steps"] if step.get("method", 1) == method] for method in (1, 2))
    assert first != second
    assert len(set(item["methods"])) == 2
    assert sum(Decimal(step["marks"]) for step in item["steps"] if step.get("method") == 2) == Decimal(item["marks"])
