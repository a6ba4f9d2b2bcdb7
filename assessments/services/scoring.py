"""Marks for answers that a key decides. Pure: no database, no clock, and a student's text is never evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from assessments.enums import CHOICE_TYPES, OBJECTIVE_TYPES, BlankKind, Grading, QuestionType
from assessments.services import expression
from assessments.services.partial_credit import chosen_share, half_marks, neighbour_share
from assessments.services.text_match import best_credit

MAX_TEXT = 64
# 1234 | 12,34,567 (Indian grouping) | 1,234,567, with or without decimals; or .5
NUMBER = r"(?:\d+|\d{1,2}(?:,\d{2})*,\d{3}|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+"
VALUE = re.compile(rf"(?P<sign>[+-]?)\s*(?P<top>{NUMBER})(?:\s*/\s*(?P<bottom>{NUMBER}))?", re.ASCII)
# What phones and word processors type instead of the plain sign, and Hindi keyboards instead of the plain digit.
PLAIN = str.maketrans("−–⁄०१२३४५६७८९", "--/0123456789")
PLAIN_UNIT = str.maketrans("²³µ", "23μ", "^. ")


@dataclass(frozen=True)
class ScoredPart:
    """One blank or one pair; `credit` is the share of its marks that the answer earns."""

    label: str
    is_correct: bool
    credit: Fraction


@dataclass(frozen=True)
class Scored:
    """The outcome for one answer; `marks` is between 0 and the question's marks, `is_correct` that it has all."""

    is_correct: bool
    marks: Decimal
    parts: tuple[ScoredPart, ...] = ()


@dataclass(frozen=True)
class MarkedShape:
    """What marking needs of a question besides its key: how many options it has, and the marks of its parts."""

    options: int = 0
    parts: Mapping[str, Decimal] = field(default_factory=dict)


def score_answer(
    kind: str,
    marks: Decimal,
    key: Mapping[str, object],
    answer: Mapping[str, object],
    shape: MarkedShape = MarkedShape(),
) -> Scored:
    """Marks for `answer`, rounded down to the half; anything missing or malformed in it is simply wrong.

    Raises ValueError when `kind` is not marked by a key, or the key is unusable.
    """
    if kind not in OBJECTIVE_TYPES:
        raise ValueError(f"{kind} questions are marked by a teacher, not by a key")
    if kind == QuestionType.FILL_IN:
        return _score_parts(key, "blanks", _blank_credit, answer, shape)
    if kind == QuestionType.MATCHING:
        return _score_parts(key, "pairs", _pair_credit, answer, shape)
    share = _share(kind, key, answer, shape)
    return Scored(is_correct=share == 1, marks=half_marks(Fraction(marks) * share))


def _share(kind: str, key: Mapping[str, object], answer: Mapping[str, object], shape: MarkedShape) -> Fraction:
    if kind in CHOICE_TYPES:
        return _choice_share(key, answer, shape)
    if kind == QuestionType.ORDERING:
        return _order_share(key, answer)
    if kind == QuestionType.SHORT_TEXT:
        return _text_credit(key, answer.get("text"))
    right = _expression_right if kind == QuestionType.EXPRESSION else _numeric_right
    return Fraction(right(key, answer))


def _choice_share(key: Mapping[str, object], answer: Mapping[str, object], shape: MarkedShape) -> Fraction:
    expected = _labels(key.get("choices"))
    if not expected:
        raise ValueError("the key names no option")
    given = _labels(answer.get("choices"))
    if given is None or len(set(given)) < len(given):
        return Fraction(0)
    if key.get("grading") == Grading.PARTIAL and shape.options:
        return chosen_share(set(expected), set(given), shape.options)
    return Fraction(set(given) == set(expected))


def _order_share(key: Mapping[str, object], answer: Mapping[str, object]) -> Fraction:
    expected = _labels(key.get("order"))
    if not expected:
        raise ValueError("the key has no order")
    given = _labels(answer.get("order"))
    if given is None or sorted(given) != sorted(expected):
        return Fraction(0)
    if key.get("grading") == Grading.PARTIAL:
        return neighbour_share(expected, given)
    return Fraction(given == expected)


def _labels(value: object) -> list[str] | None:
    return value if isinstance(value, list) and all(isinstance(label, str) for label in value) else None


def _text_credit(key: Mapping[str, object], text: object) -> Fraction:
    accepted = key.get("accepted")
    if not isinstance(accepted, list) or not accepted:
        raise ValueError("the key accepts no text")
    if not isinstance(text, str):
        return Fraction(0)
    try:
        return min(best_credit(accepted, bool(key.get("match_case")), text), Fraction(1))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("the key has an accepted text without text") from error


def _expression_right(key: Mapping[str, object], answer: Mapping[str, object]) -> bool:
    given = answer.get("value")
    try:
        return expression.is_right(
            str(key.get("expression", "")), str(key.get("form") or ""), given if isinstance(given, str) else ""
        )
    except (expression.ExpressionError, KeyError) as error:
        raise ValueError(f"the key is no expression: {error}") from error


# --- Parts -----------------------------------------------------------------------------------------------------------
def _score_parts(
    key: Mapping[str, object],
    name: str,
    credit_of: Callable[[object, object], Fraction],
    answer: Mapping[str, object],
    shape: MarkedShape,
) -> Scored:
    wanted, given = key.get(name), answer.get(name)
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) != set(shape.parts):
        raise ValueError(f"the key has no {name} for the parts of the question")
    given = given if isinstance(given, Mapping) else {}
    parts = []
    for label in shape.parts:
        credit = credit_of(wanted[label], given.get(label))
        parts.append(ScoredPart(label, credit == 1, credit))
    marks = half_marks(sum((Fraction(shape.parts[part.label]) * part.credit for part in parts), Fraction(0)))
    return Scored(all(part.is_correct for part in parts), marks, tuple(parts))


def _pair_credit(wanted: object, given: object) -> Fraction:
    return Fraction(isinstance(given, str) and given == wanted)


def _blank_credit(key: object, given: object) -> Fraction:
    kind = key.get("kind") if isinstance(key, Mapping) else None
    if not isinstance(key, Mapping) or kind not in BlankKind.values:
        raise ValueError("the key of a blank has no kind")
    if kind == BlankKind.TEXT:
        return _text_credit(key, given)
    if kind == BlankKind.NUMBER:
        return Fraction(_numeric_right(key, {"value": given}))
    return Fraction(isinstance(given, str) and given.strip() == str(key.get("correct")).strip())


# --- Numbers ---------------------------------------------------------------------------------------------------------
def _numeric_right(key: Mapping[str, object], answer: Mapping[str, object]) -> bool:
    expected, tolerance = parse_number(str(key.get("value", ""))), parse_number(str(key.get("tolerance") or "0"))
    if expected is None or tolerance is None:
        raise ValueError("the key is not a number")
    raw = answer.get("value")
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or len(raw) > MAX_TEXT:
        return False
    given = parse_number(_without_unit(raw, str(key.get("unit") or "")))
    return given is not None and abs(given - expected) <= tolerance


def parse_number(text: str) -> Fraction | None:
    """Reads `3.5`, `-7/2`, `1,00,000` exactly. None when the text is not one plain number."""
    found = VALUE.fullmatch(text.translate(PLAIN).strip())
    if found is None:
        return None
    top = _fraction(found["top"])
    bottom = _fraction(found["bottom"]) if found["bottom"] else Fraction(1)
    if not bottom:
        return None
    return -top / bottom if found["sign"] == "-" else top / bottom


def _fraction(digits: str) -> Fraction:
    return Fraction(Decimal(digits.replace(",", "")))


def _without_unit(text: str, unit: str) -> str:
    """`text` without the expected unit, which may stand after the number or before it (₹ 500), or be left out."""
    wanted = _unit_key(unit)
    if wanted:
        for cut in range(1, len(text)):
            if _unit_key(text[cut:]) == wanted:
                return text[:cut]
            if _unit_key(text[:cut]) == wanted:
                return text[cut:]
    return text


def _unit_key(unit: str) -> str:
    return unit.casefold().translate(PLAIN_UNIT)
