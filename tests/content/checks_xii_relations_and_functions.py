"""Recomputes every answer of the class XII unit relations and functions from its givens."""

from collections.abc import Callable, Collection, Iterable
from itertools import combinations, product
from typing import Any

from sympy import Abs, Eq, acos, asin, atan, cos, pi, simplify, sin, solve, sqrt

from tests.content.recompute import ar, only, proved, q, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

Pairs = Collection[tuple[Any, Any]]


def reflexive(pairs: Pairs, on: Iterable[Any]) -> bool:
    """True when every element is related to itself."""
    return all((u, u) in pairs for u in on)


def symmetric(pairs: Pairs) -> bool:
    """True when every pair comes with its reverse."""
    return all((v, u) in pairs for u, v in pairs)


def transitive(pairs: Pairs) -> bool:
    """True when (u, v) and (v, w) always bring (u, w)."""
    return all((u, w) in pairs for u, v in pairs for s, w in pairs if v == s)


def equivalence(pairs: Pairs, on: Collection[Any]) -> bool:
    """True when the relation has all three properties."""
    return reflexive(pairs, on) and symmetric(pairs) and transitive(pairs)


def functions(size: int, values: str) -> list[tuple[str, ...]]:
    """Every function from a set of `size` elements into `values`, as the tuple of its values."""
    return list(product(values, repeat=size))


STEPS = {(1, 1), (2, 2), (3, 3), (1, 2), (2, 3)}
SQUARE = {(1, 1), (2, 2), (1, 2), (2, 1)}
TWO_APART = {(u, u + 2) for u in range(1, 5)}
FIVES = {(u, v) for u in range(-8, 9) for v in range(-8, 9) if (u - v) % 5 == 0}
# Ten roads as (number, direction), and the two relations of the case study.
ROADS = list(enumerate([(0, 1)] * 4 + [(1, 0)] * 3 + [(1, 1)] * 3))
PARALLEL = {(u, v) for u in ROADS for v in ROADS if u[1][0] * v[1][1] == u[1][1] * v[1][0]}
ACROSS = {(u, v) for u in ROADS for v in ROADS if u[1][0] * v[1][0] + u[1][1] * v[1][1] == 0}

CHECKS["xii-rf-a-01"] = lambda: only(
    A=reflexive(STEPS, {1, 2, 3}) and symmetric(STEPS),
    B=reflexive(STEPS, {1, 2, 3}) and transitive(STEPS),
    C=reflexive(STEPS, {1, 2, 3}) and not symmetric(STEPS) and not transitive(STEPS),
    D=equivalence(STEPS, {1, 2, 3}),
)
CHECKS["xii-rf-a-02"] = lambda: asin(-sqrt(3) / 2) + acos(-q("1/2"))
CHECKS["xii-rf-a-03"] = lambda: sum(1 for f in functions(4, "pq") if set(f) == set("pq"))
CHECKS["xii-rf-a-04"] = lambda: (solve(Eq(3 * x - 2, -1), x)[0], solve(Eq(3 * x - 2, 1), x)[0])
CHECKS["xii-rf-a-05"] = lambda: ar(equivalence(FIVES, range(-8, 9)), True, True)
CHECKS["xii-rf-a-06"] = lambda: ar(
    set(range(1, 10)) <= {2 * m for m in range(1, 10)}, len({2 * m for m in range(1, 100)}) == 99, False
)
CHECKS["xii-rf-a-07"] = lambda: ar(
    acos(cos(7 * pi / 6)) == 5 * pi / 6, all(0 <= acos(q(v) / 10) <= pi for v in range(-10, 11)), True
)
CHECKS["xii-rf-a-08"] = lambda: ar(symmetric(SQUARE), reflexive(SQUARE, {1, 2, 3}), False)
CHECKS["xii-rf-b-01"] = lambda: 2 * atan(-1) + acos(-sqrt(3) / 2) + asin(1)
CHECKS["xii-rf-b-02"] = lambda: (
    solve(Eq((2 * x - 5) / 3, (2 * y - 5) / 3), x) == [y] and proved((2 * ((3 * y + 5) / 2) - 5) / 3 - y)
)
CHECKS["xii-rf-b-03"] = lambda: (max(solve(x**2 - 3 + 1, x)), max(solve(x**2 - 3 - 1, x)))
CHECKS["xii-rf-b-04"] = lambda: {(1, 3), (2, 4), (3, 5), (4, 6)} == TWO_APART and not transitive(TWO_APART)
CHECKS["xii-rf-e-01"] = lambda: (
    len(functions(4, "uvw")),
    sum(1 for f in functions(4, "uvw") if len(set(f)) == 4),
    sum(1 for f in functions(4, "uvw") if set(f) == set("uvw")),
    sum(
        reflexive(chosen, "uvw") for size in range(10) for chosen in combinations(tuple(product("uvw", repeat=2)), size)
    ),
)
CHECKS["xii-rf-e-02"] = lambda: (
    len({frozenset(v for u, v in PARALLEL if u == road) for road in ROADS}),
    int(transitive(ACROSS)),
    int(equivalence(PARALLEL, ROADS)),
    len(PARALLEL),
)
CHECKS["xii-rf-e-03"] = lambda: (
    (x**2 + 2).subs(x, 3),
    int(proved(simplify(sqrt(y - 2) ** 2 + 2 - y)) and [v for v in solve(x**2 + 2 - 6, x) if v >= 0] == [2]),
    max(solve(x**2 + 2 - 51, x)),
    int(len(solve(x**2 + 2 - 3, x)) == 2 and solve(x**2 + 2, x) == []),
)
CHECKS["xii-rf-p-01"] = lambda: sum(1 for f in functions(3, "abcde") if len(set(f)) == 3)
CHECKS["xii-rf-p-02"] = lambda: sin(acos(q("3/5")))
CHECKS["xii-rf-p-03"] = lambda: only(
    A=solve(Eq(x**3, 8), x) == [2],
    B=len(solve(Eq(Abs(x), 8), x)) == 1,
    C=len(solve(Eq(3 - 2 * x, 8), x)) == 1,
    D=len(solve(Eq(x**2 + 1, 8), x)) == 1,
)
