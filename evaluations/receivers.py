"""What evaluations does when assessments announces a fact."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from assessments.signals import attempt_handed_in
from evaluations.services.opening import open_evaluation


@receiver(attempt_handed_in, dispatch_uid="evaluations.open_evaluation")
def open_for_marking(sender: object, attempt_id: UUID, **kwargs: Any) -> None:
    """Into the queue at once; should this fail, the sweep does it within a minute."""
    open_evaluation(attempt_id=attempt_id, now=timezone.now())
