"""Recomputes every answer of the class XII unit algebra from its givens."""

from collections.abc import Callable
from itertools import product
from typing import Any

from sympy import Matrix, diag, eye, solve, symbols, zeros

from tests.content.recompute import a, area, b, k, only, pair, q, x, y

CHECKS: dict[str, Callable[[], Any]] = {}

p, r, s, t, u, v, w, z = symbols("p r s t u v w z")
ANY = Matrix([[p, r], [s, t]])
OTHER = Matrix([[u, v], [w, z]])
SKEW = Matrix([[0, a, -3], [2, 0, -1], [b, 1, 0]])
# Projections: A² = A for both, and they are neither O nor I.
PROJECTIONS = (Matrix([[2, -2], [1, -1]]), Matrix([[1, 0], [0, 0]]))
POWERS = Matrix([[1, 1, 1], [1, 2, 3], [1, 4, 9]])
BILLS = Matrix([[2, 1, 1], [1, 3, 2], [3, 2, 1]])
SYSTEM = Matrix([[1, 1, 1], [2, -1, 3], [3, 2, -1]])
SQUARE = Matrix([[4, 1], [2, 3]])


def hence(matrix: Matrix) -> tuple[Any, ...]:
    """Inverse and cube, row by row, of a matrix with A² - 7A + 10I = O."""
    if matrix**2 - 7 * matrix + 10 * eye(2) != zeros(2):
        raise ValueError("the equation does not hold")
    return (*matrix.inv(), *matrix**3)


CHECKS["xii-alg-a-01"] = lambda: only(
    **{
        label: (zeros(2, 3).cols == rows) and (2, cols) == (2, 4)
        for label, (rows, cols) in {"A": (2, 4), "B": (4, 3), "C": (3, 4), "D": (3, 2)}.items()
    }
)
CHECKS["xii-alg-a-02"] = lambda: (lambda c: c[0] * c[1])(pair(x + y - 8, x - y - 2))
CHECKS["xii-alg-a-03"] = lambda: Matrix([[0, -1], [1, 0]]) ** 2
CHECKS["xii-alg-a-04"] = lambda: only(
    **{
        label: all((eye(2) - m) ** 2 + m == said(m) and m**2 == m for m in PROJECTIONS)
        for label, said in {
            "A": lambda m: m,
            "B": lambda m: eye(2),
            "C": lambda m: eye(2) - m,
            "D": lambda m: zeros(2),
        }.items()
    }
)
CHECKS["xii-alg-a-05"] = lambda: (a + b).subs(solve(list(SKEW + SKEW.T), [a, b]))
CHECKS["xii-alg-a-06"] = lambda: (2 * diag(1, 2, 2)).det()
CHECKS["xii-alg-a-07"] = lambda: diag(1, 2, 5).adjugate().det()
CHECKS["xii-alg-a-08"] = lambda: tuple(m for m in range(-20, 30) if area((1, 1), (4, 3), (m, 5)) == 3)
CHECKS["xii-alg-a-09"] = lambda: Matrix([[1, 2, 3], [4, 0, -1], [2, 5, 6]]).cofactor(1, 2)
CHECKS["xii-alg-a-10"] = lambda: Matrix([[2, 1], [7, 4]]).inv()
CHECKS["xii-alg-a-11"] = lambda: tuple(
    sorted(solve(Matrix([[x, 2], [8, x]]).det() - Matrix([[5, 2], [3, 3]]).det(), x))
)
CHECKS["xii-alg-a-12"] = lambda: solve(Matrix([[k, 6], [2, 3]]).det(), k)[0]
CHECKS["xii-alg-a-13"] = lambda: sum(Matrix(2, 2, c).is_symmetric() for c in product((0, 1), repeat=4))
CHECKS["xii-alg-d-01"] = lambda: (SYSTEM.det(), *SYSTEM.inv() * Matrix([6, 9, 4]))
CHECKS["xii-alg-d-02"] = lambda: (BILLS.det(), *BILLS.inv() * Matrix([95, 110, 135]))
CHECKS["xii-alg-d-03"] = lambda: (
    (POWERS * Matrix([[6, -5, 1], [-6, 8, -2], [2, -3, 1]]))[0, 0],
    *POWERS.inv() * Matrix([4, 7, 17]),
)
CHECKS["xii-alg-d-04"] = lambda: hence(SQUARE)
CHECKS["xii-alg-p-01"] = lambda: diag(1, 1, q(5)).inv().det()
CHECKS["xii-alg-p-02"] = lambda: (Matrix([[1, 2], [3, 4]]) * Matrix([[2, 0], [1, 3]])).det()
CHECKS["xii-alg-p-03"] = lambda: only(
    A=ANY * OTHER == OTHER * ANY,
    B=((ANY * OTHER).T - OTHER.T * ANY.T).expand() == zeros(2),
    C=(ANY + OTHER).T == ANY.T + OTHER.T,
    D=(ANY + ANY.T).is_symmetric(),
)
