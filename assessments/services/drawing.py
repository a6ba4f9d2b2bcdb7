"""Drawing papers from blueprints and freezing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, Count, F, FloatField, QuerySet
from django.db.models.functions import Cast

from assessments.enums import WRITTEN_TYPES, ExamKind
from assessments.models import Blueprint, BlueprintSlot, Paper, PaperQuestion, Question
from assessments.services.drawing_rules import (
    BankTooSmall,
    Candidate,
    Pick,
    Slot,
    draw_questions,
    missing_sentences,
    plain,
    structure_problems,
)
from assessments.services.feasibility import Shelf, Stock
from assessments.services.paper_variants import draw_variants
from common.errors import DomainError
from courses.models import Unit

SHELF = ("chapter__unit_id", "type", "marks", "difficulty", "cognitive_level")


class BlueprintUnfitError(DomainError):
    """No paper can be drawn. `details["problems"]` lists every reason as a sentence; `message` joins them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), "blueprint_unfit", problems=problems)


def draw_paper(
    *,
    blueprint: Blueprint,
    seed: int,
    title: str,
    exclude: Collection[UUID] = (),
    for_rehearsal: bool = False,
    now: datetime,
) -> Paper:
    """Draws and freezes a paper in six queries. The same bank, seed and `exclude` give the same questions.

    `exclude`: ids of questions to leave out where the bank allows. `for_rehearsal`: a paper that counts nowhere and
    does not name its blueprint, which it would keep from being deleted. Raises BlueprintUnfitError.
    """
    picks = pick_questions(blueprint=blueprint, seed=seed, exclude=exclude)
    return freeze_picks(blueprint=blueprint, seed=seed, title=title, picks=picks, for_rehearsal=for_rehearsal, now=now)


def pick_questions(*, blueprint: Blueprint, seed: int, exclude: Collection[UUID] = ()) -> list[Pick]:
    """Chooses the questions of a paper without storing anything. Two queries. Raises BlueprintUnfitError."""
    slots = read_slots(blueprint)
    problems = structure_problems(slots=slots, total_marks=blueprint.total_marks)
    if problems:
        raise BlueprintUnfitError(problems)
    candidates = candidates_for(slots)
    try:
        return draw_questions(slots=slots, candidates=candidates, seed=seed, avoid=exclude)
    except BankTooSmall as error:
        raise BlueprintUnfitError(missing_sentences(error.seats, slots, candidates)) from error


def check_slots(blueprint: Blueprint) -> list[str]:
    """What is wrong with the blueprint whatever the bank holds, one sentence each."""
    return structure_problems(slots=read_slots(blueprint), total_marks=blueprint.total_marks)


def check_blueprint(*, blueprint: Blueprint) -> list[str]:
    """Every reason why `blueprint` is not sound or cannot be filled now, one sentence each; empty when it is fine."""
    slots = read_slots(blueprint)
    problems = structure_problems(slots=slots, total_marks=blueprint.total_marks)
    problems += _unit_problems(blueprint, slots)
    candidates = candidates_for(slots)
    try:
        draw_questions(slots=slots, candidates=candidates, seed=0)
    except BankTooSmall as error:
        problems += missing_sentences(error.seats, slots, candidates)
    return problems


def read_slots(blueprint: Blueprint) -> list[Slot]:
    """The slots in the order of sections and numbers; one query."""
    rows = (
        BlueprintSlot.objects.filter(section__blueprint=blueprint)
        .order_by("section__position", "section__label", "number")
        .values_list(
            "section__label",
            "number",
            "unit_id",
            "unit__name",
            "types",
            "marks",
            "has_choice",
            "difficulties",
            "levels",
        )
    )
    return [
        Slot(section, number, unit, name, frozenset(types), marks, choice, frozenset(difficulties), frozenset(levels))
        for section, number, unit, name, types, marks, choice, difficulties, levels in rows
    ]


def candidates_for(slots: Iterable[Slot]) -> list[Candidate]:
    """The active questions that could stand in one of `slots`; one query that leaves the rest of the bank alone."""
    return _read(_fitting(slots))


def stock_for(slots: Iterable[Slot]) -> Stock:
    """How many questions of each kind could stand in one of `slots`; counted by the database in one query."""
    rows = _fitting(slots).order_by().values_list(*SHELF).annotate(count=Count("*"))
    return {Shelf(*row): count for *row, count in rows}


def times_for(slots: Iterable[Slot], *, least: int) -> dict[Shelf, tuple[int, float]]:
    """As `stock_for`, of the questions that were timed `least` times and more: how many, and the mean of their mean
    seconds."""
    found = _fitting(slots).filter(current__statistics__timed__gte=least)
    mean = Cast(F("current__statistics__seconds"), FloatField()) / F("current__statistics__timed")
    rows = found.order_by().values_list(*SHELF).annotate(count=Count("*"), mean=Avg(mean))
    return {Shelf(*row): (count, seconds) for *row, count, seconds in rows}


def _fitting(slots: Iterable[Slot]) -> QuerySet[Question]:
    slots = list(slots)
    types = {type for slot in slots for type in slot.types}
    units, marks = {slot.unit for slot in slots}, {slot.marks for slot in slots}
    # Whatever has marks has a version. To say nothing else lets counting stay within the index.
    return Question.objects.active().filter(chapter__unit__in=units, type__in=types, marks__in=marks)


def _active(units: Collection[UUID]) -> QuerySet[Question]:
    return Question.objects.active().filter(chapter__unit__in=units, current__isnull=False)


def read_candidates(units: Collection[UUID], **narrower: Any) -> list[Candidate]:
    """Every active question of `units` with its current version; one query. `narrower`: more conditions of a filter."""
    return _read(_active(units).filter(**narrower))


def _read(questions: QuerySet[Question]) -> list[Candidate]:
    rows = questions.order_by().values_list(
        "id",
        "current_id",
        "key",
        "chapter__unit_id",
        "chapter_id",
        "type",
        "marks",
        "difficulty",
        "cognitive_level",
    )
    return [
        # All of them have a version, so none of these is missing.
        Candidate(question, version, key or question.hex, unit, chapter, type, marks, difficulty, level)  # type: ignore[arg-type]
        for question, version, key, unit, chapter, type, marks, difficulty, level in rows
    ]


def _unit_problems(blueprint: Blueprint, slots: list[Slot]) -> list[str]:
    """Units of another programme; and in a board paper, units whose marks are not those of the curriculum."""
    problems = []
    units = {unit.pk: unit for unit in Unit.objects.filter(programme=blueprint.programme_id)}
    foreign = sorted({slot.unit_name for slot in slots if slot.unit not in units})
    if foreign:
        problems.append(f"Not of this programme: {', '.join(foreign)}.")
    if blueprint.kind == ExamKind.BOARD_PAPER:
        for unit in units.values():
            marks = sum((slot.marks for slot in slots if slot.unit == unit.pk), Decimal(0))
            if marks != unit.marks:
                problems.append(f"{unit.name} carries {plain(marks)} marks, the curriculum says {plain(unit.marks)}.")
    return problems


def freeze_picks(
    *,
    blueprint: Blueprint,
    seed: int,
    title: str,
    picks: list[Pick],
    for_rehearsal: bool = False,
    now: datetime,
) -> Paper:
    """Stores a paper with exactly `picks`, variants drawn by `seed`. A frozen paper is never changed again."""
    slots = {pick.seat.slot: pick.candidate.type for pick in picks}
    paper = Paper(
        programme_id=blueprint.programme_id,
        blueprint=None if for_rehearsal else blueprint,
        is_rehearsal=for_rehearsal or None,
        title=title,
        seed=seed,
        sections=list(blueprint.sections.order_by("position", "label").values("label", "title", "instruction")),
        total_marks=sum((slot.marks for slot in slots), Decimal(0)),
        written_marks=sum((slot.marks for slot, type in slots.items() if type in WRITTEN_TYPES), Decimal(0)),
        frozen_at=now,
    )
    variants = draw_variants([pick.candidate.version for pick in picks], seed=seed, now=now)
    questions = [
        PaperQuestion(
            paper=paper,
            section=pick.seat.slot.section,
            number=pick.seat.slot.number,
            alternative=pick.seat.alternative,
            version_id=pick.candidate.version,
            type=pick.candidate.type,
            marks=pick.candidate.marks,
            is_written=pick.candidate.type in WRITTEN_TYPES,
            variant=variants.get(pick.candidate.version),
        )
        for pick in picks
    ]
    with transaction.atomic():
        paper.save(force_insert=True)
        PaperQuestion.objects.bulk_create(questions)
    return paper
