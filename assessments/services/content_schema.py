"""What a question may contain: the content as its author writes it, and every rule it must keep. No database here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from assessments.enums import PART_TYPES, WRITTEN_TYPES, CognitiveLevel, QuestionType, StepKind
from assessments.services.key_rules import key_problems
from assessments.services.variants import VALUE_MARK, parameter_problems, sample_contents
from common.errors import DomainError
from common.models import HALF

MAX_MARKS = Decimal(100)
MAX_HINTS = 5
MAX_METHODS = 4
METHOD_TITLE_LENGTH = 60
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
    """A part of a case study (two with one label are alternatives "a" and "b" of equal marks), the left-hand side of
    a pair, or the marks of a blank, whose text is empty."""

    label: str
    text: str
    marks: Decimal
    alternative: str = ""


@dataclass(frozen=True)
class StepContent:
    """One step of the marking scheme, for the whole question or for one part (and alternative). `method`: which of the
    complete solutions it belongs to. `follows` names the earlier steps there, 1 for the first of its method, whose
    value this one builds on."""

    text: str
    marks: Decimal
    kind: str = StepKind.METHOD.value
    part: str = ""
    alternative: str = ""
    follows: tuple[int, ...] = ()
    method: int = 1


@dataclass(frozen=True)
class QuestionContent:
    """Everything a version holds, as source. Marks in halves; `answer` as described at QuestionVersion.

    `method_titles`: plain texts, the first for method 1; empty or missing where a method has none."""

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
    parameters: Mapping[str, object] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    method_titles: tuple[str, ...] = ()


def numbered(steps: Iterable[StepContent]) -> Iterator[tuple[int, StepContent]]:
    """Every step with its number within its method, from 1: how people and `follows` name it."""
    seen: Counter[int] = Counter()
    for step in steps:
        seen[step.method] += 1
        yield seen[step.method], step


def trimmed_titles(titles: Iterable[str]) -> tuple[str, ...]:
    """Titles of methods without white space around them, and without empty ones at the end."""
    found = [title.strip() for title in titles]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


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
    if content.parameters:
        yield from _variant_problems(type, content)
    else:
        yield from _plain_problems(type, content)


def _variant_problems(type: str, content: QuestionContent) -> Iterator[str]:
    """The rules hold for what students see: a few variants stand for all."""
    found = False
    for problem in parameter_problems(content):
        found = True
        yield problem
    if found:
        return
    for values, drawn in sample_contents(content):
        problems = list(_plain_problems(type, drawn))
        if problems:
            shown = ", ".join(f"{name} = {value}" for name, value in values.items())
            yield from (f"With {shown}: {problem}" for problem in problems)
            return


def _plain_problems(type: str, content: QuestionContent) -> Iterator[str]:
    yield from _common_problems(content)
    if type in WRITTEN_TYPES:
        yield from _written_problems(type, content)
        return
    yield from key_problems(type, content)
    if content.steps or any(content.method_titles):
        yield "A question marked by its key has no marking scheme."
    if type in PART_TYPES:
        yield from _marked_part_problems(content)
    elif content.parts:
        yield "Only a case study has parts."


def _marked_part_problems(content: QuestionContent) -> Iterator[str]:
    """The parts of a matching question or a text with blanks: 1, 2, 3 … with marks that add up."""
    labels = [part.label for part in content.parts]
    if labels != [str(number) for number in range(1, len(labels) + 1)]:
        yield f"Parts are labelled 1, 2, 3 … in order, not {', '.join(labels)}."
    for part in content.parts:
        yield from _marks_problem(f"Part ({part.label})", part.marks)
        if part.alternative:
            yield "Only a part of a case study has an alternative."
    total = sum((part.marks for part in content.parts), Decimal(0))
    if content.parts and total != content.marks:
        yield f"The parts add up to {total} marks, but the question carries {content.marks}."


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
    if VALUE_MARK in content.text and not content.parameters:
        yield "The text has a value in [[=…]], but the question has no parameters."
    if len(content.hints) > MAX_HINTS:
        yield f"A question has at most {MAX_HINTS} hints, not {len(content.hints)}."
    for number, hint in enumerate(content.hints, start=1):
        if not hint.strip():
            yield f"Hint {number} has no text."


def _written_problems(type: str, content: QuestionContent) -> Iterator[str]:
    if content.options:
        yield "A written question has no options."
    if content.answer:
        yield "A written question has no key; its marking scheme says what earns marks."
    if content.hints:
        yield "A written question has no hints: they are shown after a wrong try, and a teacher marks it later."
    if type == QuestionType.FILE_UPLOAD and content.parts:
        for number, step in numbered(content.steps):
            yield from _step_problems(number, step, content)
        yield from _rubric_problems(content)
        return
    if not content.model_answer.strip():
        yield "A written question needs a model answer."
    if not content.steps:
        yield "A written question needs a marking scheme of at least one step."
    for number, step in numbered(content.steps):
        yield from _step_problems(number, step, content)
    if type == QuestionType.CASE_STUDY:
        yield from _case_problems(content)
    else:
        yield from _plain_scheme_problems(content)


def _step_problems(number: int, step: StepContent, content: QuestionContent) -> Iterator[str]:
    several = len({one.method for one in content.steps}) > 1
    short = f"Step {number} of method {step.method}" if several else f"Step {number}"
    name = short if several else f"{short} of the marking scheme"
    yield from _marks_problem(name, step.marks)
    if not step.text.strip():
        yield f"{name} has no text."
    if step.kind not in StepKind.values:
        yield f"There is no kind of step “{step.kind}” ({short.lower()})."
    # Error is carried forward only: from steps before, of the same method, part and alternative.
    steps = [one for one in content.steps if one.method == step.method]
    for other in step.follows:
        if not 0 < other < number:
            yield f"{short} can follow only a step before it, not step {other}."
        elif (steps[other - 1].part, steps[other - 1].alternative) != (step.part, step.alternative):
            yield f"{short} cannot follow step {other}: that one belongs to another part or alternative."


def _plain_scheme_problems(content: QuestionContent) -> Iterator[str]:
    if content.parts:
        yield "Only a case study has parts."
    if any(step.part or step.alternative for step in content.steps):
        yield "Only the steps of a case study belong to a part."
    sums: Counter[int] = Counter()
    for step in content.steps:
        sums[step.method] += step.marks  # type: ignore[assignment]  # Counter adds Decimals well
    yield from _method_problems(content, sorted(sums))
    for method, total in sorted(sums.items()):
        if total != content.marks:
            whose = f"The steps of method {method}" if len(sums) > 1 else "The steps"
            yield f"{whose} add up to {total} marks, but the question carries {content.marks}."


def _method_problems(content: QuestionContent, methods: list[int]) -> Iterator[str]:
    """Every method is a complete solution, so none may be left out, empty or nameless in a way nobody can read."""
    titled = [number for number, title in enumerate(content.method_titles, start=1) if title.strip()]
    empty = sorted(set(titled) - set(methods))
    if content.steps and empty:
        yield f"Method {empty[0]} has a title, but the marking scheme has no step of it."
    elif methods != list(range(1, len(methods) + 1)):
        yield f"The methods of the marking scheme are numbered 1, 2, 3 … in order, not {', '.join(map(str, methods))}."
    if len(methods) > MAX_METHODS:
        yield f"The marking scheme has at most {MAX_METHODS} methods, not {len(methods)}."
    for number in titled:
        title = content.method_titles[number - 1].strip()
        if len(title) > METHOD_TITLE_LENGTH or "\n" in title:
            yield f"Method {number}: its title is one line of at most {METHOD_TITLE_LENGTH} characters."


def _rubric_problems(content: QuestionContent) -> Iterator[str]:
    """Criteria are parts, their levels alternatives; see services/rubrics."""
    labels = [part.label for part in content.parts]
    if labels != [str(number) for number in range(1, len(labels) + 1)] or any(p.alternative for p in content.parts):
        yield f"Criteria are labelled 1, 2, 3 … in order, not {', '.join(labels)}."
    for part in content.parts:
        yield from _marks_problem(f"Criterion {part.label}", part.marks)
        steps = [step for step in content.steps if step.part == part.label]
        names = [step.alternative for step in steps]
        if names != [""] and names != [str(number) for number in range(1, len(names) + 1)]:
            yield f"The levels of criterion {part.label} are numbered 1, 2, 3 … in order."
        if max((step.marks for step in steps), default=None) != part.marks:
            yield f"The best level of criterion {part.label} must carry its {part.marks} marks."
    if any(step.part not in labels or step.follows or step.method != 1 for step in content.steps):
        yield "Every level belongs to a criterion, and builds on nothing."
    if sum((part.marks for part in content.parts), Decimal(0)) != content.marks:
        yield f"The criteria do not add up to the {content.marks} marks of the question."


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
    if any(content.method_titles) or any(step.method != 1 for step in content.steps):
        yield "The marking scheme of a case study has no methods: its parts have alternatives."
    sums: Counter[tuple[str, str]] = Counter()
    for step in content.steps:
        sums[(step.part, step.alternative)] += step.marks  # type: ignore[assignment]  # Counter adds Decimals well
    places = {(part.label, part.alternative): part.marks for part in content.parts}
    for place in sums.keys() - places.keys():
        yield f"The marking scheme has steps for part ({place[0]}){place[1]}, which does not exist."
    for place, marks in places.items():
        if sums[place] != marks:
            yield f"The steps of part ({place[0]}){place[1]} add up to {sums[place]} marks, not {marks}."
