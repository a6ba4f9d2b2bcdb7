"""Sample projects: one that is out and one that is not, in a course of the teacher, and one in a course of the
colleague; and what students have begun."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from assessments.enums import AttemptState, ExamPurpose
from assessments.models import Attempt, Project, Submission
from courses.enums import LessonKind
from courses.models import Lesson
from courses.tests.builders import course_of, inside
from tests import factories
from tests.cast import Cast

NOW = factories.NOW


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    own = course_of(cast.teacher, modules=1, lessons=0, slug="own-projects")
    other = course_of(cast.colleague, modules=1, lessons=0, slug="other-projects")
    inside(own, cast.student)
    inside(other, cast.outsider)
    projects = [_project(cast, course, out) for course, out in ((own, True), (own, False), (other, True))]
    begun = [
        _submission(project, student)
        for project, student in (
            (projects[0], cast.student),
            (projects[0], cast.classmate),
            (projects[2], cast.outsider),
        )
    ]
    return {Project: [*projects], Submission: [*begun]}


def _project(cast: Cast, course: models.Model, out: bool) -> Project:
    lesson = Lesson.objects.create(module=course.modules.get(), title="Build", kind=LessonKind.PROJECT)  # type: ignore[attr-defined]
    exam = factories.ExamFactory(purpose=ExamPurpose.PROJECT, paper=cast.exam.paper, is_published=out)
    return Project.objects.create(exam=exam, lesson=lesson, due_at=NOW)


def _submission(project: Project, student: models.Model) -> Submission:
    attempt = Attempt.objects.create(
        exam=project.exam, paper=project.exam.paper, student=student, state=AttemptState.SUBMITTED, started_at=NOW,
        ends_at=NOW + timedelta(seconds=1), sheets_due_at=NOW + timedelta(days=1),
    )  # fmt: skip
    return Submission.objects.create(attempt=attempt, number=1)
