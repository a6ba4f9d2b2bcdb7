"""The curriculum tree changed by hand: added, renamed, put in order, deleted where nothing hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError
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


def add_node(*, level: str, parent_id: UUID, name: str, actor: User, now: datetime) -> Any:
    """A unit, chapter or topic at the end of its parent. Raises CurriculumError."""
    kind = _level(level, actor)
    name = _name(name, kind.most)
    with transaction.atomic():
        parent = _lock_parent(kind, parent_id)
        rows = _rows(kind).filter(**{kind.parent: parent})
        last = rows.aggregate(last=Max("position"))["last"] or 0
        fields: dict[str, Any] = {kind.parent: parent, "name": name, "position": last + 1}
        if level == "unit":
            fields |= {"slug": _slug(name, rows), "marks": 0}
        row = _saved(kind.model(**fields))
        record_event(actor=actor, action=f"{level}.added", obj=row, after={"name": name}, now=now)
    return row


def rename_node(*, level: str, node_id: UUID, name: str, actor: User, now: datetime) -> Any:
    """Another name for the same thing: whatever hangs on it stays. Raises CurriculumError."""
    kind = _level(level, actor)
    name = _name(name, kind.most)
    with transaction.atomic():
        row = _lock(kind, node_id)
        before, row.name = row.name, name
        if before != name:
            _saved(row, update_fields=["name"])
            record_event(
                actor=actor, action=f"{level}.renamed", obj=row, before={"name": before}, after={"name": name}, now=now
            )
    return row


def move_node(*, level: str, node_id: UUID, to: int, parent_id: UUID | None = None, actor: User, now: datetime) -> None:
    """Puts a unit, chapter or topic to place `to` (from 0) of its parent, or of another one. Raises CurriculumError."""
    kind = _level(level, actor)
    with transaction.atomic():
        row = _lock(kind, node_id)
        home = _lock_parent(kind, parent_id or getattr(row, f"{kind.parent}_id"))
        if level == "unit" and home.pk != row.programme_id:
            raise CurriculumError(_("A unit stays in its programme."), "other_programme")
        if level != "unit" and _programme_of(home) != _programme_of(row):
            raise CurriculumError(_("Questions hang on it, so it stays in its programme."), "other_programme")
        if getattr(row, f"{kind.parent}_id") != home.pk:
            setattr(row, kind.parent, home)
            _saved(row, update_fields=[kind.parent])
        others = list(_rows(kind).filter(**{kind.parent: home}).exclude(pk=row.pk).order_by("position", "pk"))
        index = max(0, min(to, len(others)))
        ordered = [*others[:index], row, *others[index:]]
        for position, one in enumerate(ordered, start=1):
            one.position = position
        _rows(kind).bulk_update(ordered, ["position"])
        record_event(actor=actor, action=f"{level}.moved", obj=row, after={"to": index, "in": home.pk}, now=now)


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
    """What of any app points to this row, by the name of its kind; a lower app need not know who does."""
    found: dict[str, int] = {}
    for relation in row._meta.related_objects:
        if relation.many_to_many:
            continue
        model = relation.related_model
        number = model._base_manager.filter(**{relation.field.name: row}).count()
        if number:
            meta = model._meta
            name = str(_named(meta, number))
            found[name] = found.get(name, 0) + number
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
    row = _rows(kind).select_for_update(of=("self",)).filter(pk=node_id).first()
    if row is None:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone")
    return row


def _lock_parent(kind: Level, parent_id: UUID) -> Any:
    manager: Any = kind.parent_model._default_manager
    parent = manager.select_for_update(of=("self",)).filter(pk=parent_id).first()
    if parent is None:
        raise CurriculumError(_("This is not in the curriculum any more."), "gone")
    return parent


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
