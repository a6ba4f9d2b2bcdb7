"""A course with a project in it, for tests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from assessments.enums import PageState
from assessments.models import Project, SheetPage, SheetUpload, Submission
from assessments.services.projects import ProjectPlan, save_project
from assessments.services.rubrics import Criterion, Level
from assessments.services.submissions import begin_submission, hand_in_work, set_link
from courses.enums import CompletionRule, LessonKind
from courses.models import Chapter, Lesson
from courses.tests.builders import course_of, inside
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

DUE = NOW + timedelta(days=7)
LINK = "https://example.org/bridge"
CRITERIA = (
    Criterion(
        "Idea",
        Decimal(4),
        (Level(Decimal(4), "Own and clear"), Level(Decimal(2), "Partly"), Level(Decimal(1), "Little")),
    ),
    Criterion("Mathematics, $ax^2$", Decimal("5.5")),
)


def plan_of(cast: Cast, **changes: Any) -> ProjectPlan:
    chapter = Chapter.objects.filter(unit__programme=cast.cohort.programme).first() or factories.ChapterFactory(
        unit__programme=cast.cohort.programme
    )
    fields = {"text": "Build a bridge.", "chapter": chapter, "criteria": CRITERIA, "due_at": DUE, "takes_link": True}
    return ProjectPlan(**fields | changes)


def project_lesson(cast: Cast, **fields: Any) -> Lesson:
    """A lesson of kind project, not out yet, in a course of the teacher with the student and the classmate in it."""
    course = course_of(cast.teacher, modules=1, lessons=1, programme=cast.cohort.programme)
    for student in (cast.student, cast.classmate):
        inside(course, student)
    fields = {"kind": LessonKind.PROJECT, "title": "A bridge", "completion": CompletionRule.PASSED} | fields
    lesson: Lesson = Lesson.objects.create(module=course.modules.get(), position=2, **fields)
    return lesson


def project_of(cast: Cast, *, publish: bool = True, **changes: Any) -> Project:
    lesson = project_lesson(cast)
    plan = plan_of(cast, **changes)
    return save_project(lesson=lesson, plan=plan, files=[], publish=publish, actor=cast.teacher, now=NOW)


def add_work(submission: Submission, number: int = 1) -> SheetPage:
    """A page that has arrived."""
    upload = SheetUpload.objects.create(
        attempt=submission.attempt, client_id=uuid4(), page_number=number, sha256="0" * 64, size=1000,
        content_type="image/jpeg", storage_key=f"uploads/{uuid4().hex}", state="verified",
        intended_at=NOW, verified_at=NOW,
    )  # fmt: skip
    keys = {name: f"pages/{uuid4().hex}.jpg" for name in ("screen_key", "thumb_key")}
    page: SheetPage = SheetPage.objects.create(upload=upload, state=PageState.READY, width=1240, height=1754, **keys)
    return page


def handed_in(project: Project, student: Any, *, at: Any = NOW, link: str = LINK, pages: int = 0) -> Submission:
    submission = begin_submission(project=project, student=student, now=at)
    for number in range(1, pages + 1):
        add_work(submission, number)
    if link:
        set_link(submission=submission, link=link, actor=student)
    return hand_in_work(submission=submission, actor=student, now=at)
