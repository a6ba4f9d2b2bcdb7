"""Modules and lessons of a course: added, changed, moved, removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from courses.enums import CompletionRule, LessonKind
from courses.models import Course, Lesson, Module
from courses.services.checks import CourseError, checked_title, lock_course, note_change, require_teaching
from courses.services.recounts import restructure

MOST_MODULES = 100
MOST_LESSONS = 1000
MODULE_FIELDS = {"title", "summary", "unlock_at"}
LESSON_FIELDS = {"title", "is_required", "is_preview", "completion", "seconds_needed", "minutes", "unlock_at"}
#: Kinds whose completion another app tells, and what else a person could do there.
RULES: dict[str, tuple[CompletionRule, ...]] = {
    LessonKind.QUIZ: (CompletionRule.PASSED, CompletionRule.SUBMITTED),
    LessonKind.PROJECT: (CompletionRule.PASSED, CompletionRule.SUBMITTED),
    LessonKind.EXTERNAL: (CompletionRule.PASSED, CompletionRule.SUBMITTED),
}
OWN_RULES = (CompletionRule.VIEWED, CompletionRule.TIME)
Part = TypeVar("Part", Module, Lesson)


def rules_for(kind: str) -> tuple[CompletionRule, ...]:
    """When a lesson of this kind can be done; the first is what a new one has."""
    return RULES.get(kind, OWN_RULES)


def add_module(*, course: Course, title: str, actor: User, now: datetime) -> Module:
    """A module at the end. Raises CourseError."""
    require_teaching(course, actor)
    title = checked_title(title)
    with transaction.atomic():
        locked = lock_course(course.pk)
        standing = list(Module.objects.standing().filter(course=locked).values_list("position", flat=True))
        if len(standing) >= MOST_MODULES:
            raise CourseError(_("A course has at most %d modules.") % MOST_MODULES, "too_many")
        module: Module = Module.objects.create(course=locked, title=title, position=max(standing, default=0) + 1)
        record_event(actor=actor, action="module.added", obj=module, after={"title": title}, now=now)
    return module


def add_lesson(*, module: Module, kind: str, title: str, actor: User, now: datetime) -> Lesson:
    """A lesson at the end of a module, not out yet. Raises CourseError."""
    require_teaching(module.course, actor)
    if kind not in LessonKind.values:
        raise CourseError(_("Say of which kind the lesson is."), "kind_unknown")
    title = checked_title(title)
    with transaction.atomic():
        locked = lock_course(module.course_id)
        home = _standing_module(locked, module.pk)
        lessons = Lesson.objects.standing().filter(module__course=locked)
        if lessons.count() >= MOST_LESSONS:
            raise CourseError(_("A course has at most %d lessons.") % MOST_LESSONS, "too_many")
        places = lessons.filter(module=home).values_list("position", flat=True)
        lesson: Lesson = Lesson.objects.create(
            module=home, kind=kind, title=title, position=max(places, default=0) + 1, completion=rules_for(kind)[0]
        )
        record_event(actor=actor, action="lesson.added", obj=lesson, after={"title": title, "kind": kind}, now=now)
    return lesson


def change_module(*, module: Module, fields: Mapping[str, Any], actor: User, now: datetime) -> Module:
    """Changes names of MODULE_FIELDS. Raises CourseError."""
    return _change(module, module.course, MODULE_FIELDS, fields, actor, now)


def change_lesson(*, lesson: Lesson, fields: Mapping[str, Any], actor: User, now: datetime) -> Lesson:
    """Changes names of LESSON_FIELDS, for learners too, at once. Raises CourseError."""
    return _change(lesson, lesson.module.course, LESSON_FIELDS, fields, actor, now)


def remove_module(*, module: Module, actor: User, now: datetime) -> None:
    """Takes a module with its lessons out of the course; what people did there is kept with it."""
    _remove(module, module.course, actor, now)


def remove_lesson(*, lesson: Lesson, actor: User, now: datetime) -> None:
    """Takes a lesson out of the course; what people did there is kept with it."""
    _remove(lesson, lesson.module.course, actor, now)


def move(*, thing: Module | Lesson, to: int, module: Module | None = None, actor: User, now: datetime) -> None:
    """Puts a module to place `to` (from 0) of its course, or a lesson to that place of `module` (its own if None).

    A place beyond the end is the end. The one way in which anything is put in order: by drag, keys or buttons.
    """
    course = thing.course if isinstance(thing, Module) else thing.module.course
    require_teaching(course, actor)
    with transaction.atomic():
        locked = lock_course(course.pk)
        if isinstance(thing, Module):
            part: Any = _standing_module(locked, thing.pk)
            others: Any = Module.objects.standing().filter(course=locked)
        else:
            part = _standing_lesson(locked, thing.pk)
            home = _standing_module(locked, module.pk if module is not None else part.module_id)
            part.module, moved = home, part.module_id != home.pk
            others = Lesson.objects.standing().filter(module=home)
            if moved:
                part.save(update_fields=["module"])
        _renumber(list(others.exclude(pk=part.pk).order_by("position", "pk")), part, to)
        record_event(actor=actor, action=f"{part._meta.model_name}.moved", obj=part, after={"to": to}, now=now)


# --- Inside ----------------------------------------------------------------------------------------------------------
def _renumber(others: list[Any], part: Any, to: int) -> None:
    index = max(0, min(to, len(others)))
    ordered = [*others[:index], part, *others[index:]]
    changed = []
    for position, row in enumerate(ordered, start=1):
        if row.position != position:
            row.position = position
            changed.append(row)
    type(part)._default_manager.bulk_update(changed, ["position"])


def _change(part: Part, course: Course, names: set[str], fields: Mapping[str, Any], actor: User, now: datetime) -> Part:
    require_teaching(course, actor)
    if unknown := set(fields) - names:
        raise CourseError(_("There is no such setting: %s.") % ", ".join(sorted(unknown)), "unknown_field")
    with transaction.atomic():
        locked = lock_course(course.pk)
        row: Any = _standing_module(locked, part.pk) if isinstance(part, Module) else _standing_lesson(locked, part.pk)
        before = {name: getattr(row, name) for name in fields}
        for name, value in fields.items():
            setattr(row, name, checked_title(value) if name == "title" else value)
        if isinstance(row, Lesson):
            _check_rule(row)
        row.save(update_fields=list(fields))
        after = {name: getattr(row, name) for name in fields}
        note_change(actor=actor, action=f"{row._meta.model_name}.changed", obj=row, before=before, after=after, now=now)
        if before.get("is_required") != after.get("is_required"):
            restructure(course=locked, now=now)
    found: Part = row
    return found


def _check_rule(lesson: Lesson) -> None:
    if lesson.completion not in rules_for(lesson.kind):
        raise CourseError(_("A lesson of this kind cannot be done in that way."), "completion_unknown")
    if lesson.completion == CompletionRule.TIME and not lesson.seconds_needed:
        raise CourseError(_("Say how many minutes have to be spent."), "time_missing")
    if lesson.is_preview and lesson.kind in RULES:
        raise CourseError(_("Only lessons to read or to watch can be open to everybody."), "no_preview")


def _remove(part: Module | Lesson, course: Course, actor: User, now: datetime) -> None:
    require_teaching(course, actor)
    with transaction.atomic():
        locked = lock_course(course.pk)
        row: Any = _standing_module(locked, part.pk) if isinstance(part, Module) else _standing_lesson(locked, part.pk)
        row.removed_at = now
        row.save(update_fields=["removed_at"])
        record_event(
            actor=actor, action=f"{row._meta.model_name}.removed", obj=row, before={"title": row.title}, now=now
        )
        restructure(course=locked, now=now)


def _standing_module(course: Course, module_id: UUID) -> Module:
    found: Module | None = Module.objects.standing().filter(course=course, pk=module_id).first()
    if found is None:
        raise CourseError(_("This module is not in the course any more."), "module_gone")
    return found


def _standing_lesson(course: Course, lesson_id: UUID) -> Lesson:
    rows = Lesson.objects.standing().select_related("module")
    found: Lesson | None = rows.filter(module__course=course, pk=lesson_id).first()
    if found is None:
        raise CourseError(_("This lesson is not in the course any more."), "lesson_gone")
    return found
