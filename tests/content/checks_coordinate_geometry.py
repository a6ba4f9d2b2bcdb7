"""Recomputes every answer of the coordinate geometry unit from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import solve

from tests.content.recompute import cut, dist, k, mid, pair, roots, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

CHECKS["x-cg-a-01"] = lambda: dist((0, 0), (-6, 8))
CHECKS["x-cg-a-02"] = lambda: mid((-2, 5), (8, -3))
CHECKS["x-cg-a-03"] = lambda: dist((4, -7), (4, 0))
CHECKS["x-cg-a-04"] = lambda: solve(cut((2, -3), (5, 6), k, 1)[1], k)[0]
CHECKS["x-cg-a-05"] = lambda: roots(8**2 + (y + 3) ** 2 - 100, y)
CHECKS["x-cg-a-06"] = lambda: dist((0, 0), (0, 5)) + dist((0, 5), (12, 0)) + dist((12, 0), (0, 0))
CHECKS["x-cg-e-01"] = lambda: (
    dist((1, 2), (7, 10)),
    *mid((1, 2), (7, 10)),
    *cut((1, 2), (7, 10), 1, 3),
    solve((x - 1) ** 2 + 4 - (x - 7) ** 2 - 100, x)[0],
)
CHECKS["x-cg-e-02"] = lambda: (
    dist((-4, 3), (2, -5)),
    *mid((-4, 3), (2, -5)),
    solve(cut((-4, 3), (2, -5), k, 1)[0], k)[0],
    cut((-4, 3), (2, -5), 2, 1)[1],
    dist((-4, 3), (4, 9)),
    dist((2, -5), (4, 9)) ** 2,
)
CHECKS["x-cg-e-03"] = lambda: (
    *mid((1, 1), (5, 9)),
    *pair((x + 5) / 2 - 3, (y + 4) / 2 - 5),
    dist((1, 1), (5, 4)),
    dist((5, 4), (5, 9)),
    dist((1, 1), (5, 9)),
    dist((5, 4), pair((x + 5) / 2 - 3, (y + 4) / 2 - 5)),
)
CHECKS["x-cg-p-01"] = lambda: solve((y - 3) * (6 - 2) - (-5 - 3) * (4 - 2), y)[0]
