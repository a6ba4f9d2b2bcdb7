"""What a question may contain: the content as its author writes it, and every rule it must keep. No database here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from string import ascii_uppercase

from assessments.enums import CHOICE_TYPES, WRITTEN_TYPES, CognitiveLevel, QuestionType, StepKind
from common.errors import DomainError
from common.models import HALF

MAX_MARKS = Decimal(100)
MAX_OPTIONS = 8
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii")


class QuestionInvalidError(DomainError):
    """The content breaks a rule. `details["problems"]` lists every sentence; `message` joins them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), "question_invalid", problems=problems)


@dataclass(frozen=True)
class OptionContent:
    """One option of a choice question; `text` is Markdown + TeX, as everywhere in this file."""

    label: str
    text: str


@dataclass(frozen=True)
class PartContent:
    """A part of a case study. Two parts with one label are alternatives "a" and "b" of equal marks."""

    label: str
    text: str
    marks: Decimal
    alternative: str = ""


@dataclass(frozen=True)
class StepContent:
    """One step of the marking scheme, for the whole question or for one part (and alternative)."""

    text: str
    marks: Decimal
    kind: str = StepKind.METHOD
    part: str = ""
    alternative: str = ""


@dataclass(frozen=True)
class QuestionContent:
    """Everything a version holds, as source. Marks in halves; `answer` as described at QuestionVersion."""

    marks: Decimal
    difficulty: int
    cognitive_level: str
    text: str
    options: tuple[OptionContent, ...] = ()
    parts: tuple[PartContent, ...] = ()
    answer: Mapping[str, object] = field(default_factory=dict)
    model_answer: str = ""
    explanation: str = ""
    steps: tuple[StepContent, ...] = ()


def check_content(type: str, content: QuestionContent) -> None:
    """Raises QuestionInvalidError naming everything that is wrong with `content` for a question of `type`."""
    problems = list(content_problems(type, content))
    if problems:
        raise QuestionInvalidError(problems)


def content_problems(type: str, content: QuestionContent) -> Iterator[str]:
    """Yields one sentence per broken rule."""
    if type not in QuestionType.values:
        yield f"There is no question type “{type}”."
        return
    yield from _common_problems(content)
    if type in CHOICE_TYPES:
        yield from _choice_problems(type, content)
    elif type == QuestionType.NUMERIC:
        yield from _numeric_problems(content)
    if type in WRITTEN_TYPES:
        yield from _written_problems(type, content)
    else:
        if content.steps:
            yield "A question marked by its key has no marking scheme."
        if content.parts:
            yield "Only a case study has parts."


def _marks_problem(what: str, marks: Decimal) -> Iterator[str]:
    if not marks.is_finite() or not 0 < marks <= MAX_MARKS or marks % HALF:
        yield f"{what} must carry marks in halves, more than 0 and at most {MAX_MARKS}, not {marks}."


def _common_problems(content: QuestionContent) -> Iterator[str]:
    yield from _marks_problem("The question", content.marks)
    if content.difficulty not in range(1, 6):
        yield f"Difficulty goes from 1 to 5, not {content.difficulty}."
    if content.cognitive_level not in CognitiveLevel.values:
        yield f"There is no cognitive level “{content.cognitive_level}”."
    if not content.text.strip():
        yield "The question has no text."


def _choice_problems(type: str, content: QuestionContent) -> Iterator[str]:
    labels = [option.label for option in content.options]
    if not 2 <= len(labels) <= MAX_OPTIONS:
        yield f"A choice question has 2 to {MAX_OPTIONS} options, not {len(labels)}."
    if labels != list(ascii_uppercase[: len(labels)]):
        yield f"Options are labelled A, B, C … in order, not {', '.join(labels) or 'nothing'}."
    texts = [option.text.strip() for option in content.options]
    if not all(texts):
        yield "Every option needs a text."
    if len(set(texts)) < len(texts):
        yield "Two options say the same."
    if set(content.answer) != {"choices"} or not isinstance(content.answer["choices"], list):
        yield "The key of a choice question is a list of option labels."
        return
    yield from _key_problems(type, labels, content.answer["choices"])


def _key_problems(type: str, labels: list[str], key: list[object]) -> Iterator[str]:
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


def _numeric_problems(content: QuestionContent) -> Iterator[str]:
    if content.options:
        yield "A numeric question has no options."
    answer = content.answer
    extra = set(answer) - {"value", "tolerance", "unit"}
    if extra:
        yield f"The key of a numeric question has no “{', '.join(sorted(extra))}”."
    if _decimal(answer.get("value")) is None:
        yield f"The value of the key must be a decimal number such as 3.5, not “{answer.get('value', '')}”."
    tolerance = _decimal(answer.get("tolerance", "0"))
    if tolerance is None or tolerance < 0:
        yield f"The tolerance must be 0 or a positive decimal number, not “{answer.get('tolerance')}”."
    if not isinstance(answer.get("unit", ""), str):
        yield "The unit of the key must be text."


def _decimal(value: object) -> Decimal | None:
    """Only plain text numbers of a sane size: `1e999999` would be a Decimal too, and freeze a comparison."""
    if not isinstance(value, str) or len(value) > 40 or set(value) - set("+-.0123456789"):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _written_problems(type: str, content: QuestionContent) -> Iterator[str]:
    if content.options:
        yield "A written question has no options."
    if content.answer:
        yield "A written question has no key; its marking scheme says what earns marks."
    if not content.model_answer.strip():
        yield "A written question needs a model answer."
    if not content.steps:
        yield "A written question needs a marking scheme of at least one step."
    for position, step in enumerate(content.steps, start=1):
        yield from _marks_problem(f"Step {position} of the marking scheme", step.marks)
        if not step.text.strip():
            yield f"Step {position} of the marking scheme has no text."
        if step.kind not in StepKind.values:
            yield f"There is no kind of step “{step.kind}” (step {position})."
    if type == QuestionType.CASE_STUDY:
        yield from _case_problems(content)
    else:
        yield from _plain_scheme_problems(content)


def _plain_scheme_problems(content: QuestionContent) -> Iterator[str]:
    if content.parts:
        yield "Only a case study has parts."
    if any(step.part or step.alternative for step in content.steps):
        yield "Only the steps of a case study belong to a part."
    total = sum((step.marks for step in content.steps), Decimal(0))
    if content.steps and total != content.marks:
        yield f"The steps add up to {total} marks, but the question carries {content.marks}."


def _case_problems(content: QuestionContent) -> Iterator[str]:
    if not content.parts:
        yield "A case study needs parts."
        return
    labels = list(dict.fromkeys(part.label for part in content.parts))
    if labels != list(ROMAN[: len(labels)]):
        yield f"Parts are labelled i, ii, iii … in order, not {', '.join(labels)}."
    total = Decimal(0)
    for label in labels:
        alternatives = [part for part in content.parts if part.label == label]
        total += alternatives[0].marks
        yield from _part_problems(label, alternatives)
    if total != content.marks:
        yield f"The parts add up to {total} marks, but the question carries {content.marks}."
    yield from _case_scheme_problems(content)


def _part_problems(label: str, alternatives: list[PartContent]) -> Iterator[str]:
    names = [part.alternative for part in alternatives]
    if names not in ([""], ["a", "b"]):
        yield f"Part ({label}) must stand alone or have the two alternatives a and b."
    if len({part.marks for part in alternatives}) > 1:
        yield f"The alternatives of part ({label}) must carry the same marks."
    for part in alternatives:
        yield from _marks_problem(f"Part ({label}){part.alternative}", part.marks)
        if not part.text.strip():
            yield f"Part ({label}){part.alternative} has no text."


def _case_scheme_problems(content: QuestionContent) -> Iterator[str]:
    sums: Counter[tuple[str, str]] = Counter()
    for step in content.steps:
        sums[(step.part, step.alternative)] += step.marks  # type: ignore[assignment]  # Counter adds Decimals well
    places = {(part.label, part.alternative): part.marks for part in content.parts}
    for place in sums.keys() - places.keys():
        yield f"The marking scheme has steps for part ({place[0]}){place[1]}, which does not exist."
    for place, marks in places.items():
        if sums[place] != marks:
            yield f"The steps of part ({place[0]}){place[1]} add up to {sums[place]} marks, not {marks}."
