"""Reading the question bank, blueprints and papers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from assessments.enums import QuestionState
from assessments.models import Blueprint, Question
from courses.models import Programme


@dataclass(frozen=True)
class CellCount:
    """How many questions of one unit, type and marks there are, by state."""

    unit_id: UUID
    unit_name: str
    type: str
    marks: Decimal
    active: int
    waiting: int


def counts_by_cell(programme: Programme) -> list[CellCount]:
    """The bank of a programme by unit, type and marks, in curriculum order; one query. Waiting: draft or in review."""
    waiting = Q(state__in=[QuestionState.DRAFT, QuestionState.IN_REVIEW])
    rows = (
        Question.objects.filter(chapter__unit__programme=programme, current__isnull=False)
        .order_by("chapter__unit__position", "current__marks", "type")
        .values_list("chapter__unit_id", "chapter__unit__name", "type", "current__marks")
        .annotate(active=Count("pk", filter=Q(state=QuestionState.ACTIVE)), waiting=Count("pk", filter=waiting))
    )
    return [CellCount(*row) for row in rows]


def bank_list() -> QuerySet[Question]:
    """Questions with what a list row shows, in one query."""
    return Question.objects.select_related("chapter__unit", "topic", "author", "verifier", "current")


def questions_with_content() -> QuerySet[Question]:
    """Questions with current version and marking steps, in two queries however many rows."""
    return bank_list().select_related("chapter__unit__programme").prefetch_related("current__steps")


def filter_questions(
    questions: QuerySet[Question],
    *,
    unit: Any = None,
    chapter: Any = None,
    type: str = "",
    state: str = "",
    difficulty: int | None = None,
    text: str = "",
) -> QuerySet[Question]:
    """Narrows a list of questions; what is left out does not narrow. `text` is looked for in key and question text."""
    exact = {
        "chapter__unit": unit,
        "chapter": chapter,
        "type": type,
        "state": state,
        "current__difficulty": difficulty,
    }
    questions = questions.filter(**{name: value for name, value in exact.items() if value})
    if text.strip():
        questions = questions.filter(Q(key__icontains=text.strip()) | Q(current__text_source__icontains=text.strip()))
    return questions


def blueprint_with_slots() -> QuerySet[Blueprint]:
    """Blueprints with sections, slots and their units, in four queries."""
    return Blueprint.objects.select_related("programme").prefetch_related("sections__slots__unit")
