"""What evaluations does when assessments announces a fact, and about its own once they are committed."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from assessments.signals import attempt_handed_in
from evaluations.services.course_lessons import complete_by_release
from evaluations.services.opening import open_evaluation
from evaluations.signals import evaluation_released


@receiver(attempt_handed_in, dispatch_uid="evaluations.open_evaluation")
def open_for_marking(sender: object, attempt_id: UUID, **kwargs: Any) -> None:
    """Into the queue at once; should this fail, the sweep does it within a minute."""
    open_evaluation(attempt_id=attempt_id, now=timezone.now())


@receiver(evaluation_released, dispatch_uid="evaluations.complete_by_release")
def complete_lessons(sender: object, evaluation_id: UUID, **kwargs: Any) -> None:
    """Lessons of courses that ask for this paper to be passed; should this fail, the sweep does it."""
    complete_by_release(evaluation_id=evaluation_id, now=timezone.now())
