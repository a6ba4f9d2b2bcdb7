"""Exact arithmetic on the constant parts of a tree, with bounds on the size of every number."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, isqrt

from assessments.services.expression.nodes import (
    Call,
    Collection,
    Equation,
    ExpressionError,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Quotient,
    Sum,
    product_of,
    sum_of,
)

MAX_BITS = 4096
MAX_EXPONENT = 1000
MAX_FACTORIAL = 20
ZERO, ONE = Fraction(0), Fraction(1)


class UndefinedError(ArithmeticError):
    """The expression has no value: a division by zero, the logarithm of 0, an even root of a negative number."""


def folded(node: Node, log: str = "ln") -> Node:
    """The same tree with rational constants worked out and “log” given its base.

    Raises UndefinedError, or ExpressionError when a number becomes too large.
    """
    match node:
        case Num() | Name():
            return node
        case Neg(item):
            item = folded(item, log)
            return Num(-item.value) if isinstance(item, Num) else Neg(item)
        case Sum(items):
            return _folded_sum([folded(item, log) for item in items])
        case Product(items):
            return _folded_product([folded(item, log) for item in items])
        case Quotient(top, bottom):
            return _folded_quotient(folded(top, log), folded(bottom, log))
        case Power(base, exponent):
            return _folded_power(folded(base, log), folded(exponent, log))
        case Call(name, item):
            return _folded_call(log if name == "log" else name, folded(item, log))
        case Collection(kind, items):
            return Collection(kind, tuple(folded(item, log) for item in items))
        case Equation(left, right):
            return Equation(folded(left, log), folded(right, log))


def is_rational(node: Node) -> bool:
    """Whether a folded tree is a rational function of its variables with rational coefficients."""
    match node:
        case Num():
            return True
        case Name(name):
            return name not in {"pi", "e"}
        case Neg(item):
            return is_rational(item)
        case Sum(items) | Product(items):
            return all(map(is_rational, items))
        case Quotient(top, bottom):
            return is_rational(top) and is_rational(bottom)
        case Power(base, exponent):
            return isinstance(exponent, Num) and exponent.value.denominator == 1 and is_rational(base)
        case _:
            return False


def bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise ExpressionError("A number in this expression is too large.")
    return value


def _folded_sum(items: list[Node]) -> Node:
    constant, rest = ZERO, []
    for item in items:
        if isinstance(item, Num):
            constant = bounded(constant + item.value)
        else:
            rest.append(item)
    return sum_of(*rest, Num(constant)) if constant or not rest else sum_of(*rest)


def _folded_product(items: list[Node]) -> Node:
    constant, rest = ONE, []
    for item in items:
        if isinstance(item, Num):
            constant = bounded(constant * item.value)
        else:
            rest.append(item)
    return product_of(Num(constant), *rest) if constant != 1 or not rest else product_of(*rest)


def _folded_quotient(top: Node, bottom: Node) -> Node:
    if not isinstance(bottom, Num):
        return Quotient(top, bottom)
    if not bottom.value:
        raise UndefinedError("division by zero")
    return _folded_product([top, Num(1 / bottom.value)])


def _folded_power(base: Node, exponent: Node) -> Node:
    if isinstance(exponent, Num):
        power = exponent.value
        if abs(power) > MAX_EXPONENT:
            raise ExpressionError(f"An exponent is at most {MAX_EXPONENT}.")
        if isinstance(base, Num) and power.denominator == 1:
            return Num(_power(base.value, int(power)))
        if power == Fraction(1, 2):
            return _folded_call("sqrt", base)
    return Power(base, exponent)


def _power(base: Fraction, exponent: int) -> Fraction:
    if not base and exponent <= 0:
        raise UndefinedError("0 to the power 0, or less")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > MAX_BITS:
        raise ExpressionError("A number in this expression is too large.")
    return base**exponent


def _folded_call(name: str, item: Node) -> Node:
    if name == "!":
        if not isinstance(item, Num) or item.value.denominator != 1 or not 0 <= item.value <= MAX_FACTORIAL:
            raise ExpressionError(f"A factorial is taken of a whole number from 0 to {MAX_FACTORIAL}.")
        return Num(Fraction(factorial(int(item.value))))
    if isinstance(item, Num):
        if name == "abs":
            return Num(abs(item.value))
        if name == "sqrt" and item.value >= 0:
            top, bottom = isqrt(item.value.numerator), isqrt(item.value.denominator)
            if Fraction(top * top, bottom * bottom) == item.value:
                return Num(Fraction(top, bottom))
    return Call(name, item)
