"""Who may have papers of an exam now: practised where the exam asks for it, and not paused. The one place that says so.

`conflicts` asks here, and by that assignment, claims, pulling, moves by hand and in bulk, the ladder, second markings,
re-marks, moderation and the forecast. Staff and the exam's moderators agree on the reference marks, so they have
nothing to practise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from assessments.enums import ExamPurpose
from assessments.models import Exam, Project
from courses.models import CourseTeacher, TeachingQualification
from evaluations.enums import CLEARED, Conflict, EvaluationState
from evaluations.models import Evaluation, ExamChecks, MarkerStanding, QuestionMark


def not_eligible(exams: Collection[UUID]) -> dict[UUID, dict[UUID, str]]:
    """By exam: the teachers who must not have its papers now, and why. One query where no exam asks for anything, else
    four."""
    of_exam = MarkerStanding.objects.filter(checks=OuterRef("pk"), paused_at__isnull=False)
    asking = ExamChecks.objects.filter(Q(practice_papers__gt=0) | Exists(of_exam), pk__in=list(exams))
    of_concern = Q(checks__in=asking.values("pk")) | Q(purpose=ExamPurpose.PROJECT)
    rows = Exam.objects.filter(of_concern, pk__in=list(exams)).select_related("checks", "project__lesson__module")
    found: dict[UUID, dict[UUID, str]] = {row.pk: {} for row in rows}
    if projects := [row.project for row in rows if row.is_project]:
        _keep_to_courses(projects, found)
    if checks := {row.pk: row.checks for row in rows if hasattr(row, "checks")}:
        _keep_to_practised(checks, found)
    return found


def _keep_to_courses(projects: Collection[Project], found: dict[UUID, dict[UUID, str]]) -> None:
    """Work of a course is marked by those who teach it. Two queries."""
    courses = {one.pk: one.lesson.module.course_id for one in projects}
    teaching = set(CourseTeacher.objects.filter(course__in=courses.values()).values_list("course_id", "teacher_id"))
    programmes: dict[UUID, list[UUID]] = defaultdict(list)
    for one in projects:
        programmes[one.exam.programme_id].append(one.pk)
    for row in TeachingQualification.objects.filter(programme__in=list(programmes)):
        for exam in programmes[row.programme_id]:
            if (courses[exam], row.teacher_id) not in teaching:
                found[exam][row.teacher_id] = Conflict.COURSE


def _keep_to_practised(rows: Mapping[UUID, ExamChecks], found: dict[UUID, dict[UUID, str]]) -> None:
    """Three queries."""
    standings = list(MarkerStanding.objects.filter(checks__in=list(rows)))
    cleared = {(one.checks_id, one.teacher_id) for one in standings if one.state in CLEARED}
    cleared |= set(
        ExamChecks.moderators.through.objects.filter(examchecks__in=list(rows)).values_list("examchecks_id", "user_id")
    )
    for key, teacher in _teachers(row for row in rows.values() if row.practice_papers):
        if (key, teacher) not in cleared:
            found[key][teacher] = Conflict.PRACTICE
    for one in standings:
        if one.paused_at is not None:
            found[one.checks_id][one.teacher_id] = Conflict.PAUSED


def barred_exams(teacher: User) -> QuerySet[Any]:
    """The ids of the exams of which the teacher must not have papers now, as a subquery."""
    own = MarkerStanding.objects.filter(checks=OuterRef("pk"), teacher=teacher)
    barred = Q(Exists(own.filter(paused_at__isnull=False)))
    if not teacher.is_staff:
        named = ExamChecks.moderators.through.objects.filter(examchecks=OuterRef("pk"), user=teacher)
        barred |= Q(practice_papers__gt=0) & ~Exists(own.filter(state__in=CLEARED)) & ~Exists(named)
    own_course = CourseTeacher.objects.filter(course=OuterRef("project__lesson__module__course"), teacher=teacher)
    others_project = Q(purpose=ExamPurpose.PROJECT) & ~Exists(own_course)
    checked = ExamChecks.objects.filter(barred).order_by().values("pk")
    return Exam.objects.filter(Q(pk__in=checked) | others_project).order_by().values("pk")


def barrier_of(exam: UUID, teacher: User) -> str:
    """Why the teacher must not have papers of the exam now, or "". Locks the teacher's standing, so that a pause and a
    claim come one after the other. Call it in a transaction. Two queries, one more where they must not."""
    standing = MarkerStanding.objects.select_for_update().filter(checks=exam, teacher=teacher).first()
    if not barred_exams(teacher).filter(pk=exam).exists():
        return ""
    if standing is not None and standing.paused_at is not None:
        return Conflict.PAUSED
    asked = ExamChecks.objects.filter(pk=exam, practice_papers__gt=0).exists()
    return Conflict.PRACTICE if asked else Conflict.COURSE


def unbegun(rows: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """Those on which nobody has worked yet."""
    marked = QuestionMark.objects.filter(evaluation=OuterRef("pk"))
    return rows.filter(~Exists(marked), active_seconds=0, finalised_at=None)


def held_by_barred() -> QuerySet[Evaluation]:
    """Papers that are with a teacher who must not begin them, and have not: given before it was so."""
    of_exam = {"checks": OuterRef("attempt__exam"), "teacher": OuterRef("teacher")}
    own = MarkerStanding.objects.filter(**of_exam)
    asks = ExamChecks.objects.filter(pk=OuterRef("attempt__exam"), practice_papers__gt=0)
    named = ExamChecks.moderators.through.objects.filter(examchecks=OuterRef("attempt__exam"), user=OuterRef("teacher"))
    unpractised = Exists(asks) & ~Exists(own.filter(state__in=CLEARED)) & ~Exists(named) & Q(teacher__is_staff=False)
    rows = Evaluation.objects.filter(
        Exists(own.filter(paused_at__isnull=False)) | unpractised, state=EvaluationState.ASSIGNED
    )
    return unbegun(rows)


def _teachers(asking: Iterable[ExamChecks]) -> Iterable[tuple[UUID, UUID]]:
    """Of these exams, each with whoever is qualified for it and is not of the staff."""
    exams: dict[UUID, list[UUID]] = defaultdict(list)
    for row in asking:
        exams[row.exam.programme_id].append(row.pk)
    rows = TeachingQualification.objects.filter(programme__in=list(exams), teacher__is_staff=False) if exams else ()
    return [(exam, row.teacher_id) for row in rows for exam in exams[row.programme_id]]
