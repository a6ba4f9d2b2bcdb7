"""The rules for keys, one function per kind of question that a key marks. Pure; sentences for the author."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from string import ascii_uppercase
from typing import TYPE_CHECKING

from assessments.enums import TRUE_FALSE_LABELS, BlankKind, Grading, QuestionType
from assessments.services import expression

if TYPE_CHECKING:
    from assessments.services.content_schema import QuestionContent

MAX_OPTIONS = 8
MAX_ITEMS = 12  # to match or to put in order
MAX_BLANKS = 20
MAX_ACCEPTED = 50
MAX_ACCEPTED_TEXT = 200
BLANK = re.compile(r"\[\[(\d{1,2})\]\]")


def key_problems(type: str, content: QuestionContent) -> Iterator[str]:
    """Yields one sentence per broken rule of options, parts and key."""
    yield from RULES[type](type, content)


# --- Choices ---------------------------------------------------------------------------------------------------------
def _choice_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _option_problems(content, "A choice question", "options", MAX_OPTIONS)
    yield from _choice_key_problems(type, [option.label for option in content.options], content.answer)


def _true_false_problems(type: str, content: QuestionContent) -> Iterator[str]:
    if content.options:
        yield "A true–false question has no options of its own."
    yield from _choice_key_problems(type, list(TRUE_FALSE_LABELS), content.answer)


def _option_problems(content: QuestionContent, what: str, name: str, most: int) -> Iterator[str]:
    labels = [option.label for option in content.options]
    if not 2 <= len(labels) <= most:
        yield f"{what} has 2 to {most} {name}, not {len(labels)}."
    if labels != list(ascii_uppercase[: len(labels)]):
        yield f"Options are labelled A, B, C … in order, not {', '.join(labels) or 'nothing'}."
    texts = [option.text.strip() for option in content.options]
    if not all(texts):
        yield "Every option needs a text."
    if len(set(texts)) < len(texts):
        yield "Two options say the same."


def _choice_key_problems(type: str, labels: list[str], answer: Mapping[str, object]) -> Iterator[str]:
    allowed = {"choices", "grading"} if type == QuestionType.MULTIPLE_CHOICE else {"choices"}
    key = answer.get("choices")
    if set(answer) - allowed or not isinstance(key, list):
        yield "The key of a choice question is a list of option labels."
        return
    yield from _grading_problems(answer)
    unknown = [str(label) for label in key if label not in labels]
    if unknown:
        yield f"The key names {', '.join(unknown)}, which is not among the options."
    if len(set(map(str, key))) < len(key):
        yield "The key names an option twice."
    if type == QuestionType.MULTIPLE_CHOICE:
        if not key:
            yield "A multiple choice question needs at least one right option."
    elif len(key) != 1:
        yield f"This type of question has exactly one right option, not {len(key)}."


def _grading_problems(answer: Mapping[str, object]) -> Iterator[str]:
    if answer.get("grading", Grading.ALL) not in Grading.values:
        yield f"The grading is “all” or “partial”, not “{answer['grading']}”."


# --- Numbers and texts -----------------------------------------------------------------------------------------------
def _numeric_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _no_options(content, "A numeric question")
    yield from _extra_problems("a numeric question", content.answer, {"value", "tolerance", "unit"})
    yield from _number_problems("the key", content.answer)
    if not isinstance(content.answer.get("unit", ""), str):
        yield "The unit of the key must be text."


def _number_problems(where: str, key: Mapping[str, object]) -> Iterator[str]:
    if plain_decimal(key.get("value")) is None:
        yield f"The value of {where} must be a decimal number such as 3.5, not “{key.get('value', '')}”."
    tolerance = plain_decimal(key.get("tolerance", "0"))
    if tolerance is None or tolerance < 0:
        yield f"The tolerance of {where} must be 0 or a positive decimal number, not “{key.get('tolerance')}”."


def plain_decimal(value: object) -> Decimal | None:
    """Only plain text numbers of a sane size: `1e999999` would be a Decimal too, and freeze a comparison."""
    if not isinstance(value, str) or len(value) > 40 or set(value) - set("+-.0123456789"):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _short_text_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _no_options(content, "A short text question")
    yield from _extra_problems("a short text question", content.answer, {"accepted", "match_case"})
    yield from _accepted_problems("the key", content.answer)


def _accepted_problems(where: str, key: Mapping[str, object]) -> Iterator[str]:
    accepted = key.get("accepted")
    if not isinstance(key.get("match_case", False), bool):
        yield f"“match_case” of {where} must be true or false."
    if not isinstance(accepted, list) or not 1 <= len(accepted) <= MAX_ACCEPTED:
        yield f"There must be 1 to {MAX_ACCEPTED} accepted texts in {where}."
        return
    texts: list[str] = []
    credits: list[Decimal] = []
    for row in accepted:
        if not isinstance(row, Mapping) or set(row) - {"text", "credit"} or not isinstance(row.get("text"), str):
            yield f"An accepted text of {where} has a “text” and a “credit” and nothing else."
            return
        texts.append(row["text"].strip())
        credit = plain_decimal(row.get("credit", "1"))
        if credit is None or not 0 < credit <= 1:
            yield f"The credit of “{row['text'][:40]}” must be more than 0 and at most 1, not “{row.get('credit')}”."
        credits.append(credit or Decimal(0))
    if not all(text.strip("* ") for text in texts) or max(map(len, texts)) > MAX_ACCEPTED_TEXT:
        yield f"An accepted text of {where} has 1 to {MAX_ACCEPTED_TEXT} characters, and more than a wildcard."
    if len(set(texts)) < len(texts):
        yield f"Two accepted texts of {where} are the same."
    if max(credits) < 1:
        yield f"One accepted text of {where} must have the full credit 1."


def _expression_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _no_options(content, "A question for an expression")
    yield from _extra_problems("a question for an expression", content.answer, {"expression", "form"})
    text, form = content.answer.get("expression"), content.answer.get("form", "")
    if not isinstance(text, str) or not isinstance(form, str):
        yield "The key must have an “expression”, and a “form” that may be empty."
    else:
        yield from expression.key_problems(text, form)


# --- Blanks ----------------------------------------------------------------------------------------------------------
def _fill_in_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _no_options(content, "A text with blanks")
    yield from _extra_problems("a text with blanks", content.answer, {"blanks"})
    labels = [part.label for part in content.parts]
    if not 1 <= len(labels) <= MAX_BLANKS:
        yield f"A text has 1 to {MAX_BLANKS} blanks, not {len(labels)}."
    if any(part.text for part in content.parts):
        yield "The parts of a text with blanks have no text of their own."
    placed = BLANK.findall(content.text)
    if sorted(placed) != sorted(labels):
        yield f"Every blank must stand once in the text as [[1]], [[2]] …: there are {', '.join(placed) or 'none'}."
    blanks = content.answer.get("blanks")
    if not isinstance(blanks, Mapping) or set(blanks) != set(labels):
        yield "The key must say what is right for every blank, and for no other."
        return
    for label in labels:
        yield from _blank_problems(f"blank {label}", blanks[label])


def _blank_problems(where: str, key: object) -> Iterator[str]:
    kind = key.get("kind") if isinstance(key, Mapping) else None
    if not isinstance(key, Mapping) or kind not in BlankKind.values:
        yield f"The kind of {where} is text, number or choice, not “{kind}”."
    elif kind == BlankKind.TEXT:
        yield from _extra_problems(where, key, {"kind", "accepted", "match_case"})
        yield from _accepted_problems(where, key)
    elif kind == BlankKind.NUMBER:
        yield from _extra_problems(where, key, {"kind", "value", "tolerance"})
        yield from _number_problems(where, key)
    else:
        yield from _extra_problems(where, key, {"kind", "options", "correct"})
        options = key.get("options")
        texts = options if isinstance(options, list) and all(isinstance(text, str) for text in options) else []
        if not 2 <= len(texts) <= MAX_ITEMS or len({text.strip() for text in texts}) < len(texts) or "" in texts:
            yield f"There must be 2 to {MAX_ITEMS} different options for {where}."
        if key.get("correct") not in texts:
            yield f"The right option of {where} must be one of its options."


# --- Pairs and orders ------------------------------------------------------------------------------------------------
def _matching_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _option_problems(content, "A matching question", "choices on the right", MAX_ITEMS)
    yield from _extra_problems("a matching question", content.answer, {"pairs"})
    prompts = {part.label: part.text.strip() for part in content.parts}
    if not 2 <= len(prompts) <= MAX_ITEMS:
        yield f"A matching question has 2 to {MAX_ITEMS} items on the left, not {len(prompts)}."
    if not all(prompts.values()):
        yield "Every item on the left needs a text."
    if len(set(prompts.values())) < len(prompts):
        yield "Two items on the left say the same."
    pairs = content.answer.get("pairs")
    if not isinstance(pairs, Mapping) or set(pairs) != set(prompts):
        yield "The key must pair every item on the left, and no other."
    elif not set(map(str, pairs.values())) <= {option.label for option in content.options}:
        yield "The key pairs an item with a choice that does not exist."


def _ordering_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _option_problems(content, "An ordering question", "items", MAX_ITEMS)
    yield from _extra_problems("an ordering question", content.answer, {"order", "grading"})
    yield from _grading_problems(content.answer)
    order = content.answer.get("order")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(option.label for option in content.options):
        yield "The key must name every item once, in the right order."


def _no_options(content: QuestionContent, what: str) -> Iterator[str]:
    if content.options:
        yield f"{what} has no options."


def _extra_problems(where: str, key: Mapping[str, object], allowed: set[str]) -> Iterator[str]:
    if extra := set(map(str, key)) - allowed:
        yield f"The key of {where} has no “{', '.join(sorted(extra))}”."


RULES: dict[str, Callable[[str, QuestionContent], Iterator[str]]] = {
    QuestionType.SINGLE_CHOICE: _choice_problems,
    QuestionType.MULTIPLE_CHOICE: _choice_problems,
    QuestionType.ASSERTION_REASON: _choice_problems,
    QuestionType.TRUE_FALSE: _true_false_problems,
    QuestionType.NUMERIC: _numeric_problems,
    QuestionType.SHORT_TEXT: _short_text_problems,
    QuestionType.EXPRESSION: _expression_problems,
    QuestionType.FILL_IN: _fill_in_problems,
    QuestionType.MATCHING: _matching_problems,
    QuestionType.ORDERING: _ordering_problems,
}
