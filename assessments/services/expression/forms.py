"""Whether an expression is written in the form that a question asks for. All on the tree as it was typed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

from assessments.services.expression.equivalence import same
from assessments.services.expression.folding import folded
from assessments.services.expression.nodes import (
    Call,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Quotient,
    Sum,
    variables,
    walk,
)

MAX_REPEAT = 20


def is_expanded(node: Node, key: Node) -> bool:
    """A sum of different terms: no bracket is multiplied, divided or raised to a power, and like terms are together."""
    terms = node.terms if isinstance(node, Sum) else (node,)
    bare = [_unsigned(term) for term in terms]
    if any(isinstance(part, Sum) for term in bare for part in _factors_deep(term)):
        return False
    return _terms_differ(bare) and all(_is_tidy_term(term) for term in bare)


def is_factored(node: Node, key: Node) -> bool:
    """A product of the same factors as the key's, each up to its sign; numbers may be arranged freely."""
    if isinstance(_unsigned(node), Sum):
        return False
    top, bottom = _split(_unsigned(node))
    wanted_top, wanted_bottom = _split(_unsigned(key))
    return _match(top, wanted_top) and _match(bottom, wanted_bottom)


def is_simplified(node: Node, key: Node) -> bool:
    """Nothing is left to work out, like terms are together, and it is about as short as the key."""
    if _weight(node) > 1.5 * _weight(key) + 1:
        return False
    return all(_is_settled(part) for part in walk(node))


FORMS: dict[str, Callable[[Node, Node], bool]] = {
    "expanded": is_expanded,
    "factored": is_factored,
    "simplified": is_simplified,
}


def _unsigned(node: Node) -> Node:
    while isinstance(node, Neg):
        node = node.item
    return node


def _factors(node: Node) -> tuple[Node, ...]:
    node = _unsigned(node)
    return node.factors if isinstance(node, Product) else (node,)


def _factors_deep(term: Node) -> list[Node]:
    """What is multiplied, divided or raised to a whole power in `term`."""
    match term:
        case Neg(item):
            return _factors_deep(item)
        case Product(factors):
            return [part for factor in factors for part in _factors_deep(factor)]
        case Quotient(top, _bottom):
            return _factors_deep(top)
        case Power(base, Num(exponent)) if exponent.denominator == 1 and exponent > 0:
            return _factors_deep(base)
        case Power(Product() | Quotient() | Neg() as base, _exponent):
            return _factors_deep(base)
        case _:
            return [term]


def _monomial(term: Node) -> str:
    """What makes terms alike: the term without its number."""
    match _unsigned(term):
        case Num():
            return ""
        case Product(factors):
            return "*".join(sorted(filter(None, map(_monomial, factors))))
        case Quotient(top, bottom):
            below = _monomial(bottom)
            return _monomial(top) + (f"/{below}" if below else "")
        case other:
            return repr(other)


def _terms_differ(terms: list[Node]) -> bool:
    alike = [_monomial(term) for term in terms]
    return len(set(alike)) == len(alike)


def _is_tidy_term(term: Node) -> bool:
    """At most one number above the line, and no letter twice."""
    factors = [_unsigned(factor) for factor in _factors(term)]
    bases = [factor.base if isinstance(factor, Power) else factor for factor in factors]
    letters = [base for base in bases if not isinstance(base, Num)]
    return len(bases) - len(letters) <= 1 and len(set(letters)) == len(letters)


def _split(node: Node) -> tuple[list[Node], list[Node]]:
    """The factors with a letter in them above and below the line, powers written out."""
    if isinstance(node, Quotient):
        return _letters(node.top), _letters(node.bottom)
    top: list[Node] = []
    bottom: list[Node] = []
    for factor in _factors(node):
        if isinstance(factor, Quotient):
            top += _letters(factor.top)
            bottom += _letters(factor.bottom)
        else:
            top += _letters(factor)
    return top, bottom


def _letters(node: Node) -> list[Node]:
    found: list[Node] = []
    for factor in _factors(node):
        factor = _unsigned(factor)
        if isinstance(factor, Power) and isinstance(factor.exponent, Num):
            times = factor.exponent.value
            if times.denominator == 1 and 0 < times <= MAX_REPEAT:
                found += _letters(factor.base) * int(times)
                continue
        if isinstance(factor, Product):
            found += _letters(factor)
        elif variables(factor):
            found.append(folded(factor))
    return found


def _match(given: list[Node], wanted: list[Node]) -> bool:
    if len(given) != len(wanted):
        return False
    left = list(wanted)
    for factor in given:
        found = next((other for other in left if same(other, factor) or same(Neg(other), factor)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _weight(node: Node) -> int:
    return sum(not isinstance(part, Neg) for part in walk(node))


def _is_settled(node: Node) -> bool:
    match node:
        case Neg(Neg() | Num(Fraction(numerator=0))):
            return False
        case Sum(terms):
            return _terms_differ([_unsigned(term) for term in terms]) and not any(_is_number(term, 0) for term in terms)
        case Product(factors):
            numbers = [factor for factor in factors if isinstance(_unsigned(factor), Num)]
            return len(numbers) <= 1 and _is_tidy_term(node) and not any(_is_number(f, 0, 1) for f in numbers)
        case Quotient(top, bottom):
            return _is_settled_quotient(top, bottom)
        case Power(base, exponent):
            whole = isinstance(base, Num) and isinstance(exponent, Num) and exponent.value.denominator == 1
            return not (whole or _is_number(exponent, 0, 1) or isinstance(base, Power))
        case Call("sqrt", Num(value)):
            return value.denominator == 1 and _is_square_free(value.numerator)
        case Call("!", _):
            return False
    return True


def _is_settled_quotient(top: Node, bottom: Node) -> bool:
    """In lowest terms: no common number, no common factor to be seen."""
    above, below = _number_of(top), _number_of(bottom)
    if above.denominator != 1 or below.denominator != 1 or below in (1, 0):
        return isinstance(_unsigned(bottom), Product | Sum | Power | Call | Name) and below == 1
    if Fraction(above, below).denominator != abs(below.numerator):
        return False
    return not {repr(part) for part in _factors(top) if variables(part)} & {repr(part) for part in _factors(bottom)}


def _number_of(node: Node) -> Fraction:
    for factor in _factors(node):
        if isinstance(factor, Num):
            return factor.value
    return Fraction(1)


def _is_number(node: Node, *values: int) -> bool:
    return isinstance(node, Num) and node.value in values


def _is_square_free(number: int) -> bool:
    if number < 2 or number > 10**6:
        return False
    return all(number % (root * root) for root in range(2, isqrt(number) + 1))
