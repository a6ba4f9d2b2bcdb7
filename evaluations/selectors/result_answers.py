"""What a student answered and what was right, side by side, for every type that a key marks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from assessments.enums import (
    CHOICE_TYPES,
    PART_TYPES,
    TRUE_FALSE_LABELS,
    BlankKind,
    Grading,
    QuestionType,
    RevealItem,
)
from assessments.selectors.reveal import Shown
from assessments.services.expression_reading import read_expression
from assessments.services.scoring import MarkedShape, ScoredPart, score_answer

if TYPE_CHECKING:
    from evaluations.selectors.results import ResultQuestion


def scored_parts(
    kind: str, marks: Decimal, key: dict[str, Any], answer: dict[str, Any], parts: Any
) -> list[ScoredPart]:
    """How each blank or pair was marked, by the same rule that gave the marks; empty for other types."""
    if kind not in PART_TYPES:
        return []
    shape = MarkedShape(parts={part["label"]: Decimal(str(part["marks"])) for part in parts})
    return list(score_answer(kind, marks, key, answer, shape).parts)


def shown_answer(question: ResultQuestion, shown: Shown) -> dict[str, Any]:
    """The context of templates/evaluations/_result_answer.html: of "options", "pairs", "blanks", "order" and "given"
    the one that the type needs, with as much of it as is `shown`; "verdict" in words where the key does not say it."""
    if question.is_written:
        return {}
    kind = question.type
    seen = {"answer": RevealItem.ANSWERS in shown, "key": RevealItem.KEY in shown, "verdict": _verdict(question, shown)}
    is_partial = question.grading == Grading.PARTIAL and seen["answer"]
    if kind in CHOICE_TYPES:
        return seen | {"options": _options(question), "is_partial": is_partial}
    if kind == QuestionType.MATCHING:
        return seen | {"pairs": _pairs(question)}
    if kind == QuestionType.FILL_IN:
        return seen | {"blanks": _blanks(question)}
    if kind == QuestionType.ORDERING:
        return seen | {"order": _order(question, shown), "is_partial": is_partial}
    return seen | {"given": _given(question), "right": _right(question)}


def _verdict(question: ResultQuestion, shown: Shown) -> str:
    """Right or not, where neither the key beside the answer says it nor that nothing was answered."""
    if RevealItem.CORRECTNESS not in shown or {RevealItem.KEY, RevealItem.ANSWERS} <= shown:
        return ""
    if RevealItem.ANSWERS in shown and not question.answer:
        return ""
    if question.is_correct:
        return _("Right.")
    in_parts = question.grading or question.type in PART_TYPES
    return _("Not fully right.") if question.awarded or in_parts else _("Not right.")


def _options(question: ResultQuestion) -> list[dict[str, Any]]:
    chosen, right = set(question.answer.get("choices", [])), set(question.key.get("choices", []))
    options = question.options
    if question.type == QuestionType.TRUE_FALSE:
        names = dict(zip(TRUE_FALSE_LABELS, (_("True"), _("False")), strict=True))
        options = [{"label": label, "letter": "", "html": name} for label, name in names.items()]
    return [option | {"chosen": option["label"] in chosen, "right": option["label"] in right} for option in options]


def _pairs(question: ResultQuestion) -> list[dict[str, Any]]:
    html = {option["label"]: option["html"] for option in question.options}
    given, right = question.answer.get("pairs", {}), question.key.get("pairs", {})
    return [
        row | {"given": html.get(given.get(row["label"], ""), ""), "right": html.get(right.get(row["label"], ""), "")}
        for row in _parts(question)
    ]


def _blanks(question: ResultQuestion) -> list[dict[str, Any]]:
    given, right = question.answer.get("blanks", {}), question.key.get("blanks", {})
    return [
        row | {"given": given.get(row["label"], ""), "right": right_blank(right.get(row["label"], {}))}
        for row in _parts(question)
    ]


def _parts(question: ResultQuestion) -> list[dict[str, Any]]:
    """Blanks or pairs; with "kind" where right and wrong are known, and "earned" where the marks are, too."""
    scored = {part.label: part for part in question.scored}
    rows = []
    for part in question.parts:
        row = {"label": part["label"], "html": part["html"], "marks": Decimal(str(part["marks"]))}
        rows.append(row | (_marked(row["marks"], scored[part["label"]]) if part["label"] in scored else {}))
        if question.awarded is None:
            rows[-1].pop("earned", None)
    return rows


def _marked(marks: Decimal, scored: ScoredPart) -> dict[str, Any]:
    earned = marks * scored.credit.numerator / scored.credit.denominator
    kind = "right" if scored.is_correct else "part" if earned else "wrong"
    return {"earned": earned.quantize(Decimal("0.01")), "kind": kind}


def _order(question: ResultQuestion, shown: Shown) -> list[dict[str, Any]]:
    """The items in the right order, `place` is where the student put each, 0 without an answer; without the key in the
    student's order, `right` 0."""
    html = {option["label"]: option["html"] for option in question.options}
    given: list[str] = question.answer.get("order", [])
    if RevealItem.KEY not in shown:
        return [{"html": html.get(label, ""), "place": place, "right": 0} for place, label in enumerate(given, start=1)]
    return [
        {"html": html.get(label, ""), "place": given.index(label) + 1 if label in given else 0, "right": number}
        for number, label in enumerate(question.key["order"], start=1)
    ]


def _given(question: ResultQuestion) -> dict[str, str]:
    text = str(question.answer.get("value") or question.answer.get("text") or "")
    html = read_expression(text).html if question.type == QuestionType.EXPRESSION else ""
    return {"text": text, "html": html}


def _right(question: ResultQuestion) -> dict[str, str]:
    key = question.key
    if question.type == QuestionType.EXPRESSION:
        text = str(key.get("expression", ""))
        return {"text": text, "html": read_expression(text).html}
    if question.type == QuestionType.SHORT_TEXT:
        return {"text": _best_text(key), "html": ""}
    return {"text": f"{key.get('value', '')} {key.get('unit') or ''}".strip(), "html": ""}


def right_blank(key: dict[str, Any]) -> str:
    """What is right in a blank, as text."""
    if key.get("kind") == BlankKind.TEXT:
        return _best_text(key)
    return str(key.get("value" if key.get("kind") == BlankKind.NUMBER else "correct", ""))


def _best_text(key: dict[str, Any]) -> str:
    """The first text with full credit; a wildcard shows as dots."""
    full = [row["text"] for row in key.get("accepted", []) if Decimal(str(row.get("credit", "1"))) == 1]
    return full[0].replace("\\*", "\0").replace("*", "…").replace("\0", "*") if full else ""
