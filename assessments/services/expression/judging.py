"""A student's expression against the key, and exact arithmetic for question variants."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from assessments.services.expression.equivalence import difference, has_value, proportional, same
from assessments.services.expression.evaluation import UnsureError, exact
from assessments.services.expression.folding import UndefinedError, bounded, folded
from assessments.services.expression.forms import FORMS
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
    variables,
    walk,
)
from assessments.services.expression.parser import parse

COMPARISON = re.compile(r"(!=|<=|>=|==|≠|≤|≥|=|<|>)")
FORM_NAMES = ("", *FORMS)


def is_right(key: str, form: str, text: str) -> bool:
    """Whether `text` equals `key` and is written in `form` ("" or one of FORMS). What cannot be read is wrong.

    Raises ExpressionError when the key itself is unusable.
    """
    wanted = parse(key)
    log = _log_of(wanted)
    try:
        exact_key = folded(wanted, log)
    except UndefinedError as error:
        raise ExpressionError(f"The key has no value: {error}.") from error
    try:
        given = _like_key(_with_key_names(parse(text), variables(wanted)), wanted)
        return (
            given is not None
            and _equal(exact_key, _like_key(folded(given, log), exact_key))
            and _has_form(form, given, wanted)
        )
    except (ExpressionError, UndefinedError):
        return False


def key_problems(key: str, form: str) -> list[str]:
    """Why `key` cannot be used to mark answers, one sentence each; empty when it can."""
    if form not in FORM_NAMES:
        return [f"There is no form “{form}”; it is empty, {', '.join(FORMS)}."]
    try:
        node = parse(key)
        exact_key = folded(node, _log_of(node))
    except ExpressionError as error:
        return [f"The key “{key[:40]}” cannot be read: {error.message}"]
    except UndefinedError as error:
        return [f"The key “{key[:40]}” has no value: {error}."]
    if isinstance(exact_key, Equation) and not isinstance(exact_key.right, Collection):
        sides = difference(exact_key.left, exact_key.right)
        if not proportional(sides, sides):
            return [f"The key “{key[:40]}” is an equation that always holds or has no value."]
    elif not all(map(has_value, _plain_items(exact_key))):
        return [f"The key “{key[:40]}” has no value that answers could be compared with."]
    if not _has_form(form, node, node):
        return [f"The key “{key[:40]}” is not {form} itself."]
    return []


# --- For question variants -------------------------------------------------------------------------------------------
def calculate(text: str, values: Mapping[str, Fraction]) -> Fraction:
    """The exact value of `text` where its names have `values`. Raises ExpressionError with a sentence."""
    node = parse(text)
    missing = sorted(variables(node) - values.keys())
    if missing:
        raise ExpressionError(f"“{text[:40]}” uses {', '.join(missing)}, which has no value.")
    try:
        return bounded(exact(folded(_filled(node, values)), {}))
    except UndefinedError as error:
        raise ExpressionError(f"“{text[:40]}” has no value: {error}.") from error
    except (UnsureError, TypeError) as error:
        raise ExpressionError(f"“{text[:40]}” is not a whole number or a fraction.") from error


def holds(text: str, values: Mapping[str, Fraction]) -> bool:
    """Whether a constraint such as `a != b`, `a < b <= 9` or `b^2 >= 4a c` holds. Raises ExpressionError."""
    pieces = COMPARISON.split(text)
    if len(pieces) < 3:
        raise ExpressionError(f"“{text[:40]}” compares nothing; write for example a != b or a < b.")
    numbers = [calculate(piece, values) for piece in pieces[::2]]
    return all(_compare(numbers[at], sign, numbers[at + 1]) for at, sign in enumerate(pieces[1::2]))


def _compare(one: Fraction, sign: str, two: Fraction) -> bool:
    match sign:
        case "!=" | "≠":
            return one != two
        case "<=" | "≤":
            return one <= two
        case ">=" | "≥":
            return one >= two
        case "<":
            return one < two
        case ">":
            return one > two
    return one == two


def _filled(node: Node, values: Mapping[str, Fraction]) -> Node:
    """`node` with numbers in place of names."""
    match node:
        case Name(name) if name in values:
            return Num(values[name])
        case _:
            return _rebuilt(node, lambda child: _filled(child, values))


# --- Shapes ----------------------------------------------------------------------------------------------------------
def _rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The same kind of node over changed children."""
    match node:
        case Neg(item):
            return Neg(change(item))
        case Call(name, item):
            return Call(name, change(item))
        case Sum(items):
            return Sum(tuple(map(change, items)))
        case Product(items):
            return Product(tuple(map(change, items)))
        case Collection(kind, items):
            return Collection(kind, tuple(map(change, items)))
        case Quotient(one, two) | Power(one, two) | Equation(one, two):
            return type(node)(change(one), change(two))
    return node


def _log_of(key: Node) -> str:
    """`log` is the natural logarithm, as in NCERT's calculus, unless the key itself speaks of log10."""
    return "log10" if any(isinstance(node, Call) and node.name == "log10" for node in walk(key)) else "ln"


def _with_key_names(node: Node, wanted: set[str]) -> Node:
    """Phones write X for x: a letter the key does not have is read as the other case, if the key has that."""
    swaps = {
        name: name.swapcase()
        for name in variables(node)
        if name not in wanted and len(name) == 1 and name.swapcase() in wanted
    }
    return _renamed(node, swaps) if swaps else node


def _renamed(node: Node, swaps: Mapping[str, str]) -> Node:
    if isinstance(node, Name):
        return Name(swaps.get(node.name, node.name))
    return _rebuilt(node, lambda child: _renamed(child, swaps))


def _like_key(given: Node, key: Node) -> Node | None:
    """`given` without (or with) the “x =” that does not matter, in the shape of `key`; None when it has another."""
    if isinstance(key, Equation):
        if isinstance(given, Equation):
            return given if isinstance(given.right, Collection) == isinstance(key.right, Collection) else None
        # “x = 5” may be answered with 5, but the equation of a line not with one of its sides.
        free = isinstance(key.left, Name) and not variables(key.right)
        return Equation(key.left, given) if free else None
    if isinstance(given, Equation):
        named = isinstance(given.left, Name) and given.left.name not in variables(key) | variables(given.right)
        if not named:
            return None
        given = given.right
    return given if isinstance(given, Collection) == isinstance(key, Collection) else None


def _equal(key: Node, given: Node | None) -> bool:
    match key, given:
        case Equation(Name(one), Collection() as wanted), Equation(Name(two), Collection() as found):
            return one == two and _equal(wanted, found)
        case Equation(one_left, one_right), Equation(two_left, two_right):
            return proportional(difference(one_left, one_right), difference(two_left, two_right))
        case Collection("set", wanted_items), Collection("set", found_items):
            return _same_items(list(wanted_items), list(found_items))
        case Collection(kind, wanted_items), Collection(other, found_items):
            alike = kind == other and len(wanted_items) == len(found_items)
            return alike and all(map(_equal, wanted_items, found_items))
        case _, None:
            return False
        case (Collection(), _) | (_, Collection()):
            return False
    assert given is not None
    return same(key, given)


def _same_items(wanted: list[Node], found: list[Node]) -> bool:
    """Two sets: the order does not matter, every element of one is in the other."""
    if len(wanted) * len(found) > 64:
        return False
    return all(any(_equal(one, two) for two in found) for one in wanted) and all(
        any(_equal(one, two) for one in wanted) for two in found
    )


def _has_form(form: str, given: Node, key: Node) -> bool:
    if not form:
        return True
    match given, key:
        case Equation(one, two), Equation(three, four):
            return _has_form(form, one, three) and _has_form(form, two, four)
        case Collection(_, items), Collection(_, wanted):
            # A set may come in any order, so an element is only asked to be as short as the longest of the key.
            return all(any(_has_form(form, item, other) for other in wanted) for item in items)
    return FORMS[form](given, key)


def _plain_items(node: Node) -> list[Node]:
    match node:
        case Equation(_, right):
            return _plain_items(right)
        case Collection(_, items):
            return [part for item in items for part in _plain_items(item)]
    return [node]
