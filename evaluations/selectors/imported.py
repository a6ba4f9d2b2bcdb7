"""What the page of a result from elsewhere shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evaluations.models import ImportedResult


@dataclass(frozen=True)
class ImportedStep:
    html: str
    given: Decimal
    most: Decimal


@dataclass(frozen=True)
class ImportedQuestion:
    """A question as it was asked there; `marks` None where the student did not take it."""

    label: str
    html: str
    marks: Decimal | None
    most: Decimal
    comment: str
    steps: list[ImportedStep]


def imported_page(row: ImportedResult) -> dict[str, Any]:
    """Questions with marks, steps and comments, pages and what happened when, out of the signed result. No query."""
    result = row.result
    scheme: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in result["scheme"]:
        scheme[str(step.get("version"))].append(step)
    return {
        "questions": [_question(one, scheme[str(one.get("version"))]) for one in result["questions"]],
        "pages": range(1, len(row.files) + 1),
        "events": len(result["events"]),
        "corrections": len(result["corrections"]),
    }


def _question(one: dict[str, Any], steps: list[dict[str, Any]]) -> ImportedQuestion:
    given = one["steps"] if isinstance(one.get("steps"), dict) else {}
    shown = [
        ImportedStep(str(step.get("text", "")), _number(given[str(step.get("id"))]), _number(step.get("marks")))
        for step in steps
        if str(step.get("id")) in given
    ]
    return ImportedQuestion(
        label=f"{int(one['number'])}{one.get('alternative') or ''}",
        html=str(one["html"]),
        marks=None if one["marks"] is None else Decimal(str(one["marks"])),
        most=Decimal(str(one["most"])),
        comment=str(one.get("comment") or ""),
        steps=shown,
    )


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return Decimal(0)
