"""Courses for tests: a published one with as many lessons as one likes."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from courses.enums import CompletionRule, CourseState, EnrolmentSource, EnrolmentState, LessonKind
from courses.models import Course, CourseTeacher, Enrolment, Lesson, LessonVersion, Module
from courses.services.enrolments import enrol_person
from tests import factories

NOW = factories.NOW


def course_of(teacher: User, *, modules: int = 2, lessons: int = 2, **fields: Any) -> Course:
    """`modules` × `lessons` published text lessons that count."""
    number = Course.objects.count() + 1
    fields = {"state": CourseState.PUBLISHED, "title": f"Course {number}", "slug": f"course-{number}"} | fields
    fields.setdefault("words", fields["title"].lower())
    course = Course.objects.create(
        created_by=teacher, created_at=NOW, updated_at=NOW, required_total=modules * lessons, **fields
    )
    CourseTeacher.objects.create(course=course, teacher=teacher)
    for place in range(1, modules + 1):
        module = Module.objects.create(course=course, title=f"Module {place}", position=place)
        for position in range(1, lessons + 1):
            lesson_in(module, teacher, position=position)
    return course


def lesson_in(module: Module, teacher: User, *, position: int = 1, **fields: Any) -> Lesson:
    """A published lesson."""
    fields = {"title": f"Lesson {position}", "kind": LessonKind.TEXT, "completion": CompletionRule.VIEWED} | fields
    content = fields.pop("content", {})
    lesson = Lesson.objects.create(module=module, position=position, **fields)
    lesson.current = LessonVersion.objects.create(
        lesson=lesson, number=1, body_source="Text", body_html="<p>Text</p>", content=content, created_by=teacher,
        created_at=NOW,
    )  # fmt: skip
    lesson.save(update_fields=["current"])
    return lesson


def lessons_of(course: Course) -> list[Lesson]:
    """In the order of the outline."""
    rows = Lesson.objects.standing().filter(module__course=course).select_related("module__course")
    return list(rows.order_by("module__position", "position"))


def inside(course: Course, student: User) -> Enrolment:
    enrolment = enrol_person(course=course, student=student, source=EnrolmentSource.STAFF, actor=None, now=NOW)
    assert enrolment.state == EnrolmentState.ACTIVE
    return enrolment
