"""Lessons of courses that lead to an exam or to an external assessment are done when it is.

“Submitted” is handed in, “passed” is `pass_percent` of the exam by the best attempt, and counts from when the student
may see the marks: a lesson that is done gives away that it was passed. Papers with written answers are passed in
evaluations (services.course_lessons there), which knows their marks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import DecimalField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.expressions import CombinedExpression

from accounts.models import User
from assessments.enums import AttemptState, RevealItem
from assessments.models import Attempt, Exam, ExternalResult
from assessments.selectors.quizzes import result_of
from assessments.selectors.reveal import shown_by_exam
from courses.enums import CompletionRule, LessonKind
from courses.selectors.courses import undone_targets
from courses.services.progress import complete_target

#: Kinds of lessons that lead to an exam.
EXAM_KINDS = (LessonKind.QUIZ, LessonKind.PROJECT)
#: Lessons that one run of the sweep completes; the rest waits for the next.
BATCH = 500


def complete_by_attempt(*, attempt_id: UUID, now: datetime) -> int:
    """Completes what this attempt does. Repeatable; returns how many lessons are done by it. Rehearsals do nothing."""
    rows = Attempt.objects.counted().select_related("exam", "paper", "student")
    attempt = rows.filter(pk=attempt_id, state=AttemptState.HANDED_IN).first()
    if attempt is None:
        return 0
    result = None if attempt.paper.written_marks else result_of(attempt, attempt.exam)
    passed = bool(result and result.passed) and attempt.exam_id in exams_telling([attempt.exam], now)
    return complete_exam_lessons(exam_id=attempt.exam_id, student=attempt.student, passed=passed, now=now)


def complete_by_result(*, result_id: UUID, now: datetime) -> int:
    """Completes what this result of an external assessment does. Repeatable."""
    result = ExternalResult.objects.select_related("launch__assessment", "launch__student").get(pk=result_id)
    assessment = result.launch.assessment
    done = complete_target(
        kind=LessonKind.EXTERNAL,
        target=assessment.pk,
        student=result.launch.student,
        passed=result.score * 100 >= result.max_score * assessment.pass_percent,
        now=now,
    )
    return len(done)


def complete_missed_lessons(*, now: datetime) -> int:
    """Completes what a lost delivery left undone, also of those who handed in before they enrolled, and of those whose
    marks have been shown since. Returns how many lessons."""
    handed_in = Attempt.objects.counted().filter(
        exam=OuterRef("target"), student=OuterRef("student"), state=AttemptState.HANDED_IN
    )
    passed = handed_in.filter(
        paper__written_marks=0,
        objective_max__gt=0,
        objective_marks__gte=share_of("objective_max", "exam__pass_percent"),
    )
    rows = undone_targets(EXAM_KINDS)
    telling = exams_telling(Exam.objects.filter(pk__in=rows.order_by().values("target")), now)
    by_passing = Q(Exists(passed), completion=CompletionRule.PASSED, target__in=telling)
    found = rows.filter(Q(Exists(handed_in), completion=CompletionRule.SUBMITTED) | by_passing)
    return complete_found(found, now) + _complete_external(now)


def complete_exam_lessons(*, exam_id: UUID, student: User, passed: bool, now: datetime) -> int:
    """Completes the lessons that lead to an exam which was handed in; returns how many are done."""
    done = [complete_target(kind=kind, target=exam_id, student=student, passed=passed, now=now) for kind in EXAM_KINDS]
    return sum(map(len, done))


def complete_found(lessons: QuerySet[Any, Any], now: datetime) -> int:
    """Completes lessons of `undone_targets` that are earned, at most BATCH; returns how many."""
    found = list(lessons.values_list("kind", "target", "student", "completion")[:BATCH])
    people = User.objects.in_bulk({row[2] for row in found})
    for kind, target, student, completion in found:
        # What is found because it was handed in must not complete another lesson that asks for more.
        passed = completion == CompletionRule.PASSED
        complete_target(kind=kind, target=target, student=people[student], passed=passed, now=now)
    return len(found)


def exams_telling(exams: Iterable[Exam], now: datetime) -> set[UUID]:
    """Those of `exams` whose students may see their marks by now."""
    return {pk for pk, shown in shown_by_exam(exams, now).items() if RevealItem.MARKS in shown}


def share_of(whole: str, percent: str) -> ExpressionWrapper[CombinedExpression]:
    """So many per cent of a column, exactly."""
    exact: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=4)
    return ExpressionWrapper(F(whole) * F(percent) / Decimal(100), output_field=exact)


def _complete_external(now: datetime) -> int:
    results = ExternalResult.objects.filter(launch__assessment=OuterRef("target"), launch__student=OuterRef("student"))
    passed = results.filter(score__gte=share_of("max_score", "launch__assessment__pass_percent"))
    found = undone_targets([LessonKind.EXTERNAL]).filter(
        Q(Exists(results), completion=CompletionRule.SUBMITTED) | Q(Exists(passed), completion=CompletionRule.PASSED)
    )
    return complete_found(found, now)
