"""Lessons of courses that ask for a written paper to be passed are done when the marked paper is back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from assessments.models import Exam
from assessments.services.course_lessons import (
    EXAM_KINDS,
    complete_exam_lessons,
    complete_found,
    exams_telling,
    share_of,
)
from courses.enums import CompletionRule
from courses.selectors.courses import undone_targets
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation


def complete_by_release(*, evaluation_id: UUID, now: datetime) -> int:
    """Completes the lessons that lead to the exam of a released record, if it is passed. Repeatable."""
    rows = Evaluation.objects.records().filter(pk=evaluation_id, state=EvaluationState.RELEASED)
    record = rows.select_related("attempt__exam", "attempt__student").first()
    if record is None or record.total_marks is None or record.attempt.exam.is_rehearsal:
        return 0
    exam = record.attempt.exam
    enough = record.total_marks * 100 >= record.max_marks * exam.pass_percent
    passed = enough and exam.pk in exams_telling([exam], now)
    return complete_exam_lessons(exam_id=exam.pk, student=record.attempt.student, passed=passed, now=now)


def complete_missed_passes(*, now: datetime) -> int:
    """Completes what a lost delivery left undone, and what may be told since. Returns how many lessons."""
    rows = undone_targets(EXAM_KINDS).filter(completion=CompletionRule.PASSED)
    telling = exams_telling(Exam.objects.counted().filter(pk__in=rows.order_by().values("target")), now)
    passed = Evaluation.objects.records().filter(
        attempt__exam=OuterRef("target"),
        attempt__student=OuterRef("student"),
        state=EvaluationState.RELEASED,
        total_marks__gte=share_of("max_marks", "attempt__exam__pass_percent"),
    )
    return complete_found(rows.filter(Exists(passed), target__in=telling), now)
