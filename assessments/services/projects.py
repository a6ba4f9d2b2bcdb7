"""Projects as their teachers write them: the task, the rubric, when it is due and what being late costs.

Behind a project is a published exam of purpose project with a paper of one question, whose scheme is the rubric; so the
desk, the promise, results and everything after them are those of any paper (ADR 0037).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import CognitiveLevel, ExamPurpose, QuestionState, QuestionType
from assessments.models import Attempt, Exam, Paper, PaperQuestion, Project, Question
from assessments.models.exams import NO_LIMIT_MINUTES
from assessments.services.exams import exam_problems, save_exam
from assessments.services.questions import QuestionContent, content_of, create_question, normalised
from assessments.services.rubrics import Criterion, criteria_problems, rubric_content
from common.errors import DomainError
from courses.enums import LessonKind
from courses.models import Chapter, CourseFile, Lesson, LessonDraft, TeachingQualification
from courses.services.checks import require_teaching
from courses.services.lesson_drafts import publish_lesson, save_draft

RECORDED = ("due_at", "takes_files", "takes_link", "late_percent", "late_cap", "revisions")


@dataclass(frozen=True)
class ProjectPlan:
    """A project as its author writes it. `text` and `notes` (for the markers alone) are Markdown + TeX; `closes_at`
    None: taken for a year after the due moment."""

    text: str
    chapter: Chapter
    criteria: tuple[Criterion, ...]
    due_at: datetime
    closes_at: datetime | None = None
    takes_files: bool = True
    takes_link: bool = False
    late_percent: int = 10
    late_cap: int = 100
    revisions: int = 1
    pass_percent: int = 50
    notes: str = ""


def save_project(
    *, lesson: Lesson, plan: ProjectPlan, files: Collection[CourseFile], publish: bool, actor: User, now: datetime
) -> Project:
    """Makes the project of a lesson or changes it; with `publish` the lesson is out with it.

    Once somebody has handed in, the task and the rubric stand; dates, costs and revisions may still change, and what
    was handed in before keeps its own. Raises DomainError with a sentence, and those of questions, lessons and exams.
    """
    require_teaching(lesson.module.course, actor)
    _check(lesson, plan)
    with transaction.atomic():
        locked = Lesson.objects.select_for_update(of=("self",)).select_related("module__course").get(pk=lesson.pk)
        project = Project.objects.select_related("exam__paper").filter(lesson=locked).first()
        exam = project.exam if project else Exam(purpose=ExamPurpose.PROJECT, opens_at=now)
        exam.paper = _paper(locked, plan, project, actor, now)
        _set_exam(exam, locked, plan, is_published=exam.is_published or publish)
        save_exam(exam=exam, actor=actor, now=now)
        project = _save(project or Project(exam=exam, lesson=locked), plan, actor, now)
        project.files.set(files)
        _point(locked, project, publish, actor, now)
    return project


def _check(lesson: Lesson, plan: ProjectPlan) -> None:
    course = lesson.module.course
    if lesson.kind != LessonKind.PROJECT:
        raise DomainError(_("This lesson is not a project."), "not_a_project")
    if problems := list(criteria_problems(list(plan.criteria))):
        raise DomainError(" ".join(problems), "rubric_invalid", problems=problems)
    if not (plan.takes_files or plan.takes_link):
        raise DomainError(_("Say what may be handed in: files, a link, or both."), "takes_nothing")
    if plan.closes_at is not None and plan.closes_at < plan.due_at:
        raise DomainError(_("Work is taken at least until it is due."), "window")
    programme = plan.chapter.unit.programme_id
    markers = TeachingQualification.objects.filter(programme=programme, teacher__teaching__course=course)
    if not markers.exists():
        message = _("Nobody who teaches this course may mark %(programme)s. Ask the staff to set a teacher up for it.")
        raise DomainError(message % {"programme": plan.chapter.unit.programme}, "no_marker")


def _set_exam(exam: Exam, lesson: Lesson, plan: ProjectPlan, *, is_published: bool) -> None:
    fields: dict[str, Any] = {
        "programme_id": plan.chapter.unit.programme_id,
        "title": lesson.title,
        "duration_minutes": NO_LIMIT_MINUTES,
        "max_attempts": None,
        "pass_percent": plan.pass_percent,
        "hide_names": False,
        "is_published": is_published,
        "closes_at": plan.closes_at,
    }
    for name, value in fields.items():
        setattr(exam, name, value)
    if exam.closes_at is not None and exam.closes_at <= exam.opens_at:
        raise DomainError(_("Work is taken until a moment that is still to come."), "window")
    if problems := exam_problems(exam):
        raise DomainError(" ".join(problems), "exam_invalid", problems=problems)


def _paper(lesson: Lesson, plan: ProjectPlan, project: Project | None, actor: User, now: datetime) -> Paper:
    """The paper that says this; the standing one where nothing of it is different."""
    content = normalised(
        QuestionContent(
            difficulty=3,
            cognitive_level=CognitiveLevel.CREATE,
            text=plan.text,
            model_answer=plan.notes,
            **rubric_content(plan.criteria),
        )
    )
    if project is not None and project.exam.paper is not None:
        standing = project.exam.paper
        version = standing.questions.select_related("version__question").get().version
        if content_of(version) == content and version.question.chapter_id == plan.chapter.pk:
            return standing
        if Attempt.objects.filter(exam=project.exam).exists():
            raise DomainError(_("Students have begun this project: its task and its rubric stand."), "project_in_use")
    question = create_question(
        chapter=plan.chapter, type=QuestionType.FILE_UPLOAD, content=content, author=actor, now=now
    )
    # Of this lesson alone: no draw of a paper may meet it.
    Question.objects.filter(pk=question.pk).update(state=QuestionState.RETIRED)
    return _frozen(lesson, question, content.marks, now)


def _frozen(lesson: Lesson, question: Question, marks: Decimal, now: datetime) -> Paper:
    paper = Paper.objects.create(
        programme_id=question.chapter.unit.programme_id,
        title=lesson.title,
        seed=0,
        sections=[{"label": "A", "title": lesson.title, "instruction": ""}],
        total_marks=marks,
        written_marks=marks,
        frozen_at=now,
    )
    assert question.current is not None
    PaperQuestion.objects.create(
        paper=paper,
        section="A",
        number=1,
        version=question.current,
        type=question.type,
        marks=marks,
        is_written=True,
    )
    return paper


def _save(project: Project, plan: ProjectPlan, actor: User, now: datetime) -> Project:
    known = Project.objects.filter(pk=project.pk).first()
    for name in RECORDED:
        setattr(project, name, getattr(plan, name))
    project.save()
    before = {name: getattr(known, name) for name in RECORDED} if known else {}
    after = {name: getattr(project, name) for name in RECORDED}
    changed = [name for name in RECORDED if not known or before[name] != after[name]]
    if changed:
        record_event(
            actor=actor,
            action="project.changed" if known else "project.created",
            obj=project,
            before={name: before[name] for name in changed if known},
            after={name: after[name] for name in changed},
            now=now,
        )
    return project


def _point(lesson: Lesson, project: Project, publish: bool, actor: User, now: datetime) -> None:
    """The lesson leads to its project."""
    draft = LessonDraft.objects.filter(lesson=lesson).first()
    data = (dict(draft.data) if draft else {}) | {"target": str(project.pk)}
    draft = save_draft(lesson=lesson, data=data, seen=draft.version if draft else 0, actor=actor, now=now)
    if publish:
        publish_lesson(lesson=lesson, data=dict(draft.data), seen=draft.version, actor=actor, now=now)
