"""A tree as TeX, so that people see how their typing was read."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from assessments.services.expression.nodes import (
    Call,
    Collection,
    Equation,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Quotient,
    Sum,
)
from assessments.services.expression.parser import DEGREE
from assessments.services.expression.tokens import TEX_NAMES

GREEK = frozenset(TEX_NAMES.values())
EXACT = Context(prec=250)  # more digits than an expression has characters


def to_tex(node: Node) -> str:
    """TeX of `node` with the brackets that show its structure."""
    match node:
        case Num(value):
            return _number(value)
        case Name(name):
            return _name(name)
        case Neg(item):
            return f"-{_bracketed(item, Sum, Neg)}"
        case Sum(terms):
            return _sum(terms)
        case Product(factors):
            return _product(factors)
        case Quotient(top, bottom):
            return rf"\frac{{{to_tex(top)}}}{{{to_tex(bottom)}}}"
        case Power(base, exponent):
            return f"{_bracketed(base, Sum, Neg, Product, Quotient, Power, Call)}^{{{to_tex(exponent)}}}"
        case Call(name, item):
            return _call(name, item)
        case Collection(kind, items):
            opening, closing = (r"\{", r"\}") if kind == "set" else (kind[0], kind[1])
            inside = r",\,".join(map(to_tex, items))
            return rf"\left{opening}{inside}\right{closing}"
        case Equation(left, right):
            return f"{to_tex(left)} = {to_tex(right)}"


def _number(value: Fraction) -> str:
    """What is not whole was typed with a decimal point: 1/2 is a quotient."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)):f}"


def _name(name: str) -> str:
    letter, _, index = name.partition("_")
    shown = r"\infty" if letter == "infinity" else f"\\{letter}" if letter in GREEK else letter
    return f"{shown}_{{{index}}}" if index else f"{shown} "


def _bracketed(node: Node, *kinds: type[Node]) -> str:
    return rf"\left({to_tex(node)}\right)" if isinstance(node, kinds) else to_tex(node)


def _sum(terms: tuple[Node, ...]) -> str:
    text = to_tex(terms[0])
    for term in terms[1:]:
        text += f" {to_tex(term)}" if isinstance(term, Neg) else f" + {_bracketed(term, Sum)}"
    return text


def _product(factors: tuple[Node, ...]) -> str:
    text = ""
    for factor in factors:
        if factor == DEGREE:
            text += r"^{\circ}"
            continue
        # Digits after anything, and a fraction after a number, would be read as one number.
        shown = _bracketed(factor, Sum, Neg)
        text += rf" \cdot {shown}" if text and (shown[0].isdigit() or shown.startswith(r"\frac")) else shown
    return text


def _call(name: str, item: Node) -> str:
    if name == "sqrt":
        return rf"\sqrt{{{to_tex(item)}}}"
    if name == "abs":
        return rf"\left|{to_tex(item)}\right|"
    if name == "!":
        return f"{_bracketed(item, Sum, Neg, Product, Quotient, Power, Call)}!"
    shown = rf"\operatorname{{{name.removeprefix('arc')}}}" + ("^{-1}" if name.startswith("arc") else "")
    if name == "log10":
        shown = r"\log_{10}"
    return rf"{shown}\left({to_tex(item)}\right)"
