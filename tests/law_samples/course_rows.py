"""Sample rows of courses: one that is out, one by invitation that the student is in, one that is being written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models

from accounts.models import User
from courses import models as courses
from courses.enums import (
    CourseAccess,
    CourseFileKind,
    CourseState,
    EnrolmentSource,
    EnrolmentState,
    LessonKind,
    ReviewState,
)
from tests import factories
from tests.cast import Cast

NOW = factories.NOW


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    open_one = _course("open", cast.teacher)
    invited = _course("invited", cast.teacher, access=CourseAccess.INVITE)
    written = _course("written", cast.newcomer, state=CourseState.DRAFT)
    archived = _course("archived", cast.colleague, state=CourseState.ARCHIVED)
    everything = [_inside(course, cast) for course in (open_one, invited, written, archived)]
    students = [_student(cast.student, open_one, EnrolmentState.ACTIVE), _student(cast.student, invited, "waiting")]
    students.append(_student(cast.classmate, archived, EnrolmentState.COMPLETED))
    students.append(_student(cast.outsider, invited, EnrolmentState.LEFT))
    paths = [_path(open_one, published=True), _path(invited, published=False)]
    followers = [
        courses.PathEnrolment.objects.create(path=paths[0][0], student=student, begun_at=NOW)
        for student in (cast.student, cast.outsider)
    ]
    rows = [*everything, *students, *paths, followers, *_pathfinders(paths[0][0], cast)]
    courses.CoursePrerequisite.objects.create(course=open_one, required=invited)
    found: dict[type[models.Model], list[models.Model]] = {}
    for row in [row for some in rows for row in some] + list(courses.CoursePrerequisite.objects.all()):
        found.setdefault(type(row), []).append(row)
    return found


def _course(slug: str, teacher: User, **fields: Any) -> courses.Course:
    fields = {"state": CourseState.PUBLISHED, "created_by": teacher, "created_at": NOW, "updated_at": NOW} | fields
    course = courses.Course.objects.create(slug=slug, title=slug.title(), **fields)
    courses.CourseTeacher.objects.create(course=course, teacher=teacher)
    return course


def _inside(course: courses.Course, cast: Cast) -> list[models.Model]:
    """What stands in a course: a lesson that is out, one that is not, one that was removed."""
    by = course.created_by
    first, second = (courses.Module.objects.create(course=course, title=title) for title in ("One", "Two"))
    lessons = [
        courses.Lesson.objects.create(module=first, title=title, kind=LessonKind.TEXT, is_preview=title == "Out")
        for title in ("Out", "Not out", "Removed")
    ]
    for lesson in (lessons[0], lessons[2]):
        lesson.current = lesson.versions.create(number=1, body_html="<p>Text</p>", created_by=by, created_at=NOW)
    lessons[2].removed_at = NOW
    for lesson in lessons:
        lesson.save()
    state = ReviewState.SHOWN if course.slug != "invited" else ReviewState.WAITING
    return [
        course,
        *course.teaching.all(),
        first,
        *lessons,
        *courses.LessonVersion.objects.filter(lesson__in=lessons),
        courses.ModulePrerequisite.objects.create(module=second, required=first),
        courses.LessonDraft.objects.create(lesson=lessons[1], updated_by=by, updated_at=NOW),
        courses.CourseFile.objects.create(
            course=course, kind=CourseFileKind.DOCUMENT, name="a.pdf", media_type="application/pdf", size=1,
            sha256="0" * 64, added_by=by, created_at=NOW,
        ),
        courses.InviteCode.objects.create(course=course, code=uuid4().hex[:8], created_by=by, created_at=NOW),
        courses.ProgressRecount.objects.create(course=course, structure=1, started_at=NOW, touched_at=NOW),
        courses.LessonNote.objects.create(student=cast.student, lesson=lessons[0], text="Mine", updated_at=NOW),
        courses.CourseReview.objects.create(
            course=course, student=cast.classmate, stars=4, state=state, created_at=NOW, updated_at=NOW
        ),
    ]  # fmt: skip


def _student(student: User, course: courses.Course, state: str) -> list[models.Model]:
    enrolment = courses.Enrolment.objects.create(
        course=course, student=student, source=EnrolmentSource.SELF, state=state, created_at=NOW, queued_at=NOW,
        completed_at=NOW if state == EnrolmentState.COMPLETED else None,
    )  # fmt: skip
    lesson = courses.Lesson.objects.get(module__course=course, title="Out")
    completion = courses.CourseCompletion.objects.create(enrolment=enrolment, completed_at=NOW, lessons=1)
    return [
        enrolment,
        completion,
        courses.Certificate.objects.create(
            completion=completion, name=student.name, course_title=course.title, completed_on=NOW.date(), issued_at=NOW
        ),
        courses.CourseProgress.objects.create(enrolment=enrolment),
        courses.LessonProgress.objects.create(enrolment=enrolment, lesson=lesson, begun_at=NOW),
    ]


def _path(course: courses.Course, *, published: bool) -> list[models.Model]:
    """The one that is not out is its maker's."""
    maker = course.created_by if not published else None
    path = courses.LearningPath.objects.create(
        slug=f"path-{course.slug}", title="Path", is_published=published, created_by=maker
    )
    return [path, courses.PathCourse.objects.create(path=path, course=course)]


def _pathfinders(path: courses.LearningPath, cast: Cast) -> list[list[models.Model]]:
    """One that is out, with what it told two students, and one that is being made."""
    rows: list[list[models.Model]] = []
    for published, maker in ((True, cast.staff), (False, cast.teacher)):
        made = courses.Pathfinder.objects.create(
            title="Way", target=uuid4(), is_published=published, created_by=maker
        )  # fmt: skip
        rows.append([made, courses.PathfinderPath.objects.create(pathfinder=made, path=path, from_percent=0)])
    students = (cast.student, cast.outsider)
    runs = [
        courses.PathfinderRun.objects.create(
            pathfinder=rows[0][0], student=student, begun_at=NOW, answered_at=NOW, source=uuid4(), score=5, out_of=10
        )
        for student in students
    ]
    return [*rows, runs]
