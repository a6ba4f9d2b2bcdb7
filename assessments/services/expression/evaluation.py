"""Values of a folded tree: modulo a prime, where that is exact, or in floating point with a bound on the error."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from assessments.services.expression.folding import UndefinedError
from assessments.services.expression.nodes import Call, Name, Neg, Node, Num, Power, Product, Quotient, Sum

EPSILON = 4e-16
MAX_VALUE = 1e12
Value = tuple[complex, float]  # a number and how far from the true one it may be


class UnsureError(ArithmeticError):
    """Too near a pole, too large or too inexact to say anything: another point has to decide."""


def modular(node: Node, values: Mapping[str, int], prime: int) -> int:
    """The value of a rational tree modulo `prime`. Raises UndefinedError for a division by zero."""
    match node:
        case Num(value):
            return value.numerator % prime * _inverse(value.denominator, prime) % prime
        case Name(name):
            return values[name]
        case Neg(item):
            return -modular(item, values, prime) % prime
        case Sum(items):
            return sum(modular(item, values, prime) for item in items) % prime
        case Product(items):
            product = 1
            for item in items:
                product = product * modular(item, values, prime) % prime
            return product
        case Quotient(top, bottom):
            return modular(top, values, prime) * _inverse(modular(bottom, values, prime), prime) % prime
        case Power(base, Num(exponent)):
            root, power = modular(base, values, prime), int(exponent)
            return pow(root if power >= 0 else _inverse(root, prime), abs(power), prime)
    raise TypeError(node)


def exact(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a rational tree, with abs, as a fraction. Raises UndefinedError or UnsureError."""
    match node:
        case Num(value):
            return value
        case Name(name) if name in values:
            return values[name]
        case Neg(item):
            return -exact(item, values)
        case Sum(items):
            return sum((exact(item, values) for item in items), Fraction(0))
        case Product(items):
            return math.prod((exact(item, values) for item in items), start=Fraction(1))
        case Quotient(top, bottom):
            divisor = exact(bottom, values)
            if not divisor:
                raise UndefinedError("division by zero")
            return exact(top, values) / divisor
        case Call("abs", item):
            return abs(exact(item, values))
    raise UnsureError("no fraction")


def _inverse(value: int, prime: int) -> int:
    if not value % prime:
        raise UndefinedError("division by zero")
    return pow(value, -1, prime)


# --- Floating point --------------------------------------------------------------------------------------------------
# Name → the function, its derivative in terms of the argument, and what makes it of real functions.
Function = tuple[Callable[[complex], complex], Callable[[complex], complex]]
FUNCTIONS: dict[str, Function] = {
    "sin": (cmath.sin, cmath.cos),
    "cos": (cmath.cos, cmath.sin),
    "tan": (cmath.tan, lambda z: 1 / cmath.cos(z) ** 2),
    "cot": (lambda z: 1 / cmath.tan(z), lambda z: 1 / cmath.sin(z) ** 2),
    "sec": (lambda z: 1 / cmath.cos(z), lambda z: cmath.sin(z) / cmath.cos(z) ** 2),
    "cosec": (lambda z: 1 / cmath.sin(z), lambda z: cmath.cos(z) / cmath.sin(z) ** 2),
    "arcsin": (cmath.asin, lambda z: 1 / cmath.sqrt(1 - z * z)),
    "arccos": (cmath.acos, lambda z: 1 / cmath.sqrt(1 - z * z)),
    "arctan": (cmath.atan, lambda z: 1 / (1 + z * z)),
    # arccot runs from 0 to π, as NCERT has it.
    "arccot": (lambda z: cmath.pi / 2 - cmath.atan(z), lambda z: 1 / (1 + z * z)),
    "arcsec": (lambda z: cmath.acos(1 / z), lambda z: 1 / (z * cmath.sqrt(z * z - 1))),
    "arccosec": (lambda z: cmath.asin(1 / z), lambda z: 1 / (z * cmath.sqrt(z * z - 1))),
    "sinh": (cmath.sinh, cmath.cosh),
    "cosh": (cmath.cosh, cmath.sinh),
    "tanh": (cmath.tanh, lambda z: 1 / cmath.cosh(z) ** 2),
    "ln": (cmath.log, lambda z: 1 / z),
    "log10": (cmath.log10, lambda z: 0.4342944819032518 / z),
    "sqrt": (cmath.sqrt, lambda z: 0.5 / cmath.sqrt(z)),
    "abs": (lambda z: complex(abs(z)), lambda z: 1),
}
REAL_DOMAIN: dict[str, Callable[[float], bool]] = {
    "arcsin": lambda x: -1 <= x <= 1,
    "arccos": lambda x: -1 <= x <= 1,
    "arcsec": lambda x: abs(x) >= 1,
    "arccosec": lambda x: abs(x) >= 1,
    "ln": lambda x: x > 0,
    "log10": lambda x: x > 0,
    "sqrt": lambda x: x >= 0,
}


def floating(node: Node, values: Mapping[str, complex], *, real: bool) -> Value:
    """The value of a folded tree and a bound on its error. `real` keeps to the functions of real numbers.

    Raises UndefinedError where the expression has no value, and UnsureError where the value cannot be trusted.
    """
    try:
        value, error = _value(node, values, real)
    except (OverflowError, ValueError, ZeroDivisionError) as failure:
        raise UnsureError(str(failure)) from failure
    if not error < 1e-6 * max(1.0, abs(value)) or abs(value) > MAX_VALUE:
        raise UnsureError("too inexact")
    return value, error


def _value(node: Node, values: Mapping[str, complex], real: bool) -> Value:
    match node:
        case Num(number):
            value = complex(number.numerator / number.denominator)
            return value, EPSILON * abs(value)
        case Name("pi"):
            return cmath.pi + 0j, EPSILON * 3
        case Name("e"):
            return cmath.e + 0j, EPSILON * 3
        case Name(name):
            return values[name], 0.0
        case Neg(item):
            value, error = _value(item, values, real)
            return -value, error
        case Sum(items):
            return _sum([_value(item, values, real) for item in items])
        case Product(items):
            value, error = _value(items[0], values, real)
            for item in items[1:]:
                other, wrong = _value(item, values, real)
                error = abs(value) * wrong + abs(other) * error + error * wrong
                value *= other
                error += EPSILON * abs(value)
            return value, error
        case Quotient(top, bottom):
            return _divided(_value(top, values, real), _value(bottom, values, real))
        case Power(base, exponent):
            return _power(_value(base, values, real), exponent, values, real)
        case Call(name, item):
            return _call(name, _value(item, values, real), real)
    raise TypeError(node)


def _sum(terms: list[Value]) -> Value:
    value = sum(term for term, _error in terms)
    error = sum(error for _term, error in terms) + EPSILON * sum(abs(term) for term, _error in terms)
    # A term that vanishes beside the others would make unequal expressions look equal.
    if any(4 * wrong < abs(term) < 1e-11 * abs(value) for term, wrong in terms):
        raise UnsureError("a term is too small beside the others")
    return value, error


def _divided(top: Value, bottom: Value) -> Value:
    divisor, wrong = bottom
    if not divisor:
        raise UndefinedError("division by zero")
    if abs(divisor) < 64 * wrong:
        raise UndefinedError("division by zero") if abs(divisor) < 8 * wrong else UnsureError("near a pole")
    value = top[0] / divisor
    return value, (top[1] + abs(value) * wrong) / abs(divisor) + EPSILON * abs(value)


def _power(base: Value, exponent: Node, values: Mapping[str, complex], real: bool) -> Value:
    number, error = base
    if isinstance(exponent, Num):
        fraction = exponent.value
        power = float(fraction)
        if abs(number) <= 8 * error:
            if power <= 0:
                raise UndefinedError("0 to a power that is not positive")
            return 0j, (9 * error) ** min(power, 1.0) if error < 0.01 else error
        if fraction.denominator == 1:
            value = number ** int(fraction)
        elif real and number.real < 0:
            if fraction.denominator % 2 == 0:
                raise UndefinedError("an even root of a negative number")
            value = complex((-number.real) ** power * (-1 if fraction.numerator % 2 else 1))
        else:
            value = number**power
        return value, abs(power * value / number) * error * 1.01 + EPSILON * (1 + abs(power)) * abs(value)
    power_value, power_error = _value(exponent, values, real)
    if abs(number) <= 8 * error or (real and number.real <= 0):
        raise UndefinedError("a power of what is not positive")
    value = number**power_value
    inner = abs(power_value) * error / abs(number) + abs(cmath.log(number)) * power_error
    return value, abs(value) * (inner * 1.01 + EPSILON * (2 + abs(power_value)))


def _call(name: str, argument: Value, real: bool) -> Value:
    number, error = argument
    function, derivative = FUNCTIONS[name]
    if real and name in REAL_DOMAIN and not REAL_DOMAIN[name](number.real):
        edge = number.real if abs(number.real) < 0.5 else abs(number.real) - 1
        if abs(edge) > 8 * error:
            raise UndefinedError(f"{name} has no value here")
        number = complex(round(number.real))
    if name in {"ln", "log10"} and abs(number) <= 8 * error:
        raise UndefinedError("the logarithm of 0")
    try:
        value = function(number)
    except ZeroDivisionError:
        raise UndefinedError(f"{name} has no value here") from None
    try:
        slope = abs(derivative(number))
    except ZeroDivisionError:  # the end of the domain of a root or an inverse function
        return value, 4 * math.sqrt(error) if error else EPSILON
    wrong = slope * error * 1.01 + EPSILON * (abs(value) + slope * abs(number) * (name not in {"ln", "sqrt", "abs"}))
    if wrong > 1e-4 * (1 + abs(value)):
        raise UnsureError("too near a pole") if abs(value) < MAX_VALUE else UndefinedError("at a pole")
    return value, wrong
