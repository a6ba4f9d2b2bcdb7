"""Courses for the law tables and the pages: one that is out, with lessons of many kinds and the student in it, and a
draft. The teacher teaches both."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any
from uuid import UUID

from PIL import Image

from courses.enums import CourseAccess, CourseFileKind, CourseState, LessonKind, ReviewState
from courses.models import (
    Certificate,
    Course,
    CourseFile,
    CourseReview,
    Enrolment,
    InviteCode,
    LearningPath,
    Lesson,
    LessonDraft,
    Pathfinder,
    PathfinderPath,
    Unit,
)
from courses.services.codes import make_code
from courses.services.files import add_file
from courses.services.pathfinders import take_score
from courses.services.paths import add_step, begin_path, change_step, make_path, publish_path
from courses.services.progress import finish_lesson
from courses.tests.builders import NOW, course_of, inside, lesson_in, lessons_of
from tests.cast import Cast

TEXT = "A quadratic equation is $ax^2 + bx + c = 0$ with $a \\ne 0$."


def course_world(cast: Cast) -> None:
    course = course_of(
        cast.teacher, title="Quadratic Equations", slug="quadratics", summary="From factors to the formula.",
        programme=cast.cohort.programme, description_source=TEXT, description_html=f"<p>{TEXT}</p>", capacity=30,
    )  # fmt: skip
    drawing = io.BytesIO()
    Image.new("RGB", (320, 180), "#1A2456").save(drawing, "PNG")
    kept = {"course": course, "actor": cast.teacher, "now": NOW}
    course.cover = add_file(kind=CourseFileKind.COVER, name="c.png", data=drawing.getvalue(), **kept)
    course.cover_alt = "A parabola"
    course.save()
    sheet = add_file(kind=CourseFileKind.DOCUMENT, name="formulas.pdf", data=b"%PDF-1.4\n%%EOF\n", **kept)
    second = course.modules.get(title="Module 2")
    lesson_in(second, cast.teacher, position=3, kind=LessonKind.FILE, title="Formulas", content={"file": str(sheet.pk)})
    film = {"kind": LessonKind.VIDEO, "title": "Watch", "content": {"address": "https://video.example.org/1"}}
    lesson_in(second, cast.teacher, position=4, **film)
    LessonDraft.objects.create(
        lesson=lessons_of(course)[0], data={"body": TEXT}, updated_by=cast.teacher, updated_at=NOW
    )
    make_code(limit=5, expires_at=None, **kept)
    for student in (cast.student,):
        inside(course, student)
        finish_lesson(lesson=lessons_of(course)[1], student=student, now=NOW)
    CourseReview.objects.create(
        course=course, student=cast.classmate, stars=5, text="Clear.", state=ReviewState.SHOWN, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    sets = course_of(cast.teacher, title="Sets", slug="sets", modules=1, lessons=1)
    inside(sets, cast.student)
    finish_lesson(lesson=lessons_of(sets)[0], student=cast.student, now=NOW)
    course_of(
        cast.teacher, title="Trigonometry", slug="trigonometry", state=CourseState.DRAFT, access=CourseAccess.PAID
    )
    path_world(cast, [sets, course])


def path_world(cast: Cast, courses: list[Course]) -> None:
    """A path that the student has begun, with a course that they completed, one they are in, one that is locked and one
    that is extra; and a path that is being made."""
    maker = {"actor": cast.teacher, "now": NOW}
    path = make_path(title="Algebra from the ground", **maker)
    last = course_of(cast.teacher, title="Polynomials", slug="polynomials", only_by_path=True, modules=1)
    extra = course_of(cast.teacher, title="Puzzles", slug="puzzles", modules=1)
    for course in (*courses, last, extra):
        add_step(path=path, course=course, **maker)
    change_step(path=path, course_id=extra.pk, is_required=False, **maker)
    publish_path(path=path, publish=True, **maker)
    begin_path(path=path, student=cast.student, now=NOW)
    make_path(title="Geometry for the patient", **maker)
    pathfinder_world(cast, path)


def pathfinder_world(cast: Cast, path: LearningPath) -> None:
    """One that has told the student something. It leads to an exam that is open to them."""
    path.interests = ["algebra", "engineering"]
    path.save(update_fields=["interests"])
    made = Pathfinder.objects.create(
        title="Where to begin", intro="Ten questions, and what interests you.", target=cast.exam.pk, is_published=True,
        created_by=cast.teacher,
    )  # fmt: skip
    PathfinderPath.objects.create(pathfinder=made, path=path, from_percent=0)
    told = {"student": cast.student, "now": NOW}
    take_score(kind="quiz", target=cast.exam.pk, score=Decimal(6), out_of=Decimal(10), source=UUID(int=6), **told)


def course_ids(cast: Cast) -> dict[str, Any]:
    course = Course.objects.get(slug="quadratics")
    files = CourseFile.objects.filter(course=course)
    certificate = Certificate.objects.get(course_title="Sets")
    unit = Unit.objects.filter(programme=cast.cohort.programme).earliest("position", "pk")
    return {
        "path": LearningPath.objects.get(is_published=True).pk,
        "pathfinder": Pathfinder.objects.get().pk,
        "path_draft": LearningPath.objects.get(is_published=False).pk,
        "course_by_path": Course.objects.get(slug="polynomials").pk,
        "programme_unit": f"unit:{unit.pk}",
        "course": course.pk,
        "certificate": certificate.pk,
        "certificate_code": certificate.code,
        "course_draft": Course.objects.get(slug="trigonometry").pk,
        "course_cover": files.get(kind=CourseFileKind.COVER).pk,
        "course_document": files.get(kind=CourseFileKind.DOCUMENT).pk,
        "course_lesson": Lesson.objects.get(module__course=course, title="Lesson 1", module__title="Module 1").pk,
        "course_file_lesson": Lesson.objects.get(module__course=course, kind=LessonKind.FILE).pk,
        "course_video_lesson": Lesson.objects.get(module__course=course, kind=LessonKind.VIDEO).pk,
        "course_done": Course.objects.get(slug="sets").pk,
        "course_code": InviteCode.objects.get(course=course).pk,
        "course_enrolment": Enrolment.objects.get(course=course, student=cast.student).pk,
    }
