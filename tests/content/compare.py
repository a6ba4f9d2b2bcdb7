"""Compares recomputed answers with what the bank says."""

from __future__ import annotations

import re
from typing import Any

from sympy import E, Expr, MatrixBase, N, Rational, csc, simplify, sympify
from sympy.parsing.sympy_parser import (
    implicit_multiplication_application,
    parse_expr,
    standard_transformations,
)

from tests.content.recompute import Curve, Primitive

LABELS = re.compile(r"[A-D](,[A-D])*")
UNITS = re.compile(r"\\text\{[^}]*\}(\^\d)?|\b(cm|m|km|units?)\b\s*$|\^\\circ|\\ |\\,")
FUNCTIONS = "sin|cos|tan|sec|cot|cosec|log"
NAMES = {"cosec": csc, "e": E}
# TeX that only changes the look, or has a plain name, in the order in which it is replaced.
SIGNS = (
    (r"\\left|\\right|\\hat|\\vec|\\operatorname|(\+|=) C$", ""),
    (r"\\[dt]frac|\\frac", r"\\frac"),
    (r"\\log\s*\|([^|]*)\|", r"\\log(\1)"),
    (r"\|([^|]*)\|", r" Abs(\1)"),
    (r"\\cdot|\\times", "*"),
    (r"\\infty", " oo"),
    (rf"\\({FUNCTIONS})\^\{{-1\}}", r" a\1"),
    (r"\\frac(\d)(\d)", r"\\frac{\1}{\2}"),
)


def option_value(text: str) -> Any:
    """TeX such as $\\dfrac{7}{4}$, $3 : 1$ or $(3, 1)$ cm as a sympy value; points, intervals, matrices as tuples."""
    matrix = re.fullmatch(r"\$?\\begin\{[bv]matrix\}(.*)\\end\{[bv]matrix\}\$?", text.strip())
    if matrix:
        return tuple(tuple(map(option_value, row.split("&"))) for row in matrix[1].split("\\\\"))
    tex = UNITS.sub("", text).replace("$", "").strip()
    for sign, plain in SIGNS:
        tex = re.sub(sign, plain, tex).strip()
    while "\\frac" in tex or "\\sqrt" in tex or "^{" in tex:
        before = tex
        tex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", tex)
        tex = re.sub(r"\\sqrt\{([^{}]*)\}|\\sqrt(\w)", lambda m: f" sqrt({m[1] or m[2]})", tex)
        tex = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", tex)
        if tex == before:
            raise ValueError(f"cannot read the option {text!r}")
    tex = re.sub(rf"\\({FUNCTIONS})\^(\d)\s*(\\?\w+|\([^()]*\))", r" \1(\3)**\2", tex)
    tex = re.sub(rf"\\({FUNCTIONS}|pi|theta|alpha|beta)", r" \1", tex)
    tex = tex.replace("^", "**").replace(":", "/").replace("[", "(").replace("]", ")").strip()
    if "," in tex:
        tex = tex if tex.startswith("(") else f"({tex},)"
    rules = (*standard_transformations, implicit_multiplication_application)
    return parse_expr(re.sub(r"xy", "x*y", tex), local_dict=NAMES, transformations=rules)


def plain(value: Any) -> Any:
    """The value with matrices as tuples of rows and with symbols known by name only, as parsed ones are."""
    if isinstance(value, MatrixBase):
        value = value.tolist()
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    return sympify(str(value)) if isinstance(value, Expr) else value


def same(found: Any, said: Any) -> bool:
    """True when two plain numbers, expressions, truth values or tuples are mathematically equal."""
    if isinstance(found, tuple | list) or isinstance(said, tuple | list):
        first, second = tuple(found), tuple(said)
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(found, bool):
        return found is bool(said)
    if isinstance(found, Primitive | Curve):
        return found.fits(said)
    return simplify(sympify(found) - sympify(said)) == 0


def right_labels(item: dict[str, Any], found: Any) -> list[str]:
    """The labels of the options that agree with a recomputed result (a label string or a value)."""
    if isinstance(found, str):
        if not LABELS.fullmatch(found):
            raise ValueError(f"{item['key']}: the check gave {found!r}")
        return found.split(",")
    wanted = plain(found)
    result = []
    for option in item["options"]:
        value = option_value(option["text"])
        if isinstance(value, tuple) == isinstance(wanted, tuple) and same(wanted, value):
            result.append(option["label"])
    return result


def numeric_agrees(item: dict[str, Any], found: Any) -> bool:
    """True when the recomputed number lies within the tolerance of the stored answer."""
    answer = item["answer"]
    gap = abs(N(sympify(found) - Rational(answer["value"])))
    return bool(gap <= Rational(answer["tolerance"]))


def final_values(item: dict[str, Any]) -> tuple[Any, ...]:
    """The machine-readable final answer of a written item, one value for each ';'."""
    text = item["final"].strip()
    if text == "true":
        return (True,)
    return tuple(parse_expr(part.strip()) for part in text.split(";"))


def final_agrees(item: dict[str, Any], found: Any) -> bool:
    """True when the recomputed values equal the stored final answer, in order and in number."""
    values = plain(found if isinstance(found, tuple | list) else (found,))
    said = final_values(item)
    if said == (True,):
        return values == (True,)
    return same(values, said)
