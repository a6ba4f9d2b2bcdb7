"""Answers as the exam page's form posts them without JavaScript, in the shapes of the API."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from assessments.enums import CHOICE_TYPES, QuestionType
from assessments.selectors.attempts import Shape

T = QuestionType
TEXTS = {T.NUMERIC: "value", T.EXPRESSION: "value", T.SHORT_TEXT: "text"}
PARTS = {T.FILL_IN: "blanks", T.MATCHING: "pairs"}


def read_answers(data: QueryDict, shapes: dict[str, Shape]) -> dict[str, tuple[dict[str, Any], int | None]]:
    """(answer, certainty) by question id, of the questions that the page names as on it; {} is an empty answer."""
    found = {}
    on_page = set(data.getlist("on-page"))
    for question, shape in shapes.items():
        if question not in on_page:
            continue
        certainty = data.get(f"c-{question}", "")
        said = int(certainty) if certainty in {"1", "2", "3"} else None
        found[question] = (_answer(data, question, shape), said)
    return found


def _answer(data: QueryDict, question: str, shape: Shape) -> dict[str, Any]:
    kind, labels, parts = shape
    name = f"q-{question}"
    if kind in CHOICE_TYPES:
        return {"choices": data.getlist(name)}
    if kind in TEXTS:
        return {TEXTS[T(kind)]: data.get(name, "")}
    if kind in PARTS:
        return {PARTS[T(kind)]: {label: data.get(f"{name}-{label}", "") for label in parts}}
    if kind == T.ORDERING:
        return {"order": _order(data, question, labels)} if data.get(name) else {}
    return {"on_paper": True} if data.get(name) == "on_paper" else {}


def _order(data: QueryDict, question: str, labels: tuple[str, ...]) -> list[str]:
    """By the places that were chosen where each item has its own, otherwise as the items stood."""
    places = {label: data.get(f"p-{question}-{label}", "") for label in labels}
    if sorted(places.values()) == sorted(str(number) for number in range(1, len(labels) + 1)):
        return sorted(labels, key=lambda label: int(places[label]))
    return data.getlist(f"o-{question}")
