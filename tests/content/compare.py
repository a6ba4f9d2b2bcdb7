"""Compares recomputed answers with what the bank says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sympy import N, Rational, simplify, sympify
from sympy.parsing.sympy_parser import (
    implicit_multiplication_application,
    parse_expr,
    standard_transformations,
)

from tests.content.recompute import x, y

LABELS = re.compile(r"[A-D](,[A-D])*")
UNITS = re.compile(r"\\text\{[^}]*\}(\^\d)?|\b(cm|m|km|units?)\b\s*$|\^\\circ|\\ |\\,")


def option_value(text: str) -> Any:
    """A TeX option such as $\\dfrac{7}{4}$, $3 : 1$ or $(3, 1)$ cm as a sympy value or tuple."""
    tex = UNITS.sub("", text).replace("$", "").strip()
    tex = re.sub(r"\\[dt]frac|\\frac", r"\\frac", tex)
    tex = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", tex)
    while "\\frac" in tex or "\\sqrt" in tex:
        before = tex
        tex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", tex)
        tex = re.sub(r"\\sqrt\{([^{}]*)\}|\\sqrt(\d)", lambda m: f" sqrt({m[1] or m[2]})", tex)
        if tex == before:
            raise ValueError(f"cannot read the option {text!r}")
    tex = re.sub(r"\\(sin|cos|tan|sec)\^2\\theta", r"\1(theta)**2", tex)
    tex = tex.replace("\\pi", " pi").replace("^", "**").replace(":", "/").strip()
    if "," in tex:
        tex = tex if tex.startswith("(") else f"({tex},)"
    rules = (*standard_transformations, implicit_multiplication_application)
    return parse_expr(re.sub(r"xy", "x*y", tex), local_dict={"x": x, "y": y}, transformations=rules)


def same(found: Any, said: Any) -> bool:
    """True when two numbers, expressions, truth values or tuples are mathematically equal."""
    if isinstance(found, tuple | list) or isinstance(said, tuple | list):
        first, second = tuple(found), tuple(said)
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(found, bool):
        return found is bool(said)
    return simplify(sympify(found) - sympify(said)) == 0


def right_labels(item: dict[str, Any], found: Any) -> list[str]:
    """The labels of the options that agree with a recomputed result (a label string or a value)."""
    if isinstance(found, str):
        if not LABELS.fullmatch(found):
            raise ValueError(f"{item['key']}: the check gave {found!r}")
        return found.split(",")
    wanted = tuple(found) if isinstance(found, Iterable) else found
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
    values = tuple(found) if isinstance(found, tuple | list) else (found,)
    said = final_values(item)
    if said == (True,):
        return values == (True,)
    # The check's symbols are declared real; the parsed ones are not, so match them by name.
    plain = [sympify(str(value)) for value in values]
    return same(plain, said)
