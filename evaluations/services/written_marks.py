"""What the item statistics of the bank learn from marked papers."""

from __future__ import annotations

from decimal import Decimal

from assessments.models import Attempt
from assessments.services.item_statistics import note_written_marks, rebuild_item_statistics
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark


def objective_marks(evaluation: Evaluation) -> Decimal:
    """The marks for what a key decides, as they are now."""
    return Attempt.objects.values_list("objective_marks", flat=True).get(pk=evaluation.attempt_id) or Decimal(0)


def note_released(evaluation: Evaluation) -> None:
    """Hands the marks of a paper that goes back to its student down to the item statistics."""
    marks = QuestionMark.objects.filter(evaluation=evaluation).values_list("question_id", "marks")
    note_written_marks(attempt_id=evaluation.attempt_id, marks=dict(marks))


def rebuild_statistics() -> int:
    """Counts the item statistics again from all answers and all released marks; returns the number of attempts."""
    released = Evaluation.objects.filter(state=EvaluationState.RELEASED)
    for evaluation in released.only("attempt_id").iterator(chunk_size=500):
        note_released(evaluation)
    return rebuild_item_statistics()
