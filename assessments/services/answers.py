"""What an answer may look like, by question type. Pure: no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from assessments.enums import CHOICE_TYPES, QuestionType
from common.errors import DomainError

MAX_TEXT = 20_000  # characters of a typed answer
MAX_VALUE = 60  # characters of a numeric answer


@dataclass(frozen=True)
class AnswerShape:
    """What is needed of a question to judge the form of an answer to it: never its key."""

    type: str
    labels: tuple[str, ...] = ()


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
    if not isinstance(choices, list) or not all(isinstance(label, str) for label in choices):
        raise BadAnswer(_("“choices” must be a list of option labels, such as [“B”]."), "answer_shape")
    if unknown := [label for label in choices if label not in shape.labels]:
        listed = ", ".join(shape.labels)
        message = _("There is no option “%(label)s” here. The options are %(labels)s.")
        raise BadAnswer(message % {"label": unknown[0][:20], "labels": listed}, "answer_choice")
    chosen = sorted(set(choices), key=shape.labels.index)
    if len(chosen) > 1 and shape.type != QuestionType.MULTIPLE_CHOICE:
        raise BadAnswer(_("Only one option can be chosen here."), "answer_choice")
    return {"choices": chosen} if chosen else {}


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
