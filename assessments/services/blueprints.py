"""Making, changing, copying and judging blueprints. A plan is a blueprint as the editor holds it, stored or not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ExamKind
from assessments.models import Blueprint, BlueprintSection, BlueprintSlot
from assessments.services.drawing import BlueprintUnfitError, stock_for
from assessments.services.drawing_rules import Slot, structure_problems
from assessments.services.feasibility import Feasibility, judge, unit_problems
from common.errors import ConflictError, DomainError
from common.models import new_id
from courses.models import Programme, Unit

MAX_QUESTIONS = 150


@dataclass(frozen=True)
class Run:
    """`count` questions in a row that ask for the same."""

    count: int
    unit: UUID
    types: tuple[str, ...]
    marks: Decimal
    has_choice: bool = False
    difficulties: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SectionPlan:
    label: str
    title: str
    instruction: str = ""
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Questions are numbered 1, 2, 3 … in the order of sections and runs."""

    name: str
    kind: str
    duration_minutes: int
    total_marks: Decimal
    no_repeat_papers: int
    sections: tuple[SectionPlan, ...] = ()


def plan_of(blueprint: Blueprint) -> Plan:
    """The stored blueprint as a plan: neighbours that ask for the same become one run. Two queries."""
    sections = []
    for section in blueprint.sections.order_by("position", "label").prefetch_related("slots"):
        runs: list[Run] = []
        for slot in sorted(section.slots.all(), key=lambda slot: slot.number):
            run = Run(
                1,
                slot.unit_id,
                tuple(slot.types),
                slot.marks,
                slot.has_choice,
                tuple(slot.difficulties),
                tuple(slot.levels),
            )
            if runs and replace(runs[-1], count=1) == run:
                runs[-1] = replace(runs[-1], count=runs[-1].count + 1)
            else:
                runs.append(run)
        sections.append(SectionPlan(section.label, section.title, section.instruction, tuple(runs)))
    return Plan(
        blueprint.name,
        blueprint.kind,
        blueprint.duration_minutes,
        blueprint.total_marks,
        blueprint.no_repeat_papers,
        tuple(sections),
    )


def plan_digest(plan: Plan) -> str:
    """Equal for equal plans: by it a page knows whether the blueprint is still the one it was opened with."""
    return hashlib.sha256(json.dumps(asdict(plan), default=str).encode()).hexdigest()[:32]


def slots_of(plan: Plan, unit_names: dict[UUID, str]) -> list[Slot]:
    """The slots of a plan, numbered."""
    slots: list[Slot] = []
    for section in plan.sections:
        for run in section.runs:
            for _turn in range(run.count):
                slots.append(
                    Slot(
                        section.label,
                        len(slots) + 1,
                        run.unit,
                        unit_names.get(run.unit, "?"),
                        frozenset(run.types),
                        run.marks,
                        run.has_choice,
                        frozenset(run.difficulties),
                        frozenset(run.levels),
                    )
                )
    return slots


def judge_plan(*, programme: Programme, plan: Plan) -> Feasibility:
    """What the bank lacks for `plan`, its totals, and how many papers there are. Two queries.

    Only a board paper is measured against the curriculum's marks of the units.
    """
    units = {unit.pk: unit for unit in Unit.objects.filter(programme=programme).order_by("position")}
    slots = slots_of(plan, {pk: unit.name for pk, unit in units.items()})
    board = plan.kind == ExamKind.BOARD_PAPER
    wanted = {pk: (unit.name, unit.marks if board else None) for pk, unit in units.items()}
    foreign = [slot for slot in slots if slot.unit not in units]
    problems = structure_problems(slots=slots, total_marks=plan.total_marks)
    if foreign:
        problems.append(_("Some units are not of this programme."))
    slots = [slot for slot in slots if slot.unit in units]
    found = judge(
        slots=slots,
        stock=stock_for(slots),
        units=wanted,
        total_marks=plan.total_marks,
        problems=problems,
    )
    return replace(found, problems=(*found.problems, *unit_problems(found.units)))


def create_blueprint(*, programme: Programme, plan: Plan, actor: User, now: datetime) -> Blueprint:
    """Stores a sound plan as a blueprint of `actor`. What the bank lacks does not matter yet.

    Raises BlueprintUnfitError.
    """
    _require_sound(programme, plan)
    blueprint = Blueprint(programme=programme, author=actor, slug=_slug(plan.name), **_fields(plan))
    with transaction.atomic():
        blueprint.save(force_insert=True)
        _write_shape(blueprint, plan)
        record_event(actor=actor, action="blueprint.created", obj=blueprint, after=asdict(plan), now=now)
    return blueprint


def change_blueprint(*, blueprint: Blueprint, plan: Plan, seen: str, actor: User, now: datetime) -> Blueprint:
    """Replaces what the blueprint asks for. Papers drawn before stay as they are.

    `seen`: plan_digest of the blueprint that `plan` was made from. Raises BlueprintUnfitError, and ConflictError
    (details: the `digest` of now) where somebody else changed it since.
    """
    _require_sound(blueprint.programme, plan)
    with transaction.atomic():
        locked: Blueprint = Blueprint.objects.select_for_update(of=("self",)).get(pk=blueprint.pk)
        before = plan_of(locked)
        if before == plan:
            return locked
        if (digest := plan_digest(before)) != seen:
            message = _(
                "This blueprint was changed elsewhere since you opened it. Save again to put yours in its place, or "
                "keep yours as a copy."
            )
            raise ConflictError(message, "blueprint_changed", digest=digest)
        for name, value in _fields(plan).items():
            setattr(locked, name, value)
        locked.save(update_fields=list(_fields(plan)))
        locked.sections.all().delete()
        _write_shape(locked, plan)
        changed = [name for name, value in asdict(plan).items() if asdict(before)[name] != value]
        record_event(
            actor=actor,
            action="blueprint.changed",
            obj=locked,
            before={name: asdict(before)[name] for name in changed},
            after={name: asdict(plan)[name] for name in changed},
            now=now,
        )
    return locked


def copy_blueprint(*, blueprint: Blueprint, actor: User, now: datetime) -> Blueprint:
    """A blueprint of `actor` that asks for the same as `blueprint`, also where that is not sound."""
    plan = plan_of(blueprint)
    plan = replace(plan, name=_("Copy of %(name)s")[:120] % {"name": plan.name[:105]})
    copy = Blueprint(programme_id=blueprint.programme_id, author=actor, slug=_slug(plan.name), **_fields(plan))
    with transaction.atomic():
        copy.save(force_insert=True)
        _write_shape(copy, plan)
        after = {"copied_from": blueprint.pk, "name": plan.name}
        record_event(actor=actor, action="blueprint.created", obj=copy, after=after, now=now)
    return copy


def delete_blueprint(*, blueprint: Blueprint, actor: User, now: datetime) -> None:
    """Deletes a blueprint that nothing was drawn from or set by. Raises DomainError."""
    with transaction.atomic():
        locked = Blueprint.objects.select_for_update(of=("self",)).get(pk=blueprint.pk)
        # A rehearsal refers to none: its exam has the paper that was drawn, its paper no blueprint.
        if locked.papers.exists() or locked.exams.exists():
            raise DomainError(
                _("Papers were drawn or exams set from this blueprint, so it stays. You may rename it."),
                "blueprint_used",
            )
        record_event(actor=actor, action="blueprint.deleted", obj=locked, before={"name": locked.name}, now=now)
        locked.delete()


def _require_sound(programme: Programme, plan: Plan) -> None:
    units = dict(Unit.objects.filter(programme=programme).values_list("pk", "name"))
    slots = slots_of(plan, units)
    problems = structure_problems(slots=slots, total_marks=plan.total_marks)
    if len(slots) > MAX_QUESTIONS:
        problems.append(_("A paper has at most %(n)d questions.") % {"n": MAX_QUESTIONS})
    if any(slot.unit not in units for slot in slots):
        problems.append(_("Some units are not of this programme."))
    problems += _twice(section.label for section in plan.sections)
    if problems:
        raise BlueprintUnfitError(problems)


def _twice(labels: Iterable[str]) -> list[str]:
    seen = list(labels)
    twice = sorted({label for label in seen if seen.count(label) > 1})
    return [_("Two sections are called %(label)s.") % {"label": label} for label in twice]


def _fields(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "kind": plan.kind,
        "duration_minutes": plan.duration_minutes,
        "total_marks": plan.total_marks,
        "no_repeat_papers": plan.no_repeat_papers,
    }


def _slug(name: str) -> str:
    return f"{slugify(name)[:36] or 'blueprint'}-{new_id().hex[-12:]}"


def _write_shape(blueprint: Blueprint, plan: Plan) -> None:
    sections = BlueprintSection.objects.bulk_create(
        BlueprintSection(
            blueprint=blueprint,
            label=section.label,
            title=section.title,
            instruction=section.instruction,
            position=position,
        )
        for position, section in enumerate(plan.sections, start=1)
    )
    slots, number = [], 0
    for row, section in zip(sections, plan.sections, strict=True):
        for run in section.runs:
            for _turn in range(run.count):
                number += 1
                slots.append(
                    BlueprintSlot(
                        section=row,
                        number=number,
                        unit_id=run.unit,
                        types=list(run.types),
                        marks=run.marks,
                        has_choice=run.has_choice,
                        difficulties=list(run.difficulties),
                        levels=list(run.levels),
                    )
                )
    BlueprintSlot.objects.bulk_create(slots)
