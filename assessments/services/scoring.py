"""Marks for answers that a key decides. Pure: no database, no clock, and a student's text is never evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from assessments.enums import CHOICE_TYPES, OBJECTIVE_TYPES

MAX_TEXT = 64
ZERO = Decimal(0)
# 1234 | 12,34,567 (Indian grouping) | 1,234,567, with or without decimals; or .5
NUMBER = r"(?:\d+|\d{1,2}(?:,\d{2})*,\d{3}|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+"
VALUE = re.compile(rf"(?P<sign>[+-]?)\s*(?P<top>{NUMBER})(?:\s*/\s*(?P<bottom>{NUMBER}))?", re.ASCII)
# What phones and word processors type instead of the plain sign, and Hindi keyboards instead of the plain digit.
PLAIN = str.maketrans("−–⁄०१२३४५६७८९", "--/0123456789")
PLAIN_UNIT = str.maketrans("²³µ", "23μ", "^. ")


@dataclass(frozen=True)
class Scored:
    """The outcome for one answer; `marks` is between 0 and the question's marks."""

    is_correct: bool
    marks: Decimal


def score_answer(kind: str, marks: Decimal, key: Mapping[str, object], answer: Mapping[str, object]) -> Scored:
    """Full marks for a right answer, otherwise none; anything missing or malformed in `answer` is simply wrong.

    Multiple choice is all-or-nothing. Raises ValueError when `kind` is not marked by a key, or the key is unusable.
    """
    if kind not in OBJECTIVE_TYPES:
        raise ValueError(f"{kind} questions are marked by a teacher, not by a key")
    right = _choices_right(key, answer) if kind in CHOICE_TYPES else _numeric_right(key, answer)
    return Scored(is_correct=right, marks=marks if right else ZERO)


def _choices_right(key: Mapping[str, object], answer: Mapping[str, object]) -> bool:
    expected = key.get("choices")
    if not isinstance(expected, list) or not expected:
        raise ValueError("the key names no option")
    given = answer.get("choices")
    if not isinstance(given, list) or not all(isinstance(label, str) for label in given):
        return False
    return len(given) == len(expected) and set(given) == set(expected)


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
