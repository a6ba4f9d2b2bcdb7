"""The curriculum tree as data: programme → unit → chapter → topic, loaded from a file as often as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.db import models, transaction

from common.errors import DomainError
from common.models import HALF
from courses.models import Chapter, Programme, Topic, Unit


class CurriculumInvalidError(DomainError):
    """The curriculum data cannot be used; `message` says where."""


@dataclass(frozen=True)
class _Node:
    """One row wanted below `parent`: its natural name and the fields that may change."""

    parent: models.Model
    name: str
    fields: dict[str, Any]
    children: Any = ()


def load_curriculum(*, data: Mapping[str, Any]) -> Programme:
    """Makes the tree equal to `data` (the shape of curriculum.toml) and returns the programme.

    Matches programmes and units by slug, chapters and topics by title; nothing is ever removed, because questions may
    hang on it. Loading the same data again writes nothing. Raises CurriculumInvalidError.
    """
    head = data.get("programme", {})
    missing = [name for name in ("slug", "board", "grade", "subject", "session") if not head.get(name)]
    if missing:
        raise CurriculumInvalidError(f"The programme needs: {', '.join(missing)}.", "curriculum_invalid")
    with transaction.atomic():
        programme = _load_programme(head)
        units = _sync(Unit, "programme", "slug", [_unit_node(programme, i, raw) for i, raw in _numbered(data, "unit")])
        chapters = _sync(Chapter, "unit", "name", list(_chapter_nodes(units)))
        _sync(Topic, "chapter", "name", list(_topic_nodes(chapters)))
    return programme


def _load_programme(head: Mapping[str, Any]) -> Programme:
    fields: dict[str, Any] = {name: str(head[name]) for name in ("board", "grade", "subject", "session")}
    if isinstance(head.get("board_exam_on"), date):
        fields["board_exam_on"] = head["board_exam_on"]
    programme, created = Programme.objects.get_or_create(slug=head["slug"], defaults=fields)
    changed = [name for name, value in fields.items() if getattr(programme, name) != value]
    if changed and not created:
        for name in changed:
            setattr(programme, name, fields[name])
        programme.save(update_fields=changed)
    return programme


def _numbered(data: Mapping[str, Any], name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    rows = data.get(name, [])
    if not rows:
        raise CurriculumInvalidError(f"There is no {name} in the curriculum.", "curriculum_invalid")
    return enumerate(rows, start=1)


def _unit_node(programme: Programme, position: int, raw: Mapping[str, Any]) -> _Node:
    if not raw.get("slug") or not raw.get("title"):
        raise CurriculumInvalidError(f"Unit {position} needs a slug and a title.", "curriculum_invalid")
    try:
        marks = Decimal(str(raw.get("marks", "")))
    except InvalidOperation:
        marks = Decimal(-1)
    if marks < 0 or marks % HALF:
        raise CurriculumInvalidError(f"Unit “{raw['title']}” needs marks in halves.", "curriculum_invalid")
    fields = {"name": raw["title"], "marks": marks, "position": position}
    return _Node(programme, raw["slug"], fields, raw.get("chapters", ()))


def _chapter_nodes(units: dict[int, tuple[models.Model, Any]]) -> Iterable[_Node]:
    for unit, chapters in units.values():
        for position, raw in enumerate(chapters, start=1):
            if not raw.get("title"):
                raise CurriculumInvalidError(f"A chapter of “{unit}” has no title.", "curriculum_invalid")
            yield _Node(unit, raw["title"], {"position": position}, raw.get("topics", ()))


def _topic_nodes(chapters: dict[int, tuple[models.Model, Any]]) -> Iterable[_Node]:
    for chapter, topics in chapters.values():
        for position, title in enumerate(topics, start=1):
            yield _Node(chapter, title, {"position": position})


def _sync(
    model: type[models.Model], parent: str, name: str, wanted: list[_Node]
) -> dict[int, tuple[models.Model, Any]]:
    """Creates and updates rows of one level in at most three queries; returns row and children by position."""
    manager = cast(Any, model)._default_manager
    stored = {
        (getattr(row, f"{parent}_id"), getattr(row, name)): row
        for row in manager.filter(**{f"{parent}__in": {node.parent.pk for node in wanted}})
    }
    new, changed, found = [], [], {}
    for index, node in enumerate(wanted):
        row = stored.get((node.parent.pk, node.name))
        if row is None:
            row = stored[(node.parent.pk, node.name)] = model(**{parent: node.parent, name: node.name, **node.fields})
            new.append(row)
        elif any(getattr(row, field) != value for field, value in node.fields.items()):
            for field, value in node.fields.items():
                setattr(row, field, value)
            changed.append(row)
        found[index] = (row, node.children)
    manager.bulk_create(new)
    if changed:
        manager.bulk_update(changed, list(wanted[0].fields))
    return found
