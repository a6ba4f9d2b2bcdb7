"""Rubrics: the scheme of a project. Pure: no database.

A criterion is a part of the question, labelled 1, 2, 3 …, with the most it can earn. Its levels are alternatives of
that part, 1, 2, 3 … in the author's order, each one step of the scheme, so that of several the better one counts, as
everywhere. A criterion without levels is one step: any marks in halves from 0 to its most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from assessments.enums import StepKind
from assessments.services.content_schema import PartContent, QuestionContent, StepContent
from common.models import HALF

MOST_CRITERIA = 12
MOST_LEVELS = 9
#: Of a criterion without levels: what the number keys of the desk reach.
MOST_BOUND = Decimal(10)
MOST_MARKS = Decimal(100)
LEVEL = re.compile(r"^\s*(\d{1,3}(?:[.,]5|[.,]0)?|\d{0,3}½)\s*[:–-]\s*(\S.*)$")


@dataclass(frozen=True)
class Level:
    """`text` is Markdown + TeX, as that of a criterion."""

    marks: Decimal
    text: str


@dataclass(frozen=True)
class Criterion:
    text: str
    marks: Decimal
    levels: tuple[Level, ...] = ()


def read_levels(text: str) -> tuple[tuple[Level, ...], list[str]]:
    """Levels as they are typed, a line each, “4: Everything is shown”; and the lines that cannot be read."""
    levels, wrong = [], []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = LEVEL.match(line)
        if found is None:
            wrong.append(line)
            continue
        number = found[1].replace(",", ".")
        marks = Decimal(number[:-1] or "0") + HALF if number.endswith("½") else Decimal(number)
        levels.append(Level(marks, found[2].strip()))
    return tuple(levels), wrong


def write_levels(levels: Iterable[Level]) -> str:
    """The reverse of `read_levels`."""
    return "\n".join(f"{_plain(level.marks)}: {level.text}" for level in levels)


def criteria_problems(criteria: list[Criterion]) -> Iterator[str]:
    """One sentence for each broken rule, for the author."""
    if not criteria:
        yield _("The rubric needs at least one criterion.")
    if len(criteria) > MOST_CRITERIA:
        yield _("A rubric has at most %d criteria.") % MOST_CRITERIA
    for number, criterion in enumerate(criteria, start=1):
        for problem in _criterion_problems(criterion):
            yield _("Criterion %(number)d: %(problem)s") % {"number": number, "problem": problem}
    if sum((one.marks for one in criteria), Decimal(0)) > MOST_MARKS:
        yield _("All criteria together carry at most %d marks.") % MOST_MARKS


def _criterion_problems(criterion: Criterion) -> Iterator[str]:
    if not criterion.text.strip():
        yield _("say what is judged.")
    if not criterion.marks.is_finite() or criterion.marks <= 0 or criterion.marks % HALF:
        yield _("its marks come in halves and are more than 0.")
        return
    if not criterion.levels and criterion.marks > MOST_BOUND:
        yield _("without levels it carries at most %d marks.") % MOST_BOUND
    if len(criterion.levels) > MOST_LEVELS:
        yield _("it has at most %d levels.") % MOST_LEVELS
    worth = [level.marks for level in criterion.levels]
    if any(marks <= 0 or marks % HALF for marks in worth):
        yield _("levels carry marks in halves, more than 0. Nothing is always possible and needs no level.")
    if len(set(worth)) < len(worth):
        yield _("two levels carry the same marks.")
    if worth and max(worth) != criterion.marks:
        yield _("its best level must carry its marks.")


def rubric_content(criteria: Iterable[Criterion]) -> dict[str, Any]:
    """Parts and steps of a question with this rubric, by the names of QuestionContent's fields."""
    parts, steps = [], []
    for number, one in enumerate(criteria, start=1):
        label = str(number)
        parts.append(PartContent(label, one.text, one.marks))
        levels = one.levels or (Level(one.marks, one.text),)
        for place, level in enumerate(levels, start=1):
            alternative = str(place) if one.levels else ""
            steps.append(StepContent(level.text, level.marks, StepKind.INDEPENDENT, label, alternative))
    return {"parts": tuple(parts), "steps": tuple(steps), "marks": sum((part.marks for part in parts), Decimal(0))}


def criteria_of(content: QuestionContent) -> list[Criterion]:
    """The reverse of `rubric_content`."""
    return [
        Criterion(
            part.text,
            part.marks,
            tuple(Level(s.marks, s.text) for s in content.steps if s.part == part.label and s.alternative),
        )
        for part in content.parts
    ]


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
