"""What the paper and its key share: the questions of a paper in order, and small pieces of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from assessments.models import Paper, PaperQuestion
from assessments.services.drawing_rules import plain
from assessments.services.keys import with_corrected_keys

HALVES = {Decimal("0.5"): "½"}


@dataclass(frozen=True)
class Numbered:
    """One question number: one row, or two alternatives."""

    number: int
    rows: list[PaperQuestion]


@dataclass(frozen=True)
class PrintedSection:
    """A section with its questions; `title` and `instruction` may be empty."""

    label: str
    title: str
    instruction: str
    questions: list[Numbered]


def read_sections(paper: Paper) -> list[PrintedSection]:
    """The whole paper in the order of its numbers, in two queries."""
    rows = list(
        with_corrected_keys(paper.questions.select_related("version"))
        .prefetch_related("version__steps")
        .order_by("number", "alternative")
    )
    named: dict[str, dict[str, Any]] = {section["label"]: section for section in paper.sections}
    sections = []
    for label, group in groupby(rows, key=lambda row: row.section):
        about = named.get(label, {})
        questions = [Numbered(number, list(same)) for number, same in groupby(group, key=lambda row: row.number)]
        sections.append(PrintedSection(label, about.get("title", ""), about.get("instruction", ""), questions))
    return sections


def marks_text(marks: Decimal | str) -> str:
    """Marks as they are printed: 2, 2½, ½."""
    value = Decimal(marks)
    whole, rest = divmod(value, 1)
    if rest in HALVES:
        return f"{plain(whole) if whole else ''}{HALVES[rest]}"
    return plain(value)


def time_text(minutes: int) -> str:
    """3 hours, 1 hour 30 minutes, 45 minutes."""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(_("1 hour") if hours == 1 else _("%(n)d hours") % {"n": hours})
    if rest:
        parts.append(_("1 minute") if rest == 1 else _("%(n)d minutes") % {"n": rest})
    return " ".join(parts)


def part_groups(parts: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Parts of a case study; two with one label are alternatives."""
    for label, group in groupby(parts, key=lambda part: part["label"]):
        yield label, list(group)
