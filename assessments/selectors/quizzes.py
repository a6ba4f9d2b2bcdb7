"""How quizzes went: the best attempt counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.enums import AttemptState, ExamPurpose, RevealItem
from assessments.models import Attempt, Exam
from assessments.selectors.attempts import best_first
from assessments.selectors.reveal import shown_by_exam

# From so many per cent so many stars; whoever finished has one.
STARS = ((100, 5), (80, 4), (60, 3), (40, 2))
FEWEST_STARS = 1
# Of all the children of a guardian together.
LATEST_TRIES = 200
MOST_STARS = STARS[0][1]


@dataclass(frozen=True)
class QuizResult:
    """`percent` is rounded down, so that nobody reads a per cent that would have brought more stars."""

    attempt_id: UUID | None
    marks: Decimal
    maximum: Decimal
    percent: int
    stars: int
    passed: bool


@dataclass(frozen=True)
class QuizBest:
    """A quiz somebody finished: its last attempt, how many there are, and the best; None while marks are kept back."""

    last: Attempt
    tries: int
    best: QuizResult | None


def stars_for(percent: int) -> int:
    return next((stars for least, stars in STARS if percent >= least), FEWEST_STARS)


def quiz_result(marks: Decimal, maximum: Decimal, *, pass_percent: int, attempt_id: UUID | None = None) -> QuizResult:
    """Pure; a maximum of 0 cannot be."""
    percent = max(0, int(100 * marks // maximum))
    return QuizResult(attempt_id, marks, maximum, percent, stars_for(percent), percent >= pass_percent)


def result_of(attempt: Attempt, exam: Exam) -> QuizResult | None:
    """None while it is not marked."""
    if not attempt.submitted_at or attempt.objective_marks is None or not attempt.objective_max:
        return None
    return quiz_result(
        attempt.objective_marks, attempt.objective_max, pass_percent=exam.pass_percent, attempt_id=attempt.pk
    )


def best_of(attempts: Iterable[Attempt], exam: Exam) -> QuizResult | None:
    """The best of attempts that are at hand, the earliest of equals."""
    found = [result for attempt in attempts if (result := result_of(attempt, exam))]
    return max(found, key=lambda result: (result.marks / result.maximum, -found.index(result)), default=None)


def quiz_bests(*, students: Collection[Any], reader: Any, now: datetime) -> dict[UUID, list[QuizBest]]:
    """The quizzes that each of `students` finished lately, as `reader` may know of them, by the student's id.

    The quiz tried last comes first. Two queries, one more where a quiz reveals its marks later.
    """
    rows = Attempt.objects.visible_to(reader).filter(
        student__in=students, exam__purpose=ExamPurpose.QUIZ, submitted_at__isnull=False
    )
    rows = rows.exclude(state=AttemptState.CANCELLED).select_related("exam__chapter").order_by("-submitted_at", "-pk")
    tried: dict[tuple[UUID, UUID], list[Attempt]] = defaultdict(list)
    for attempt in rows[:LATEST_TRIES]:
        tried[attempt.student_id, attempt.exam_id].append(attempt)
    shown = shown_by_exam([attempts[0].exam for attempts in tried.values()], now)
    found: dict[UUID, list[QuizBest]] = defaultdict(list)
    for (student, exam), attempts in tried.items():
        best = best_of(reversed(attempts), attempts[0].exam) if RevealItem.MARKS in shown[exam] else None
        found[student].append(QuizBest(attempts[0], len(attempts), best))
    return found


def best_quiz_result(*, exam: Exam, student: Any) -> QuizResult | None:
    """The best attempt of `student` at the quiz, whether or not it is shown to them yet. One query."""
    rows = Attempt.objects.filter(exam=exam, student=student).exclude(state=AttemptState.CANCELLED)
    best = best_first(rows).first()
    return result_of(best, exam) if best else None
