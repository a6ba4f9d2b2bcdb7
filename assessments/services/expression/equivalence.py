"""Whether two expressions are equal: exactly where both are rational, otherwise at seeded points.

Rational expressions are compared modulo two large primes at random points. Others are compared at real points where
the first one (the key) has a value, so that ln x + ln y may be written ln(xy) but √(x²) not x; and at complex points
where there are too few of those. Points and primes are fixed: the same answer is always marked the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random

from assessments.services.expression.evaluation import UnsureError, Value, floating, modular
from assessments.services.expression.folding import UndefinedError, is_rational
from assessments.services.expression.nodes import Neg, Node, Num, sum_of, variables, walk

PRIMES = (2**61 - 1, 2**89 - 1)
SEED = 20080229
MAX_POINTS = 12
WANTED_REAL = 3


def same(key: Node, other: Node) -> bool:
    """Whether the folded tree `other` has the value of the folded tree `key`, wherever that has one."""
    if key == other:
        return True
    return _agree(key, other, lambda values: all(_close(one, two) for one, two in values), exact_same)


def proportional(key: Node, other: Node) -> bool:
    """Whether the two are equal up to a factor that is not zero: the equations key = 0 and other = 0 are one."""
    return _agree(key, other, _constant_ratio, exact_proportional)


def has_value(node: Node) -> bool:
    """Whether there are points at which the folded tree `node` has a value."""
    return _agree(node, node, lambda values: True, lambda values, prime: True)


def difference(left: Node, right: Node) -> Node:
    return sum_of(left, Neg(right))


def exact_same(values: list[tuple[int, int]], prime: int) -> bool:
    return all(one == two for one, two in values)


def exact_proportional(values: list[tuple[int, int]], prime: int) -> bool:
    first, second = values[0]
    if not first or not second:
        return False
    return all(first * two % prime == second * one % prime for one, two in values)


def _agree(
    key: Node,
    other: Node,
    judge: Callable[[list[tuple[Value, Value]]], bool],
    judge_exactly: Callable[[list[tuple[int, int]], int], bool],
) -> bool:
    names = tuple(sorted(variables(key) | variables(other)))
    if is_rational(key) and is_rational(other):
        for prime in PRIMES:
            residues = _modular_values(key, other, names, prime)
            if not residues or not judge_exactly(residues, prime):
                return False
        return True
    values = _floating_values(key, other, names)
    return values is not None and judge(values)


def _modular_values(key: Node, other: Node, names: tuple[str, ...], prime: int) -> list[tuple[int, int]] | None:
    """Pairs of values; None when one of them has no value at a point without any structure."""
    random = Random(SEED).random  # noqa: S311 -- points of comparison, no secret
    pairs = []
    for _point in range(3 if names else 1):
        at = {name: 1 + int(random() * 2**53) * 127 % (prime - 1) for name in names}
        try:
            pairs.append((modular(key, at, prime), modular(other, at, prime)))
        except UndefinedError:
            return None
    return pairs


def _floating_values(key: Node, other: Node, names: tuple[str, ...]) -> list[tuple[Value, Value]] | None:
    """Pairs of values at points where `key` has one; None when `other` has none at one of them."""
    pairs: list[tuple[Value, Value]] = []
    enough = WANTED_REAL if names else 1
    for real in (True, False):
        if not real and len(pairs) >= enough:
            break
        most = len(pairs) + MAX_POINTS
        for at in _points(names, _scales(key, other)) if real else _complex_points(names):
            try:
                wanted = floating(key, at, real=real)
            except (UndefinedError, UnsureError):
                continue
            try:
                pairs.append((wanted, floating(other, at, real=real)))
            except UndefinedError:
                return None
            except UnsureError:
                continue
            if not _close(*pairs[-1]) and len(pairs) > 1 and not _comparable(pairs):
                return pairs
            if len(pairs) >= most or not names:
                break
    return pairs if len(pairs) >= enough else None


def _comparable(pairs: list[tuple[Value, Value]]) -> bool:
    """Whether the first two pairs still allow equality or a constant ratio: a wrong answer ends the search early."""
    return all(_close(*pair) for pair in pairs) or _constant_ratio(pairs)


def _close(one: Value, two: Value) -> bool:
    return abs(one[0] - two[0]) <= 16 * (one[1] + two[1]) + 1e-13 * min(abs(one[0]), abs(two[0]))


def _constant_ratio(pairs: list[tuple[Value, Value]]) -> bool:
    (first, first_error), (second, second_error) = pairs[0]
    if abs(first) <= 16 * first_error or abs(second) <= 16 * second_error:
        return False
    for (one, one_error), (two, two_error) in pairs[1:]:
        error = abs(first) * two_error + abs(two) * first_error + abs(second) * one_error + abs(one) * second_error
        if abs(first * two - second * one) > 16 * error + 1e-13 * abs(first * two):
            return False
    return True


def _scales(key: Node, other: Node) -> tuple[float, ...]:
    """Sizes beyond the numbers in the expressions, where |x − 100| turns around."""
    found = {abs(item.value) for tree in (key, other) for item in walk(tree) if isinstance(item, Num)}
    sizes = sorted(float(value) * 1.3 + 0.7 for value in found if 0.5 < value < 10**6)
    return tuple(dict.fromkeys((sizes[0], sizes[len(sizes) // 2], sizes[-1]))) if sizes else ()


@lru_cache(maxsize=256)
def _points(names: tuple[str, ...], scales: tuple[float, ...]) -> tuple[dict[str, complex], ...]:
    return tuple(_real_points(names, scales))


def _real_points(names: tuple[str, ...], scales: tuple[float, ...]) -> Iterator[dict[str, complex]]:
    """Positive, negative and mixed; about 1, beyond the numbers of the expressions, within 1, and larger."""
    random = Random(SEED).random  # noqa: S311
    beyond = [(scale, scale * 1.2) for scale in scales]
    sizes = [(0.7, 3.1), *beyond, (0.05, 0.95), (1.5, 4.9), (0.3, 2.2), (5.0, 40.0)]
    for low, high in sizes:
        for sign in (1, -1) if (low, high) in beyond else (1, -1, 0):
            yield {
                name: complex((low + (high - low) * random()) * (sign or (1 if random() < 0.5 else -1)))
                for name in names
            }


def _complex_points(names: tuple[str, ...]) -> Iterator[dict[str, complex]]:
    random = Random(SEED + 1).random  # noqa: S311
    for _point in range(16):
        yield {name: complex(4.2 * random() - 2.1, 3.4 * random() - 1.7) for name in names}
