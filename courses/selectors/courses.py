"""Reading courses: what higher apps ask, and the outline with what stands open for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet

from accounts.models import User
from courses.enums import CourseState, LessonState
from courses.models import (
    INSIDE,
    Course,
    CourseCompletion,
    CourseTeacher,
    Enrolment,
    Lesson,
    LessonProgress,
    Module,
    ModulePrerequisite,
)


def enrolment_of(*, user: Any, course: Course) -> Enrolment | None:
    """The person's one enrolment in the course with its progress, whatever its state."""
    if not user.is_authenticated:
        return None
    found: Enrolment | None = (
        Enrolment.objects.filter(course=course, student=user).select_related("progress__last_lesson").first()
    )
    return found


def lessons_leading_to(*, kind: str, target: UUID) -> QuerySet[Lesson]:
    """The lessons, in any course, that lead to this thing of a higher app."""
    lessons: QuerySet[Lesson] = Lesson.objects.published().filter(kind=kind, target=target)
    return lessons.select_related("module__course").order_by("pk")


def lessons_back(*, kinds: Collection[str], target: UUID, student: Any) -> list[Lesson]:
    """The lessons of `student`'s own courses that lead to this thing: the ways back from it. One query."""
    mine = Enrolment.objects.filter(student=student).inside().values("course_id")
    rows = Lesson.objects.published().filter(kind__in=kinds, target=target, module__course__in=mine)
    return list(rows.select_related("module__course").order_by("pk"))


def undone_targets(kinds: Collection[str]) -> QuerySet[Lesson]:
    """Lessons of `kinds` that lead elsewhere, one row for each person in their course who has not done them; of courses
    that are out.

    `student` is the person's id. Higher apps narrow it to those who have handed in what the lesson leads to.
    """
    enrolment = "module__course__enrolments"
    done = LessonProgress.objects.filter(
        lesson=OuterRef("pk"), enrolment__student=OuterRef("student"), state=LessonState.DONE
    )
    lessons: QuerySet[Lesson] = Lesson.objects.published().filter(
        kind__in=kinds, target__isnull=False, module__course__state=CourseState.PUBLISHED
    )
    people = lessons.filter(**{f"{enrolment}__state__in": INSIDE}).annotate(student=F(f"{enrolment}__student"))
    return people.filter(~Exists(done)).order_by("pk")


def completions(*, after: UUID | None = None) -> QuerySet[CourseCompletion]:
    """Completions in the order in which they came, with course and student; `after` is the last one that is known."""
    found: QuerySet[CourseCompletion] = CourseCompletion.objects.select_related(
        "enrolment__course", "enrolment__student"
    ).order_by("pk")
    return found.filter(pk__gt=after) if after else found


def teachers_of(course: Course) -> QuerySet[User]:
    """Those who teach the course, in their order."""
    teachers: QuerySet[User] = User.objects.filter(teaching__course=course, is_active=True)
    return teachers.order_by("teaching__position", "teaching__pk")


def students_in(course: Course) -> QuerySet[User]:
    """Those who are in the course or through it, by name."""
    inside = Enrolment.objects.filter(course=course).inside().values("student_id")
    students: QuerySet[User] = User.objects.filter(pk__in=inside, is_active=True).order_by("name", "pk")
    return students


def with_teachers(courses: QuerySet[Course]) -> QuerySet[Course]:
    """Adds `teaching` with people, in their order, in one query more."""
    return courses.prefetch_related(
        Prefetch("teaching", CourseTeacher.objects.select_related("teacher").order_by("position", "pk"))
    )


# --- The outline -----------------------------------------------------------------------------------------------------
@dataclass
class OutlineLesson:
    """`opens_at` is in the future or None; `locked` says that a module before has to be done first."""

    lesson: Lesson
    progress: LessonProgress | None = None
    opens_at: datetime | None = None
    locked: bool = False

    @property
    def is_done(self) -> bool:
        return self.progress is not None and self.progress.state >= LessonState.DONE

    @property
    def is_begun(self) -> bool:
        return self.progress is not None

    @property
    def is_open(self) -> bool:
        return self.opens_at is None and not self.locked


@dataclass
class OutlineModule:
    """`waits_for`: titles of the modules that have to be done before this one."""

    module: Module
    lessons: list[OutlineLesson] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(row.is_done for row in self.lessons)

    @property
    def minutes(self) -> int:
        return sum(row.lesson.minutes for row in self.lessons)

    @property
    def is_done(self) -> bool:
        """Every lesson that counts is done; a module without any holds nobody up."""
        return all(row.is_done for row in self.lessons if row.lesson.is_required)


@dataclass
class Outline:
    modules: list[OutlineModule]

    @property
    def lessons(self) -> list[OutlineLesson]:
        return [row for module in self.modules for row in module.lessons]

    def find(self, lesson_id: UUID) -> OutlineLesson | None:
        return next((row for row in self.lessons if row.lesson.pk == lesson_id), None)

    def beside(self, lesson_id: UUID) -> tuple[Lesson | None, Lesson | None]:
        """The lessons before and after this one."""
        lessons = [row.lesson for row in self.lessons]
        at = next((index for index, lesson in enumerate(lessons) if lesson.pk == lesson_id), None)
        if at is None:
            return None, None
        return lessons[at - 1] if at else None, lessons[at + 1] if at + 1 < len(lessons) else None

    def resume(self, last: UUID | None) -> Lesson | None:
        """Where to carry on: the last lesson while it is not done, else the first open one that is not."""
        undone = [row.lesson for row in self.lessons if row.is_open and not row.is_done]
        return next((lesson for lesson in undone if lesson.pk == last), undone[0] if undone else None)


def course_outline(*, course: Course, enrolment: Enrolment | None, now: datetime, everything: bool = False) -> Outline:
    """Modules and lessons in their order with what `enrolment` has done, in at most four queries.

    `everything` also takes lessons that are not out yet, and locks nothing: for those who teach.
    """
    lessons = Lesson.objects.standing() if everything else Lesson.objects.published()
    chosen = Prefetch("lessons", lessons.select_related("current").order_by("position", "pk"), to_attr="in_order")
    modules = list(course.modules.standing().order_by("position", "pk").prefetch_related(chosen))
    done: Mapping[UUID, LessonProgress] = (
        {row.lesson_id: row for row in LessonProgress.objects.filter(enrolment=enrolment)} if enrolment else {}
    )
    outline = Outline([_outline_module(module, done) for module in modules])
    if everything:
        return outline
    edges = ModulePrerequisite.objects.filter(module__course=course, required__removed_at=None)
    _lock(outline, list(edges.values_list("module_id", "required_id")), now)
    return outline


def _outline_module(module: Module, done: Mapping[UUID, LessonProgress]) -> OutlineModule:
    rows = [OutlineLesson(lesson, done.get(lesson.pk)) for lesson in module.in_order]  # type: ignore[attr-defined]
    return OutlineModule(module, rows)


def _lock(outline: Outline, edges: list[tuple[UUID, UUID]], now: datetime) -> None:
    by_id = {row.module.pk: row for row in outline.modules}
    for row in outline.modules:
        needed = [by_id[required] for module, required in edges if module == row.module.pk and required in by_id]
        row.waits_for = [other.module.title for other in needed if not other.is_done]
        for lesson in row.lessons:
            lesson.locked = bool(row.waits_for)
            moments = [moment for moment in (row.module.unlock_at, lesson.lesson.unlock_at) if moment and moment > now]
            lesson.opens_at = max(moments, default=None)
