"""What a student did in their courses in a time, and what comes in the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from courses.enums import CourseState, LessonKind, LessonState
from courses.models import Enrolment, Lesson, LessonProgress, Module


def lessons_done(*, student: Any, start: datetime, end: datetime) -> list[LessonProgress]:
    """The lessons that `student` finished in this time, the last one first, each with its course. One query."""
    rows = LessonProgress.objects.filter(
        enrolment__student=student, state=LessonState.DONE, done_at__gte=start, done_at__lt=end
    )
    return list(rows.select_related("lesson", "enrolment__course").order_by("-done_at", "-pk"))


def seconds_spent(rows: list[LessonProgress]) -> int:
    """The time these lessons were open, as far as devices told it."""
    return sum(row.seconds for row in rows)


@dataclass(frozen=True)
class ComingLesson:
    """A live lesson that begins, or a module that opens; `lesson` is None for a module."""

    at: datetime
    module: Module
    lesson: Lesson | None = None


def coming_lessons(*, student: Any, start: datetime, end: datetime) -> list[ComingLesson]:
    """Live lessons and modules of the student's open courses that begin or open in this time, in order. One query."""
    mine = Enrolment.objects.filter(student=student).inside().values("course_id")
    rows = Lesson.objects.published().filter(module__course__in=mine, module__course__state=CourseState.PUBLISHED)
    opening = Q(module__unlock_at__gte=start, module__unlock_at__lt=end)
    rows = rows.filter(Q(kind=LessonKind.LIVE) | opening).select_related("current", "module__course")
    found: list[ComingLesson] = []
    opened: set[UUID] = set()
    for row in rows.order_by("module__position", "position", "pk"):
        module, begins = row.module, _begins(row)
        if begins is not None and start <= begins < end:
            found.append(ComingLesson(begins, module, row))
        if module.unlock_at and start <= module.unlock_at < end and module.pk not in opened:
            opened.add(module.pk)
            found.append(ComingLesson(module.unlock_at, module))
    return sorted(found, key=lambda one: one.at)


def _begins(lesson: Lesson) -> datetime | None:
    told = lesson.current.content.get("starts_at", "") if lesson.kind == LessonKind.LIVE and lesson.current else ""
    return datetime.fromisoformat(told) if told else None
