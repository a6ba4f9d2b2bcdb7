"""Attempts and results of other systems that a pathfinder of courses reads: it is told the score, once.

A score counts from when the student may see the marks, since a recommendation gives it away.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import OuterRef, Subquery

from assessments.enums import AttemptState
from assessments.models import Attempt, ExternalResult
from assessments.services.course_lessons import BATCH, exams_telling
from courses.enums import PathfinderKind
from courses.selectors.pathfinders import waiting_runs
from courses.services.pathfinders import take_score


def tell_by_attempt(*, attempt_id: UUID, now: datetime) -> int:
    """Tells the pathfinders that lead to this exam; returns how many were answered. Rehearsals tell nothing."""
    rows = Attempt.objects.counted().select_related("exam", "paper", "student")
    attempt = rows.filter(pk=attempt_id, state=AttemptState.HANDED_IN, paper__written_marks=0).first()
    if attempt is None or not attempt.objective_max or attempt.objective_marks is None:
        return 0
    if attempt.exam_id not in exams_telling([attempt.exam], now):
        return 0
    told = take_score(
        kind=PathfinderKind.QUIZ,
        target=attempt.exam_id,
        student=attempt.student,
        score=max(attempt.objective_marks, Decimal(0)),
        out_of=attempt.objective_max,
        source=attempt.pk,
        now=now,
    )
    return len(told)


def tell_by_result(*, result_id: UUID, now: datetime) -> int:
    """Tells the pathfinders that lead to the assessment of this result."""
    result = ExternalResult.objects.select_related("launch__student").get(pk=result_id)
    told = take_score(
        kind=PathfinderKind.EXTERNAL, target=result.launch.assessment_id, student=result.launch.student,
        score=result.score, out_of=result.max_score, source=result.pk, now=now,
    )  # fmt: skip
    return len(told)


def tell_missed_scores(*, now: datetime) -> int:
    """Tells what a lost delivery left untold, and what may be shown since, to those who have begun a pathfinder and
    wait; returns how many pathfinders were answered."""
    attempts = Attempt.objects.counted().filter(
        exam=OuterRef("target"), student=OuterRef("student"), handed_in_at__gte=OuterRef("begun_at"),
        state=AttemptState.HANDED_IN, paper__written_marks=0, objective_max__gt=0,
    )  # fmt: skip
    results = ExternalResult.objects.filter(
        launch__assessment=OuterRef("target"), launch__student=OuterRef("student"),
        received_at__gte=OuterRef("begun_at"),
    )  # fmt: skip
    by_quiz = waiting_runs(PathfinderKind.QUIZ).annotate(found=Subquery(attempts.order_by("pk").values("pk")[:1]))
    by_tool = waiting_runs(PathfinderKind.EXTERNAL).annotate(found=Subquery(results.order_by("pk").values("pk")[:1]))
    told = 0
    for attempt_id in by_quiz.filter(found__isnull=False).values_list("found", flat=True)[:BATCH]:
        told += tell_by_attempt(attempt_id=attempt_id, now=now)
    for result_id in by_tool.filter(found__isnull=False).values_list("found", flat=True)[:BATCH]:
        told += tell_by_result(result_id=result_id, now=now)
    return told
