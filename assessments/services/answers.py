"""What an answer may look like, by question type. Pure: no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from assessments.enums import CHOICE_TYPES, TRUE_FALSE_LABELS, QuestionType
from common.errors import DomainError

MAX_TEXT = 20_000  # characters of a typed answer
MAX_VALUE = 60  # characters of a numeric answer
MAX_EXPRESSION = 200
MAX_SHORT_TEXT = 500


@dataclass(frozen=True)
class AnswerShape:
    """What is needed of a question to judge the form of an answer to it: never its key."""

    type: str
    labels: tuple[str, ...] = ()  # of the options
    parts: tuple[str, ...] = ()  # labels of the blanks, or of the left-hand side of pairs


class BadAnswer(DomainError):
    """An answer that does not fit its question. Codes: answer_shape, answer_choice, answer_text, answer_too_long."""


def clean_answer(shape: AnswerShape, answer: object) -> dict[str, Any]:
    """Returns `answer` in its stored form ({} when it is empty), or raises BadAnswer with a sentence."""
    if not isinstance(answer, Mapping):
        raise BadAnswer(_("An answer must be an object such as {“choices”: [“B”]}."), "answer_shape")
    if not answer:
        return {}
    if shape.type in CHOICE_TYPES:
        return _clean_choices(shape, _only(answer, "choices"))
    if shape.type == QuestionType.NUMERIC:
        return _clean_string("value", _only(answer, "value"), MAX_VALUE, strip=True)
    if shape.type == QuestionType.EXPRESSION:
        return _clean_string("value", _only(answer, "value"), MAX_EXPRESSION, strip=True)
    if shape.type == QuestionType.SHORT_TEXT:
        return _clean_string("text", _only(answer, "text"), MAX_SHORT_TEXT, strip=True)
    if shape.type == QuestionType.ORDERING:
        return _clean_order(shape, _only(answer, "order"))
    if shape.type == QuestionType.FILL_IN:
        return _clean_blanks(shape, _only(answer, "blanks"))
    if shape.type == QuestionType.MATCHING:
        return _clean_pairs(shape, _only(answer, "pairs"))
    for flag in ("not_attempted", "on_paper"):
        if flag in answer:
            return _clean_flag(flag, _only(answer, flag))
    return _clean_string("text", _only(answer, "text"), MAX_TEXT, strip=False)


def _only(answer: Mapping[Any, Any], key: str) -> Any:
    if set(answer) != {key}:
        message = _("The answer to this question must have “%(key)s” and nothing else.")
        raise BadAnswer(message % {"key": key}, "answer_shape")
    return answer[key]


def _clean_choices(shape: AnswerShape, choices: object) -> dict[str, Any]:
    labels = TRUE_FALSE_LABELS if shape.type == QuestionType.TRUE_FALSE else shape.labels
    chosen = sorted(set(_label_list("choices", choices, labels)), key=labels.index)
    if len(chosen) > 1 and shape.type != QuestionType.MULTIPLE_CHOICE:
        raise BadAnswer(_("Only one option can be chosen here."), "answer_choice")
    return {"choices": chosen} if chosen else {}


def _clean_order(shape: AnswerShape, order: object) -> dict[str, Any]:
    labels = _label_list("order", order, shape.labels)
    if not labels:
        return {}
    if sorted(labels) != sorted(shape.labels):
        raise BadAnswer(_("“order” must name every item exactly once."), "answer_choice")
    return {"order": labels}


def _label_list(name: str, labels: object, known: tuple[str, ...]) -> list[str]:
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise BadAnswer(
            _("“%(name)s” must be a list of option labels, such as [“B”].") % {"name": name}, "answer_shape"
        )
    for label in labels:
        _check_known(label, known)
    return labels


def _check_known(label: str, known: tuple[str, ...]) -> None:
    if label not in known:
        message = _("There is no option “%(label)s” here. The options are %(labels)s.")
        raise BadAnswer(message % {"label": label[:20], "labels": ", ".join(known)}, "answer_choice")


def _clean_blanks(shape: AnswerShape, blanks: object) -> dict[str, Any]:
    filled = {
        label: _clean_string("text", text, MAX_SHORT_TEXT, strip=True).get("text", "")
        for label, text in _part_answers("blanks", shape, blanks).items()
    }
    return _in_order("blanks", shape, filled)


def _clean_pairs(shape: AnswerShape, pairs: object) -> dict[str, Any]:
    matched = _part_answers("pairs", shape, pairs)
    for label in matched.values():
        if not isinstance(label, str):
            raise BadAnswer(_("Every pair must name an option, such as {“1”: “B”}."), "answer_shape")
        if label:
            _check_known(label, shape.labels)
    return _in_order("pairs", shape, matched)


def _part_answers(name: str, shape: AnswerShape, parts: object) -> Mapping[str, Any]:
    if not isinstance(parts, Mapping):
        raise BadAnswer(_("“%(name)s” must be an object such as {“1”: “…”}.") % {"name": name}, "answer_shape")
    if unknown := [label for label in parts if label not in shape.parts]:
        message = _("There is no part “%(label)s” here. The parts are %(labels)s.")
        listed = {"label": str(unknown[0])[:20], "labels": ", ".join(shape.parts)}
        raise BadAnswer(message % listed, "answer_choice")
    return parts


def _in_order(name: str, shape: AnswerShape, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The answered parts in the order of the question, so that the same answer is stored the same."""
    answered = {label: parts[label] for label in shape.parts if parts.get(label)}
    return {name: answered} if answered else {}


def _clean_string(key: str, text: object, longest: int, *, strip: bool) -> dict[str, Any]:
    if not isinstance(text, str):
        raise BadAnswer(_("“%(key)s” must be text in quotation marks.") % {"key": key}, "answer_shape")
    text = text.strip() if strip else text
    if len(text) > longest:
        message = _("This answer is longer than %(longest)d characters.")
        raise BadAnswer(message % {"longest": longest}, "answer_too_long")
    # PostgreSQL's JSON can hold neither NUL nor half of a surrogate pair.
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadAnswer(_("This answer contains a character that cannot be stored."), "answer_text")
    return {key: text} if text.strip() else {}


def _clean_flag(name: str, flag: object) -> dict[str, Any]:
    if not isinstance(flag, bool):
        raise BadAnswer(_("“%(name)s” must be true or false.") % {"name": name}, "answer_shape")
    return {name: True} if flag else {}
