"""The tree of a mathematical expression. Sums and products are flat, so a long sum is not a deep tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from common.errors import DomainError

CONSTANTS = frozenset({"pi", "e"})


class ExpressionError(DomainError):
    """The text is no expression that can be compared; the message says why, for the person who typed it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "expression_invalid")


@dataclass(frozen=True, slots=True)
class Num:
    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or one of CONSTANTS."""

    name: str


@dataclass(frozen=True, slots=True)
class Neg:
    item: Node


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Power:
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument: a name of evaluation.FUNCTIONS, "log" (its base depends on the key) or "!"."""

    name: str
    item: Node


@dataclass(frozen=True, slots=True)
class Collection:
    """`kind` is "set" or the two brackets: "()" for a point or an open interval, "[)", "(]", "[]"."""

    kind: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Equation:
    left: Node
    right: Node


Node: TypeAlias = Num | Name | Neg | Sum | Product | Quotient | Power | Call | Collection | Equation


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Num() | Name():
            return ()
        case Neg(item) | Call(_, item):
            return (item,)
        case Sum(items) | Product(items) | Collection(_, items):
            return items
        case Quotient(one, two) | Power(one, two) | Equation(one, two):
            return (one, two)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += children(node)


def depth(node: Node) -> int:
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for item in level for child in children(item)]
    return deepest


def variables(node: Node) -> set[str]:
    return {item.name for item in walk(node) if isinstance(item, Name)} - CONSTANTS


def sum_of(*items: Node) -> Node:
    """A flat sum."""
    terms: list[Node] = []
    for item in items:
        terms += item.terms if isinstance(item, Sum) else (item,)
    return Sum(tuple(terms)) if len(terms) > 1 else terms[0]


def product_of(*items: Node) -> Node:
    """A flat product."""
    factors: list[Node] = []
    for item in items:
        factors += item.factors if isinstance(item, Product) else (item,)
    return Product(tuple(factors)) if len(factors) > 1 else factors[0]
