"""The curriculum tree changed by hand: added, renamed, weighed, put in order, deleted where nothing hangs on it.

What a page showed comes along (`seen…`): who would change what somebody else has changed meanwhile is told so, and
nothing is written. Changes of other things do not hinder. One programme is arranged by one person at a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Count, OuterRef, Subquery
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import ConflictError, DomainError, NotPermittedError
from common.models import HALF
from courses.models import Chapter, Programme, Topic, Unit


class CurriculumError(DomainError):
    """Something the curriculum does not allow; the message says what."""


@dataclass(frozen=True)
class Level:
    """One level of the tree: its rows hang on `parent` of the level above by the field of that name."""

    model: type[models.Model]
    parent_model: type[models.Model]
    parent: str
    most: int


LEVELS = {
    "unit": Level(Unit, Programme, "programme", 120),
    "chapter": Level(Chapter, Unit, "unit", 120),
    "topic": Level(Topic, Chapter, "chapter", 160),
}


#: More than any paper has; what is typed is checked before it is a number of the database.
MOST_MARKS = Decimal(1000)


def add_node(*, level: str, parent_id: UUID, name: str, after: UUID | None = None, actor: User, now: datetime) -> Any:
    """A unit, chapter or topic at the end of its parent, or next to its sibling `after`. Raises CurriculumError."""
    kind = _level(level, actor)
    name = _name(name, kind.most)
    with transaction.atomic():
        parent = _lock_parent(kind, parent_id)
        fields: dict[str, Any] = {kind.parent: parent, "name": name}
        if level == "unit":
            fields |= {"slug": _slug(name, _rows(kind).filter(programme=parent)), "marks": 0}
        row = _saved(kind.model(**fields))
        siblings = _siblings(kind, parent, row)
        _order(kind, row, siblings, _index_after(siblings, after) if after else len(siblings))
        record_event(actor=actor, action=f"{level}.added", obj=row, after={"name": name}, now=now)
    return row


def rename_node(*, level: str, node_id: UUID, name: str, seen: str | None = None, actor: User, now: datetime) -> Any:
    """Another name for the same thing: whatever hangs on it stays. `seen` is the name that the page showed.

    Raises CurriculumError, and ConflictError with the `name` as it is by now.
    """
    kind = _level(level, actor)
    name = _name(name, kind.most)
    with transaction.atomic():
        row = _lock(kind, node_id)
        before = row.name
        if before == name:
            return row
        if seen is not None and seen != before:
            said = _("Somebody else renamed this meanwhile: it is “%s” now. Save again to put your name in its place.")
            raise ConflictError(said % before, "stale", name=before)
        row.name = name
        _saved(row, update_fields=["name"])
        record_event(
            actor=actor, action=f"{level}.renamed", obj=row, before={"name": before}, after={"name": name}, now=now
        )
    return row


def weigh_unit(*, unit_id: UUID, marks: str, seen: str | None = None, actor: User, now: datetime) -> Unit:
    """How many marks of a paper the unit has. `seen` are the marks that the page showed.

    Raises CurriculumError, and ConflictError with the `marks` as they are by now.
    """
    kind = _level("unit", actor)
    wanted = _marks(marks)
    with transaction.atomic():
        row: Unit = _lock(kind, unit_id)
        before = row.marks
        if before == wanted:
            return row
        if seen is not None and _marks(seen) != before:
            said = _("Somebody else gave it %s marks meanwhile. Save again to put yours in their place.")
            raise ConflictError(said % f"{before.normalize():f}", "stale", marks=before)
        row.marks = wanted
        row.save(update_fields=["marks"])
        record_event(
            actor=actor, action="unit.weighed", obj=row, before={"marks": before}, after={"marks": wanted}, now=now
        )
    return row


def move_node(
    *,
    level: str,
    node_id: UUID,
    to: int = 0,
    after: UUID | None = None,
    parent_id: UUID | None = None,
    seen_parent: UUID | None = None,
    actor: User,
    now: datetime,
) -> Any:
    """Puts a unit, chapter or topic next to its sibling `after`, or to place `to` (from 0), of its parent or another.

    `seen_parent` is where the page showed it. Raises CurriculumError, and ConflictError where it, or `after`, is
    elsewhere by now.
    """
    kind = _level(level, actor)
    with transaction.atomic():
        row = _lock(kind, node_id)
        old = getattr(row, f"{kind.parent}_id")
        if seen_parent is not None and seen_parent != old:
            raise ConflictError(_("Somebody else moved “%s” meanwhile. Look where it is now.") % row, "stale")
        home = _lock_parent(kind, parent_id or old)
        if level == "unit" and home.pk != row.programme_id:
            raise CurriculumError(_("A unit stays in its programme."), "other_programme")
        if level != "unit" and _programme_of(home) != _programme_of(row):
            raise CurriculumError(_("Questions hang on it, so it stays in its programme."), "other_programme")
        siblings = _siblings(kind, home, row)
        index = _index_after(siblings, after) if after else max(0, min(to, len(siblings)))
        if old != home.pk:
            setattr(row, kind.parent, home)
            _saved(row, update_fields=[kind.parent])
        _order(kind, row, siblings, index)
        record_event(
            actor=actor, action=f"{level}.moved", obj=row, before={"in": old}, after={"to": index, "in": home.pk},
            now=now,
        )  # fmt: skip
    return row


def delete_node(*, level: str, node_id: UUID, actor: User, now: datetime) -> None:
    """Deletes what nothing hangs on. Raises CurriculumError in_use, which counts what does."""
    kind = _level(level, actor)
    with transaction.atomic():
        row = _lock(kind, node_id)
        if hanging := count_hanging(row):
            said = ", ".join(f"{number} {name}" for name, number in hanging.items())
            raise CurriculumError(
                _("“%(name)s” is in use: %(what)s.") % {"name": row, "what": said}, "in_use", **hanging
            )
        record_event(actor=actor, action=f"{level}.deleted", obj=row, before={"name": row.name}, now=now)
        row.delete()


def count_hanging(row: models.Model) -> dict[str, int]:
    """What of any app points to this row, by the name of its kind; a lower app need not know who does. One query."""
    counts: dict[str, Any] = {}
    names: dict[str, Any] = {}
    for number, relation in enumerate(row._meta.related_objects):
        if relation.many_to_many:
            continue
        field, model = relation.field.name, relation.related_model
        rows = model._base_manager.filter(**{field: OuterRef("pk")}).order_by().values(field)
        counts[f"n{number}"] = Subquery(rows.annotate(n=Count("pk")).values("n"))
        names[f"n{number}"] = model._meta
    found: dict[str, int] = {}
    told = type(row)._base_manager.filter(pk=row.pk).annotate(**counts).values(*counts).first() if counts else None
    for key, total in (told or {}).items():
        if total:
            name = _named(names[key], total)
            found[name] = found.get(name, 0) + total
    return found


def _named(meta: Any, number: int) -> str:
    return str(meta.verbose_name if number == 1 else meta.verbose_name_plural)


def _level(level: str, actor: User) -> Level:
    if not actor.has_perm("courses.arrange_curriculum"):
        raise NotPermittedError(_("Only staff arrange the curriculum."), "not_permitted")
    if level not in LEVELS:
        raise CurriculumError(_("There is no such level."), "level_unknown")
    return LEVELS[level]


def _rows(kind: Level) -> Any:
    return kind.model._default_manager


def _lock(kind: Level, node_id: UUID) -> Any:
    """The row, after its whole programme: two people who move things across one another wait, and never for ever."""
    found = _rows(kind).filter(pk=node_id).first()
    if found is not None:
        Programme.objects.select_for_update(no_key=True).filter(pk=_programme_of(found)).first()
        found = _rows(kind).select_for_update(of=("self",)).filter(pk=node_id).first()
    if found is None:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone")
    return found


def _lock_parent(kind: Level, parent_id: UUID) -> Any:
    manager: Any = kind.parent_model._default_manager
    parent = manager.filter(pk=parent_id).first()
    if parent is not None:
        home = parent.pk if isinstance(parent, Programme) else _programme_of(parent)
        Programme.objects.select_for_update(no_key=True).filter(pk=home).first()
        parent = manager.select_for_update(of=("self",), no_key=True).filter(pk=parent_id).first()
    if parent is None:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone")
    return parent


def _siblings(kind: Level, parent: Any, row: Any) -> list[Any]:
    return list(_rows(kind).filter(**{kind.parent: parent}).exclude(pk=row.pk).order_by("position", "pk"))


def _index_after(siblings: list[Any], after: UUID) -> int:
    index = next((place for place, one in enumerate(siblings, start=1) if one.pk == after), None)
    if index is None:
        said = _("What this should stand next to was moved or deleted meanwhile. Look at the tree as it is now.")
        raise ConflictError(said, "stale")
    return index


def _order(kind: Level, row: Any, siblings: list[Any], index: int) -> None:
    """Numbers the siblings anew with `row` at `index`, and writes those whose number changed."""
    ordered = [*siblings[:index], row, *siblings[index:]]
    changed = [one for position, one in enumerate(ordered, start=1) if one.position != position]
    for position, one in enumerate(ordered, start=1):
        one.position = position
    _rows(kind).bulk_update(changed, ["position"])


def _programme_of(row: Any) -> UUID:
    if isinstance(row, Topic):
        return row.chapter.unit.programme_id
    if isinstance(row, Chapter):
        return row.unit.programme_id
    found: UUID = row.programme_id
    return found


def _name(name: str, most: int) -> str:
    kept = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(kept) <= most:
        raise CurriculumError(_("A name has 1 to %d characters.") % most, "name_invalid")
    return kept


def _marks(text: str) -> Decimal:
    try:
        marks = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        marks = Decimal(-1)
    if not marks.is_finite() or not 0 <= marks <= MOST_MARKS or marks % HALF:
        raise CurriculumError(_("Marks are a number from 0 to %d, in halves.") % MOST_MARKS, "marks_invalid")
    return marks


def _slug(name: str, rows: Any) -> str:
    base = slugify(name)[:40].strip("-") or "unit"
    taken = set(rows.values_list("slug", flat=True))
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


def _saved(row: Any, **options: Any) -> Any:
    """The row saved. Raises CurriculumError name_taken."""
    try:
        with transaction.atomic():
            row.save(**options)
    except IntegrityError as error:
        raise CurriculumError(_("There is one of this name already."), "name_taken") from error
    return row
