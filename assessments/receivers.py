"""What assessments does about its own facts, once they are committed: lessons of courses that led there are done, and
pathfinders that did are told the score."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from assessments.services.course_lessons import complete_by_attempt, complete_by_result
from assessments.services.pathfinders import tell_by_attempt, tell_by_result
from assessments.signals import attempt_handed_in, external_result_received


@receiver(attempt_handed_in, dispatch_uid="assessments.complete_by_attempt")
def complete_lessons(sender: object, attempt_id: UUID, **kwargs: Any) -> None:
    """At once; should this fail, the sweep does it within ten minutes."""
    complete_by_attempt(attempt_id=attempt_id, now=timezone.now())


@receiver(external_result_received, dispatch_uid="assessments.complete_by_result")
def complete_external_lessons(sender: object, result_id: UUID, **kwargs: Any) -> None:
    complete_by_result(result_id=result_id, now=timezone.now())


@receiver(attempt_handed_in, dispatch_uid="assessments.tell_by_attempt")
def tell_pathfinders(sender: object, attempt_id: UUID, **kwargs: Any) -> None:
    """At once; should this fail, the sweep does it within ten minutes."""
    tell_by_attempt(attempt_id=attempt_id, now=timezone.now())


@receiver(external_result_received, dispatch_uid="assessments.tell_by_result")
def tell_pathfinders_of_result(sender: object, result_id: UUID, **kwargs: Any) -> None:
    tell_by_result(result_id=result_id, now=timezone.now())
