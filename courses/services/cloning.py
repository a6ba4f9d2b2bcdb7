"""A course made from another: its content without its people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.models import new_id
from courses.models import Course, CourseFile, Lesson, LessonDraft, LessonVersion, Module, ModulePrerequisite
from courses.services.checks import lock_course, require_teaching
from courses.services.courses import make_course
from courses.services.recounts import restructure

SETTINGS = ("summary", "description_source", "programme", "access", "capacity", "cover_alt", "metadata")


def clone_course(*, course: Course, title: str, actor: User, now: datetime) -> Course:
    """A new draft taught by `actor` with the modules, lessons (what is out and what is being written), files and order
    of `course`. Dates, people, codes and reviews do not come with it."""
    require_teaching(course, actor)
    with transaction.atomic():
        settings: dict[str, Any] = {name: getattr(course, name) for name in SETTINGS}
        copy = make_course(title=title or _("%s (copy)") % course.title[:120], actor=actor, now=now, **settings)
        copy = lock_course(copy.pk)
        files = _copy_files(course, copy)
        if course.cover_id in files:
            copy.cover_id = files[course.cover_id]
            copy.save(update_fields=["cover"])
        modules = _copy_modules(course, copy)
        _copy_lessons(modules, files, actor, now)
        restructure(course=copy, now=now)
        record_event(actor=actor, action="course.cloned", obj=copy, after={"from": course.pk}, now=now)
    return copy


def _copy_files(course: Course, copy: Course) -> dict[UUID | None, UUID]:
    """Rows only: what a file contains is kept once."""
    new: dict[UUID | None, UUID] = {}
    rows = []
    for row in CourseFile.objects.filter(course=course):
        new[row.pk] = row.pk = new_id()
        row.course = copy
        rows.append(row)
    CourseFile.objects.bulk_create(rows)
    return new


def _copy_modules(course: Course, copy: Course) -> dict[UUID, Module]:
    new: dict[UUID, Module] = {}
    for row in Module.objects.standing().filter(course=course).order_by("position", "pk"):
        new[row.pk] = Module(course=copy, title=row.title, summary=row.summary, position=row.position)
    Module.objects.bulk_create(new.values())
    edges = ModulePrerequisite.objects.filter(module__in=new, required__in=new)
    ModulePrerequisite.objects.bulk_create(
        ModulePrerequisite(module=new[edge.module_id], required=new[edge.required_id]) for edge in edges
    )
    return new


def _copy_lessons(modules: dict[UUID, Module], files: dict[UUID | None, UUID], actor: User, now: datetime) -> None:
    lessons, versions, drafts = [], [], []
    rows = Lesson.objects.standing().filter(module__in=modules).select_related("current", "draft")
    for row in rows.order_by("position", "pk"):
        old, draft = row.current, getattr(row, "draft", None)
        row.pk, row.module, row.unlock_at, row.current = new_id(), modules[row.module_id], None, None
        row._state.adding = True
        lessons.append(row)
        if old is not None:
            versions.append(
                LessonVersion(
                    lesson=row, number=1, body_source=old.body_source, body_html=old.body_html,
                    content=_with_files(old.content, files), created_by=actor, created_at=now,
                )
            )  # fmt: skip
        if draft is not None:
            data = _with_files(draft.data, files)
            drafts.append(LessonDraft(lesson=row, data=data, updated_by=actor, updated_at=now))
    Lesson.objects.bulk_create(lessons)
    LessonVersion.objects.bulk_create(versions)
    LessonDraft.objects.bulk_create(drafts)
    for version in versions:
        version.lesson.current = version
    Lesson.objects.bulk_update(lessons, ["current"], batch_size=500)


def _with_files(content: dict[str, str], files: dict[UUID | None, UUID]) -> dict[str, str]:
    new = {str(old): str(copy) for old, copy in files.items()}
    return {name: new.get(value, value) if name in ("file", "captions") else value for name, value in content.items()}
