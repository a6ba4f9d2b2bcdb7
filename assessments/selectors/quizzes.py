"""How quizzes went: the best attempt counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.enums import AttemptState
from assessments.models import Attempt, Exam
from assessments.selectors.attempts import best_first

# From so many per cent so many stars; whoever finished has one.
STARS = ((100, 5), (80, 4), (60, 3), (40, 2))
FEWEST_STARS = 1
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


def best_quiz_result(*, exam: Exam, student: Any) -> QuizResult | None:
    """The best attempt of `student` at the quiz, whether or not it is shown to them yet. One query."""
    rows = Attempt.objects.filter(exam=exam, student=student).exclude(state=AttemptState.CANCELLED)
    best = best_first(rows).first()
    return result_of(best, exam) if best else None
