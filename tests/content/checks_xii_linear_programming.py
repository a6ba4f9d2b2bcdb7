"""Recomputes every answer of the class XII unit linear programming from its givens.

A constraint (a, b, c) means ax + by <= c.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from sympy import Matrix, solve

from tests.content.recompute import mid, only, symbols

CHECKS: dict[str, Callable[[], Any]] = {}

Constraint = tuple[int, int, int]
FIRST = ((-1, 0, 0), (0, -1, 0))  # x >= 0 and y >= 0
P, Q = symbols("p q", positive=True)


def inside(point: Sequence[Any], region: Sequence[Constraint]) -> bool:
    """True when the point keeps every constraint."""
    return all(a * point[0] + b * point[1] <= c for a, b, c in region)


def corners(region: Sequence[Constraint]) -> set[tuple[Any, ...]]:
    """The corner points of the region, bounded or not."""
    found = set()
    for (a, b, c), (d, e, f) in combinations(region, 2):
        lines = Matrix([[a, b], [d, e]])
        if lines.det() and inside(point := tuple(lines.inv() * Matrix([c, f])), region):
            found.add(point)
    return found


def bounded(region: Sequence[Constraint]) -> bool:
    """True when no direction along an edge leads away for ever."""
    ways = [(s * b, -s * a) for a, b, _ in region for s in (1, -1)]
    return not any(all(a * u + b * v <= 0 for a, b, _ in region) for u, v in ways)


def best(goal: tuple[int, int], region: Sequence[Constraint], pick: Callable[..., Any]) -> tuple[Any, ...]:
    """Optimal value followed by the corner points that give it, from the right. `pick` is max or min."""
    if not bounded(region) and (pick is max or min(goal) < 0):
        raise ValueError("there may be no optimum")
    values = {point: goal[0] * point[0] + goal[1] * point[1] for point in corners(region)}
    value = pick(values.values())
    at = sorted((point for point, here in values.items() if here == value), reverse=True)
    return (value, *(coordinate for point in at for coordinate in point))


TWO_LINES = ((1, 2, 8), (3, 1, 9), *FIRST)
BAND = ((1, 1, 8), (1, 0, 5), (-1, 0, -1), (0, -1, -2))

CHECKS["xii-lp-a-01"] = lambda: max(3 * x + 4 * y for x, y in ((0, 0), (6, 0), (4, 3), (0, 5)))
CHECKS["xii-lp-a-02"] = lambda: only(
    A=inside((3, 2), TWO_LINES),
    B=inside((1, 4), TWO_LINES),
    C=inside((4, 0), TWO_LINES),
    D=inside((2, 3), TWO_LINES),
)
CHECKS["xii-lp-a-03"] = lambda: (
    lambda p: only(A=p == Q, B=(3 * p - 2 * Q) == 0, C=(2 * p - 3 * Q) == 0, D=p == 2 * Q)
)(solve(4 * P + 6 * Q - 10 * P - 2 * Q, P)[0])
CHECKS["xii-lp-a-04"] = lambda: only(
    A=bounded(((-1, -1, -6), *FIRST)),
    B=len(corners(BAND)) == 3,
    C=all(inside(mid(u, v), r) for r in (BAND, TWO_LINES) for u, v in combinations(corners(r), 2)),
    D=False,
)
CHECKS["xii-lp-a-05"] = lambda: len(corners(((1, 1, 5), (1, 0, 3), (0, 1, 4), *FIRST)))
CHECKS["xii-lp-a-06"] = lambda: best((5, 2), ((-1, -1, -6), (-1, 0, -2), (0, -1, -1)), min)[0]
CHECKS["xii-lp-a-07"] = lambda: (lambda empty: only(A=not empty, B=not empty, C=empty, D=not empty))(
    not corners(((1, 1, 2), (-2, -2, -9), *FIRST))
)
CHECKS["xii-lp-c-01"] = lambda: best((5, 3), ((2, 1, 14), (1, 1, 10), *FIRST), max)
CHECKS["xii-lp-c-02"] = lambda: best((4, 3), ((-1, -2, -8), (-2, -1, -7), *FIRST), min)
CHECKS["xii-lp-c-03"] = lambda: (*best((2, 3), BAND, max), *best((2, 3), BAND, min))
CHECKS["xii-lp-c-04"] = lambda: best((3, 2), ((3, 2, 18), (1, 0, 4), (0, 1, 6), *FIRST), max)
CHECKS["xii-lp-c-05"] = lambda: best((4, 7), ((1, 2, 12), (1, 1, 8), (-1, 0, -2), (0, -1, 0)), max)
CHECKS["xii-lp-c-06"] = lambda: best((6, 5), ((-3, -1, -9), (-1, -1, -7), (-1, -2, -8), *FIRST), min)
CHECKS["xii-lp-p-01"] = lambda: best((7, 2), ((1, 1, 6), (1, 0, 4), *FIRST), max)[0]
CHECKS["xii-lp-p-02"] = lambda: (
    lambda found: only(A=(0, 5) in found, B=(0, 7) in found, C=(3, 4) in found, D=(7, 0) in found)
)(corners(((1, 1, 7), (1, 3, 15), *FIRST)))
