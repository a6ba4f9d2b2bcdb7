"""What the controls of a question show on the exam page, from the question as `paper_for_student` gives it."""

from __future__ import annotations

import re
from typing import Any

from assessments.enums import PART_TYPES, QuestionType

# A tag is passed over whole: what stands in an attribute is no blank.
BLANK_OR_TAG = re.compile(r"""<(?:[^"'>]|"[^"]*"|'[^']*')*>|\[\[(\d{1,2})\]\]""")
LETTERS = "ABCDEFGHIJKL"
MAX_NAME = 60


def split_blanks(html: str) -> list[tuple[str, str]]:
    """`html` cut at its `[[n]]`: ("html", …) and ("blank", "1") in turn."""
    pieces, begun = [], 0
    for found in BLANK_OR_TAG.finditer(html):
        if found[1]:
            pieces += [("html", html[begun : found.start()]), ("blank", found[1])]
            begun = found.end()
    return [*pieces, ("html", html[begun:])]


def text_with_blanks(html: str, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """[{"html"} or {"part"}] in order. A blank that the text lost, as inside a formula, follows at the end."""
    waiting = {part["label"]: part for part in parts}
    pieces: list[dict[str, Any]] = []
    for kind, value in split_blanks(html):
        part = waiting.pop(value, None) if kind == "blank" else None
        pieces.append({"part": part} if part else {"html": value if kind == "html" else f"[[{value}]]"})
    return [*pieces, *({"part": part} for part in waiting.values())]


def controls(question: dict[str, Any]) -> dict[str, Any]:
    """What a template needs besides the question itself: "pieces" of a text with blanks, lettered "choices" of pairs,
    "items" in the order that was saved, "given" of the parts by way of their "value"."""
    response = question["response"]
    answer: dict[str, Any] = response.answer if response else {}
    if question["type"] == QuestionType.FILL_IN:
        parts = _with_values(question["parts"], answer.get("blanks", {}))
        return {"pieces": text_with_blanks(question["html"], parts)}
    if question["type"] == QuestionType.MATCHING:
        letters = zip(LETTERS, question["options"], strict=False)
        return {
            "choices": [option | {"letter": letter, "name": _short_name(option["text"])} for letter, option in letters],
            "parts": _with_values(question["parts"], answer.get("pairs", {})),
        }
    if question["type"] == QuestionType.ORDERING:
        by_label = {option["label"]: option for option in question["options"]}
        return {
            "items": [by_label[label] for label in answer.get("order") or by_label],
            "start": ",".join(by_label),
        }
    return {}


def _with_values(parts: list[dict[str, Any]], given: dict[str, str]) -> list[dict[str, Any]]:
    return [part | {"value": given.get(part["label"], "")} for part in parts]


def _short_name(source: str) -> str:
    """A short plain text as it stands; what has formulas, pictures or marks is known by its letter."""
    return "" if len(source) > MAX_NAME or set("$![*_`\\|<\n") & set(source) else source


def is_partly(question: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether some blanks or pairs of `question` are answered and others are not."""
    if question["type"] not in PART_TYPES:
        return False
    given = answer.get("blanks") or answer.get("pairs") or {}
    return 0 < len(given) < len(question["parts"])
