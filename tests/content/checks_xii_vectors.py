"""Recomputes every answer of the class XII unit vectors and three-dimensional geometry from its givens."""

from collections.abc import Callable
from typing import Any

from sympy import Matrix, acos, cos, deg, pi, solve, sqrt, symbols

from tests.content.recompute import ar, k, q, t

CHECKS: dict[str, Callable[[], Any]] = {}

I, J, K, LAMBDA = symbols("i j k lambda")  # noqa: E741 - the names of the unit vectors


def vec(*parts: Any) -> Matrix:
    """A vector or a point by its coordinates."""
    return Matrix(parts)


def angle(u: Matrix, v: Matrix) -> Any:
    """The angle between two vectors in degrees."""
    return deg(acos(u.dot(v) / (u.norm() * v.norm())))


def foot(point: Matrix, start: Matrix, way: Matrix) -> Matrix:
    """The point of the line through `start` along `way` that is nearest to `point`."""
    return start + (point - start).dot(way) / way.dot(way) * way


def gap(start: Matrix, way: Matrix, other: Matrix, other_way: Matrix) -> Any:
    """Shortest distance of two skew lines, from the two nearest points (not from the formula of the answer)."""
    between = other + symbols("m") * other_way - start - symbols("l") * way
    found = solve([between.dot(way), between.dot(other_way)], symbols("l m"))
    return between.subs(found).norm()


def meeting(start: Matrix, way: Matrix, other: Matrix, other_way: Matrix) -> Matrix:
    """The common point of two lines; raises IndexError when there is none."""
    found = solve(list(start + symbols("l") * way - other - symbols("m") * other_way), symbols("l m"), dict=True)[0]
    return start + found[symbols("l")] * way


def reach(start: Matrix, way: Matrix) -> Matrix:
    """Where a line meets the plane z = 0."""
    return start - start[2] / way[2] * way


A34, B43 = vec(3, 4, 0), vec(4, -3, 0)
PERPENDICULAR = vec(1, 2, 3).cross(vec(2, -1, 1))
NORMAL = vec(1, 1, 2).cross(vec(2, 1, -1))

CHECKS["xii-vec-a-01"] = lambda: (2 * I - 3 * J + 6 * K) / vec(2, -3, 6).norm()
CHECKS["xii-vec-a-02"] = lambda: solve(vec(2, LAMBDA, 1).dot(vec(1, -2, 3)), LAMBDA)[0]
# A pair with the three given numbers: |a| = 3, |b| = 4 at the angle whose cosine is 6/12.
CHECKS["xii-vec-a-03"] = lambda: vec(3, 0, 0).cross(vec(4 * q("1/2"), 4 * sqrt(3) / 2, 0)).norm()
CHECKS["xii-vec-a-04"] = lambda: deg(acos(sqrt(1 - cos(pi / 3) ** 2 - cos(pi / 4) ** 2)))
CHECKS["xii-vec-a-05"] = lambda: ar(vec(2, -1, 3).cross(vec(4, -2, 6)) == vec(0, 0, 0), True, True)
CHECKS["xii-vec-a-06"] = lambda: ar(3 * q("1/4") == 1, (vec(2, -3, 6) / 7).norm() == 1, False)
CHECKS["xii-vec-a-07"] = lambda: ar(
    (A34 + B43).norm() == (A34 - B43).norm(), (A34 + B43).norm() == A34.norm() + B43.norm(), False
)
CHECKS["xii-vec-a-08"] = lambda: ar(vec(1, 2, 2).dot(vec(2, 1, -2)) == 0, vec(2, 4, 4) == 2 * vec(1, 2, 2), False)
CHECKS["xii-vec-b-01"] = lambda: vec(2, 1, -1).cross(vec(1, 3, 2)).norm()
CHECKS["xii-vec-b-02"] = lambda: angle(vec(1, 1, 2), vec(2, -1, 1))
CHECKS["xii-vec-b-03"] = lambda: vec(3, -1, 4).dot(vec(2, 2, 1)) / vec(2, 2, 1).norm()
CHECKS["xii-vec-b-04"] = lambda: tuple(9 * (vec(3, 4, 0) - vec(1, 2, -1)).normalized())
CHECKS["xii-vec-b-05"] = lambda: max(solve(t**2 - 1 - 24, t))
CHECKS["xii-vec-b-06"] = lambda: tuple(reach(vec(2, -1, 4), vec(3, 5, -2)))
CHECKS["xii-vec-b-07"] = lambda: solve(vec(2, k, -4).dot(vec(3, 2, 4)), k)[0]
CHECKS["xii-vec-b-08"] = lambda: (vec(3, 1, 2) - vec(1, -2, 3)).cross(vec(7, 7, 0) - vec(3, 1, 2)) == vec(0, 0, 0)
CHECKS["xii-vec-b-09"] = lambda: (lambda dot: (deg(acos(dot)), sqrt(2 - 2 * dot)))(solve(2 + 2 * t - 1, t)[0])
CHECKS["xii-vec-b-10"] = lambda: tuple((2 * vec(4, 4, -3) + vec(1, -2, 3)) / 3)
CHECKS["xii-vec-c-01"] = lambda: deg(acos(q(7**2 - 3**2 - 8**2) / (2 * 3 * 8)))
CHECKS["xii-vec-c-02"] = lambda: tuple((vec(2, 1, 2) + vec(1, -1, 1)).cross(vec(2, 1, 2) - vec(1, -1, 1)).normalized())
CHECKS["xii-vec-c-03"] = lambda: abs((vec(5, 4, -1) - vec(1, 2, 3)).normalized().dot(vec(6, 2, 3).normalized()))
CHECKS["xii-vec-c-04"] = lambda: (vec(3, 1, 1) - vec(1, 0, 2)).cross(vec(2, 2, 4) - vec(1, 0, 2)).norm() / 2
CHECKS["xii-vec-d-01"] = lambda: gap(vec(1, 0, 2), vec(2, 1, 2), vec(2, 4, 4), vec(1, 2, -2))
CHECKS["xii-vec-d-02"] = lambda: (lambda p, f: (*f, (p - f).norm(), *(2 * f - p)))(
    vec(4, 2, 2), foot(vec(4, 2, 2), vec(1, -1, 2), vec(2, 1, 2))
)
CHECKS["xii-vec-d-03"] = lambda: (
    *meeting(vec(-1, 1, 3), vec(2, 1, -1), vec(1, -3, -3), vec(1, 3, 2)),
    *vec(2, 1, -1).cross(vec(1, 3, 2)),
)
CHECKS["xii-vec-d-04"] = lambda: (lambda a, b: (*PERPENDICULAR, *b, (b - a).norm()))(
    vec(2, -1, 3), reach(vec(2, -1, 3), PERPENDICULAR)
)
CHECKS["xii-vec-d-05"] = lambda: (lambda a, c: ((c - a).norm(), *c))(
    vec(1, 1, 0), foot(vec(1, 1, 0), vec(4, 4, 0), vec(1, 2, 2))
)
CHECKS["xii-vec-d-06"] = lambda: (lambda d: (*d, d.norm()))(16 / vec(2, 3, 1).dot(NORMAL) * NORMAL)
CHECKS["xii-vec-p-01"] = lambda: vec(2, 3, -6).norm()
CHECKS["xii-vec-p-02"] = lambda: (vec(5, 3, 4) - foot(vec(5, 3, 4), vec(0, 0, 0), vec(1, 0, 0))).norm()
