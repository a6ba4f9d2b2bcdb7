"""What a student answered and what was right, side by side, for every type that a key marks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from assessments.enums import CHOICE_TYPES, PART_TYPES, TRUE_FALSE_LABELS, BlankKind, Grading, QuestionType
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


def shown_answer(question: ResultQuestion) -> dict[str, Any]:
    """The context of templates/evaluations/_result_answer.html: of "options", "pairs", "blanks", "order" and "given"
    the one that the type needs."""
    kind = question.type
    if kind in CHOICE_TYPES:
        return {"options": _options(question), "is_partial": question.key.get("grading") == Grading.PARTIAL}
    if kind == QuestionType.MATCHING:
        return {"pairs": _pairs(question)}
    if kind == QuestionType.FILL_IN:
        return {"blanks": _blanks(question)}
    if kind == QuestionType.ORDERING:
        return {"order": _order(question), "is_partial": question.key.get("grading") == Grading.PARTIAL}
    if question.is_written:
        return {}
    return {"given": _given(question), "right": _right(question)}


def _options(question: ResultQuestion) -> list[dict[str, Any]]:
    chosen, right = set(question.answer.get("choices", [])), set(question.key.get("choices", []))
    options = question.options
    if question.type == QuestionType.TRUE_FALSE:
        names = dict(zip(TRUE_FALSE_LABELS, (_("True"), _("False")), strict=True))
        options = [{"label": label, "letter": "", "html": name} for label, name in names.items()]
    return [
        {"letter": option["label"]} | option | {"chosen": option["label"] in chosen, "right": option["label"] in right}
        for option in options
    ]


def _pairs(question: ResultQuestion) -> list[dict[str, Any]]:
    html = {option["label"]: option["html"] for option in question.options}
    given: dict[str, str] = question.answer.get("pairs", {})
    return [
        _marked(part, scored)
        | {"given": html.get(given.get(part["label"], ""), ""), "right": html.get(question.key["pairs"][part["label"]])}
        for part, scored in zip(question.parts, question.scored, strict=True)
    ]


def _blanks(question: ResultQuestion) -> list[dict[str, Any]]:
    given: dict[str, str] = question.answer.get("blanks", {})
    return [
        _marked(part, scored)
        | {"given": given.get(part["label"], ""), "right": right_blank(question.key["blanks"][part["label"]])}
        for part, scored in zip(question.parts, question.scored, strict=True)
    ]


def _marked(part: dict[str, Any], scored: ScoredPart) -> dict[str, Any]:
    marks = Decimal(str(part["marks"]))
    earned = marks * scored.credit.numerator / scored.credit.denominator
    return {
        "label": part["label"],
        "html": part["html"],
        "marks": marks,
        "earned": earned.quantize(Decimal("0.01")),
        "kind": "right" if scored.is_correct else "part" if earned else "wrong",
    }


def _order(question: ResultQuestion) -> list[dict[str, Any]]:
    """The items in the right order; `place` is where the student put each, 0 without an answer."""
    html = {option["label"]: option["html"] for option in question.options}
    given: list[str] = question.answer.get("order", [])
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
