"""Variants of a question: parameters drawn by seed, and their values put where the content says `[[=…]]`.

`[[=a*b]]` is a value, `[[=+b]]` has a sign also when positive, `[[=a*]]` is a coefficient (1 is left out, −1 is a
minus), `[[=a/b:2]]` is rounded to two places. All arithmetic is exact. Pure: no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from assessments.services.expression import ExpressionError, calculate, holds, parse, variables
from common.errors import DomainError

if TYPE_CHECKING:
    from assessments.services.content_schema import QuestionContent

VALUE_MARK = "[[="
VALUE = re.compile(r"\[\[=(?P<sign>\+?)(?P<text>[^\[\]]*?)(?P<coefficient>\*?)(?::(?P<places>\d))?\]\]")
NAME = re.compile(r"[A-Za-z](_[A-Za-z0-9])?")
NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
MAX_NAMES = 10
MAX_RULES = 20
MAX_DRAWS = 1000
MAX_SAMPLES = 60
MAX_PLACES = 6
Values = dict[str, Fraction]


class VariantError(DomainError):
    """No variant can be drawn; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "variant_invalid")


def instantiate(content: QuestionContent, seed: int | str) -> tuple[dict[str, str], QuestionContent]:
    """The values that `seed` draws, as text, and the content with them in place. Without parameters: as it is.

    Raises VariantError.
    """
    if not content.parameters:
        return {}, content
    values = draw_values(content.parameters, seed)
    return _shown(values), fill(content, values)


def draw_values(parameters: Mapping[str, Any], seed: int | str) -> Values:
    """Values of all names and derived names; the same seed always draws the same. Raises VariantError."""
    # `random()` is the one sequence that Python promises to keep the same between versions.
    random = Random(f"variant {seed}").random  # noqa: S311 -- reproducible, no secret
    ranges = {name: _range(parameters["names"][name]) for name in sorted(parameters["names"])}
    for _draw in range(MAX_DRAWS):
        values = {name: low + step * int(random() * count) for name, (low, step, count) in ranges.items()}
        if (complete := _completed(parameters, values)) is not None:
            return complete
    raise VariantError(f"No values keep the constraints: {MAX_DRAWS} draws found none.")


def fill(content: QuestionContent, values: Values) -> QuestionContent:
    """`content` with every `[[=…]]` worked out. Raises VariantError."""
    put = partial(_filled_text, values=values)
    return replace(
        content,
        text=put(content.text),
        options=tuple(replace(option, text=put(option.text)) for option in content.options),
        parts=tuple(replace(part, text=put(part.text)) for part in content.parts),
        answer=_deep(dict(content.answer), put),
        model_answer=put(content.model_answer),
        explanation=put(content.explanation),
        steps=tuple(replace(step, text=put(step.text)) for step in content.steps),
        hints=tuple(map(put, content.hints)),
        parameters={},
    )


def parameter_problems(content: QuestionContent) -> list[str]:
    """Why no variant, or not every variant, can be drawn; one sentence each."""
    problems = list(_shape_problems(content.parameters)) or list(_name_problems(content))
    if problems:
        return problems
    try:
        for values in _samples(content.parameters):
            _try_out(content, values)
    except VariantError as error:
        return [error.message]
    return []


def sample_contents(content: QuestionContent) -> Iterator[tuple[dict[str, str], QuestionContent]]:
    """Variants that stand for all: every one when they are few."""
    samples = list(_samples(content.parameters))
    for values in samples[:: -(-len(samples) // MAX_SAMPLES)]:
        yield _shown(values), fill(content, values)


def format_value(value: Fraction, *, signed: bool = False, coefficient: bool = False, places: int | None = None) -> str:
    """3, -0.5, 2/3; a decimal where that is exact and short. `places` rounds halves away from zero."""
    size = abs(value)
    if places is not None:
        rounded = int(size * 10**places + Fraction(1, 2))
        text = _point(rounded, places)
        value = value if rounded else Fraction(0)
    elif size.denominator == 1:
        text = str(size.numerator)
    elif (scaled := size * 10**MAX_PLACES).denominator == 1:
        text = _point(scaled.numerator, MAX_PLACES).rstrip("0")
    else:
        text = f"{size.numerator}/{size.denominator}"
    if coefficient and text == "1":
        text = ""
    return ("-" if value < 0 else "+" if signed else "") + text


def _point(digits: int, places: int) -> str:
    """`digits` with a decimal point before the last `places` of them."""
    text = str(digits).zfill(places + 1)
    return f"{text[:-places]}.{text[-places:]}" if places else text


# --- Drawing ---------------------------------------------------------------------------------------------------------
def _range(raw: Mapping[str, str]) -> tuple[Fraction, Fraction, int]:
    """(lowest, step, how many)."""
    low, high, step = Fraction(raw["min"]), Fraction(raw["max"]), Fraction(raw.get("step", "1"))
    return low, step, int((high - low) / step) + 1


def _completed(parameters: Mapping[str, Any], drawn: Values) -> Values | None:
    """`drawn` with the derived values, or None when a constraint does not hold. Raises VariantError."""
    values = dict(drawn)
    waiting = dict(parameters.get("derived", {}))
    try:
        while waiting:
            ready = [name for name, text in waiting.items() if variables(parse(text)) <= values.keys()]
            if not ready:
                raise VariantError(f"The derived values {', '.join(sorted(waiting))} need each other.")
            for name in ready:
                values[name] = calculate(waiting.pop(name), values)
        return values if all(holds(text, values) for text in parameters.get("constraints", ())) else None
    except ExpressionError as error:
        raise VariantError(f"With {_listed(drawn)}: {error.message}") from error


def _samples(parameters: Mapping[str, Any]) -> Iterator[Values]:
    ranges = {name: _range(parameters["names"][name]) for name in sorted(parameters["names"])}
    size = 1
    for _low, _step, count in ranges.values():
        size *= count
    if size <= MAX_DRAWS:
        found = False
        for choice in product(*([low + step * at for at in range(count)] for low, step, count in ranges.values())):
            if (values := _completed(parameters, dict(zip(ranges, choice, strict=True)))) is not None:
                found = True
                yield values
        if not found:
            raise VariantError("No values keep the constraints.")
        return
    for seed in range(MAX_SAMPLES):
        yield draw_values(parameters, f"sample {seed}")


def _shown(values: Values) -> dict[str, str]:
    return {name: format_value(value) for name, value in sorted(values.items())}


def _listed(values: Values) -> str:
    return ", ".join(f"{name} = {value}" for name, value in _shown(values).items())


# --- Putting values in -----------------------------------------------------------------------------------------------
def _filled_text(text: str, values: Values) -> str:
    def value_of(found: re.Match[str]) -> str:
        try:
            value = calculate(found["text"], values)
        except ExpressionError as error:
            raise VariantError(f"With {_listed(values)}: {error.message}") from error
        return format_value(
            value,
            signed=bool(found["sign"]),
            coefficient=bool(found["coefficient"]),
            places=int(found["places"]) if found["places"] else None,
        )

    return VALUE.sub(value_of, text)


def _deep(value: Any, put: Callable[[str], str]) -> Any:
    """Every text inside a key, its names left alone."""
    if isinstance(value, str):
        return put(value)
    if isinstance(value, list | tuple):
        return [_deep(item, put) for item in value]
    if isinstance(value, Mapping):
        return {key: _deep(item, put) for key, item in value.items()}
    return value


def _texts(content: QuestionContent) -> Iterator[str]:
    """Every text that may hold a value."""
    yield from (content.text, content.model_answer, content.explanation, *content.hints)
    yield from (option.text for option in content.options)
    yield from (part.text for part in content.parts)
    yield from (step.text for step in content.steps)
    yield from _texts_of_key(content.answer)


def _texts_of_key(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts_of_key(item)


def _try_out(content: QuestionContent, values: Values) -> None:
    for text in _texts(content):
        _filled_text(text, values)


# --- Problems --------------------------------------------------------------------------------------------------------
def _shape_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    if extra := set(parameters) - {"names", "constraints", "derived"}:
        yield f"Parameters have no “{', '.join(sorted(map(str, extra)))}”."
    names, derived = parameters.get("names"), parameters.get("derived", {})
    constraints = parameters.get("constraints", [])
    if not isinstance(names, Mapping) or not 1 <= len(names) <= MAX_NAMES:
        yield f"A question with parameters has 1 to {MAX_NAMES} names."
        return
    for name, raw in names.items():
        yield from _range_problems(name, raw)
    if not isinstance(derived, Mapping) or len(derived) > MAX_RULES or not _all_texts(derived.values()):
        yield f"Derived values are at most {MAX_RULES} texts such as “a+b”."
    elif double := set(derived) & set(names):
        yield f"{', '.join(sorted(double))} is both drawn and derived."
    if not isinstance(constraints, list | tuple) or len(constraints) > MAX_RULES or not _all_texts(constraints):
        yield f"Constraints are a list of at most {MAX_RULES} texts such as “a != b”."
    for name in (*names, *(derived if isinstance(derived, Mapping) else ())):
        if not NAME.fullmatch(str(name)) or name == "e":
            yield f"A parameter is named by one letter other than e, such as a or x_1, not “{name}”."


def _all_texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _range_problems(name: str, raw: Any) -> Iterator[str]:
    if not isinstance(raw, Mapping) or not {"min", "max"} <= set(raw) <= {"min", "max", "step"}:
        yield f"{name} needs a “min” and a “max”, and may have a “step”."
    elif not all(isinstance(value, str) and NUMBER.fullmatch(value) for value in raw.values()):
        yield f"min, max and step of {name} are decimal numbers such as 3 or 0.5."
    elif Fraction(raw.get("step", "1")) <= 0 or Fraction(raw["min"]) > Fraction(raw["max"]):
        yield f"The step of {name} must be more than 0, and its min not above its max."


def _name_problems(content: QuestionContent) -> Iterator[str]:
    """Names that nothing gives a value, and texts that cannot be read."""
    parameters = content.parameters
    derived: Mapping[str, str] = parameters.get("derived", {})  # type: ignore[assignment]
    constraints: list[str] = parameters.get("constraints", [])  # type: ignore[assignment]
    known = {*parameters["names"], *derived}  # type: ignore[misc]
    sides = [side for rule in constraints for side in re.split(r"[!<>=≠≤≥]+", rule)]
    for text in (*derived.values(), *sides):
        yield from _unknown(text, known)
    found = False
    for text in _texts(content):
        for value in VALUE.finditer(text):
            found = True
            yield from _unknown(value["text"], known)
        if VALUE_MARK in VALUE.sub("", text):
            yield f"A value “{VALUE_MARK}…” is not closed with ]]: {text[:40]}"
    if not found:
        yield f"The question has parameters, but no “{VALUE_MARK}…]]” shows one."


def _unknown(text: str, known: set[str]) -> Iterator[str]:
    try:
        missing = variables(parse(text)) - known
    except ExpressionError as error:
        yield f"“{text[:40]}” cannot be read: {error.message}"
        return
    if missing:
        yield f"“{text[:40]}” uses {', '.join(sorted(missing))}, which is not among the parameters."
