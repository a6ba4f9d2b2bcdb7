"""Recomputes every answer of the class XII unit probability from its givens."""

from collections.abc import Callable, Sequence
from itertools import permutations, product
from math import prod
from typing import Any

from sympy import Rational, solve

from tests.content.recompute import chance, proved, q, symbols, x

CHECKS: dict[str, Callable[[], Any]] = {}

DICE = list(product(range(1, 7), repeat=2))
P, R = symbols("p r")
COURIERS = ((q("0.5"), q("0.02")), (q("0.3"), q("0.03")), (q("0.2"), q("0.05")))
SCHOOL = [("girl", True)] * 60 + [("girl", False)] * 40 + [("boy", True)] * 70 + [("boy", False)] * 30


def total(causes: Sequence[tuple[Any, Any]]) -> Any:
    """Probability of an effect from (probability of the cause, probability of the effect given the cause)."""
    if sum(cause for cause, _ in causes) != 1:
        raise ValueError("the causes do not cover everything")
    return sum(cause * effect for cause, effect in causes)


def bayes(causes: Sequence[tuple[Any, Any]], place: int) -> Any:
    """Probability of one cause when the effect is known."""
    return causes[place][0] * causes[place][1] / total(causes)


def hits(chances: Sequence[Any]) -> list[Any]:
    """Probability of 0, 1, 2 … successes in independent trials."""
    found = [Rational(0)] * (len(chances) + 1)
    for way in product((0, 1), repeat=len(chances)):
        found[sum(way)] += prod(p if hit else 1 - p for p, hit in zip(chances, way, strict=True))
    return found


def given(outcomes: Sequence[Any], condition: Callable[[Any], bool], event: Callable[[Any], bool]) -> Any:
    """Conditional probability over equally likely outcomes, by counting."""
    return chance([item for item in outcomes if condition(item)], event)


ARCHERS = hits((q("2/3"), q("1/2"), q("2/5")))
ALARMS = hits((q("0.9"), q("0.8")))

CHECKS["xii-prob-a-01"] = lambda: (1 - (q("2/5") + q("3/10") - q("1/5"))) / (1 - q("3/10"))
CHECKS["xii-prob-a-02"] = lambda: solve(q("0.3") + x - q("0.3") * x - q("0.65"), x)[0]
CHECKS["xii-prob-a-03"] = lambda: given(DICE, lambda d: sum(d) == 8, lambda d: d[0] % 2 == d[1] % 2 == 0)
CHECKS["xii-prob-a-04"] = lambda: chance(list(permutations("rrrrrbbb", 2)), lambda d: d == ("r", "r"))
CHECKS["xii-prob-c-01"] = lambda: bayes(((q("1/2"), q("3/8")), (q("1/2"), q("6/8"))), 1)
CHECKS["xii-prob-c-02"] = lambda: total(((q("4/10"), q("6/12")), (q("6/10"), q("4/12"))))
CHECKS["xii-prob-c-03"] = lambda: (1 - ARCHERS[0], ARCHERS[1])
CHECKS["xii-prob-c-04"] = lambda: (
    given(DICE, lambda d: 4 in d, lambda d: sum(d) == 7),
    given(DICE, lambda d: 4 in d, lambda d: sum(d) % 2 == 0),
)
CHECKS["xii-prob-c-05"] = lambda: bayes(((q("0.02"), q("0.95")), (q("0.98"), q("0.04"))), 0)
CHECKS["xii-prob-c-06"] = lambda: solve(q("1/4") + q("3/4") ** 2 * x - x, x)[0]
CHECKS["xii-prob-c-07"] = lambda: (R - P * R).subs({P: q("0.4"), R: q("0.7")}) if proved(R - P * R - (1 - P) * R) else 0
CHECKS["xii-prob-e-01"] = lambda: (COURIERS[1][0] * COURIERS[1][1], total(COURIERS), bayes(COURIERS, 2))
CHECKS["xii-prob-e-02"] = lambda: (ALARMS[2], 1 - ALARMS[0], ALARMS[1] / (1 - ALARMS[0]))
CHECKS["xii-prob-e-03"] = lambda: (
    given(SCHOOL, lambda s: s[0] == "girl", lambda s: s[1]),
    given(SCHOOL, lambda s: s[1], lambda s: s[0] == "girl"),
    chance(SCHOOL, lambda s: s[1] or s[0] == "girl"),
    chance(SCHOOL, lambda s: s[1] and s[0] == "girl"),
    chance(SCHOOL, lambda s: s[1]) * chance(SCHOOL, lambda s: s[0] == "girl"),
)
CHECKS["xii-prob-p-01"] = lambda: q("0.8") * q("0.4")
CHECKS["xii-prob-p-02"] = lambda: total(((q("0.6"), q("0.1")), (q("0.4"), q("0.05"))))
