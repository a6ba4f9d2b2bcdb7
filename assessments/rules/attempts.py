"""Who may do what with exams, attempts and sheets. Written from SPEC §1, not from the querysets (a law test)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rules

from accounts.rules import guards, is_office, is_verified_teacher, never, owns
from assessments.enums import AttemptState, ExamPurpose
from assessments.models import Attempt, Exam
from assessments.rules.bank import runs_the_bank
from courses.enums import CohortRole
from courses.models import CohortMembership, Enrolment


def _cohorts(user_id: Any, role: CohortRole) -> set[Any]:
    return set(CohortMembership.objects.filter(user_id=user_id, role=role).values_list("cohort_id", flat=True))


def _exam_cohorts(exam_id: Any) -> set[Any]:
    return set(Exam.cohorts.through.objects.filter(exam_id=exam_id).values_list("cohort_id", flat=True))


@rules.predicate
def sits(user: Any, exam: Any) -> bool:
    """The exam is published for a cohort in which the person is a student; a project for who is in its course."""
    if exam is None or not user.is_authenticated or not exam.is_published:
        return False
    if exam.purpose == ExamPurpose.PROJECT:
        course = exam.project.lesson.module.course_id
        return Enrolment.objects.filter(course=course, student=user).inside().exists()
    return bool(_exam_cohorts(exam.pk) & _cohorts(user.pk, CohortRole.STUDENT))


@rules.predicate
def is_student(user: Any, obj: Any) -> bool:
    return bool(user.is_authenticated and user.is_student)


@rules.predicate
def teaches(user: Any, attempt: Any) -> bool:
    """Teaches a cohort that the exam was set for, and a cohort that the student is in."""
    if attempt is None or not is_verified_teacher(user):
        return False
    taught = _cohorts(user.pk, CohortRole.TEACHER)
    if not taught & _exam_cohorts(attempt.exam_id):
        return False
    return bool(taught & _cohorts(attempt.student_id, CohortRole.STUDENT))


@rules.predicate
def is_guardian(user: Any, obj: Any) -> bool:
    """Of anybody: known without a query."""
    return bool(user.is_authenticated and user.is_guardian)


@rules.predicate
def is_rehearsal(user: Any, exam: Any) -> bool:
    return exam is not None and exam.purpose == ExamPurpose.REHEARSAL


@rules.predicate
def is_rehearsed(user: Any, attempt: Any) -> bool:
    return attempt is not None and bool(is_rehearsal.test(user, attempt.exam))


# Nobody meets a rehearsal among the exams; whoever rehearses has the attempt.
view_exam = (is_office | is_verified_teacher | sits) & ~is_rehearsal
sits_it = owns("student_id")
view_attempt = sits_it | is_office | (guards("student_id") & ~is_rehearsed) | teaches


@rules.predicate
def is_running(user: Any, attempt: Any) -> bool:
    return bool(attempt is not None and attempt.state == AttemptState.IN_PROGRESS)


# Nobody who could help reads the questions and answers while they are being written.
read_attempt = view_attempt & (~is_running | sits_it | is_office)


def _read_with(attempt_of: Callable[[Any], Attempt]) -> rules.Predicate:
    """Whoever may read the attempt may see what belongs to it."""

    @rules.predicate
    def readable(user: Any, obj: Any) -> bool:
        return obj is not None and bool(read_attempt(user, attempt_of(obj)))

    return readable


@rules.predicate
def _sits_it_too(user: Any, project: Any) -> bool:
    return project is not None and bool(sits(user, project.exam))


@rules.predicate
def _view_its_exam(user: Any, project: Any) -> bool:
    return project is not None and bool(view_exam(user, project.exam))


# model: (view, add, change). Nothing of an exam that was sat is ever deleted by a person.
TABLE: dict[str, tuple[rules.Predicate, rules.Predicate, rules.Predicate]] = {
    "exam": (view_exam, is_office, is_office),
    "attempt": (view_attempt, never, is_office),
    "response": (_read_with(lambda response: response.attempt), never, never),
    "try": (_read_with(lambda row: row.attempt), never, never),
    "attemptevent": (is_office, never, never),
    "sheetupload": (_read_with(lambda upload: upload.attempt), never, never),
    "sheetpage": (_read_with(lambda page: page.upload.attempt), never, never),
    "phonelink": (_read_with(lambda link: link.attempt), never, never),
    "project": (_view_its_exam, never, never),
    "submission": (_read_with(lambda row: row.attempt), never, never),
    "pagequestion": (_read_with(lambda tag: tag.page.upload.attempt), never, never),
}

for model, (view, add, change) in TABLE.items():
    rules.add_perm(f"assessments.view_{model}", view)
    rules.add_perm(f"assessments.add_{model}", add)
    rules.add_perm(f"assessments.change_{model}", change)
    rules.add_perm(f"assessments.delete_{model}", never)

# Asked of an attempt that the person may read: students and guardians see what its exam reveals by now, others all.
is_family = sits_it | (is_guardian & guards("student_id"))
rules.add_perm("assessments.see_unrevealed", is_office | (is_verified_teacher & (~is_family | teaches)))
rules.add_perm("assessments.start_exam", is_student & sits)
# Whether now, and how often, services decide.
rules.add_perm("assessments.hand_in_project", is_student & _sits_it_too)
rules.add_perm("assessments.read_attempt", read_attempt)
rules.add_perm("assessments.answer_attempt", sits_it)

rules.add_perm("assessments.rehearse_exam", runs_the_bank)
rules.add_perm("assessments.rehearse_paper", runs_the_bank)
rules.add_perm("assessments.move_clock", sits_it & is_rehearsed)
