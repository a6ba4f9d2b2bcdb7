"""How long a question was in view while its student was active: told by their device, believed within bounds.

The device tells, for each question, all the seconds that it knows of: its own and those that were stored when its page
was opened. The server keeps the largest number it was told. So a message that comes twice, late, out of order or from a
second tab adds nothing, and time is at worst lost, never counted twice. The bounds: time_bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Attempt, Response
from assessments.selectors.attempts import answer_shapes
from assessments.services.attempts import require_writing
from assessments.services.submission import lock_attempt, require_student
from assessments.services.time_bounds import believed_seconds
from common.errors import DomainError


def note_times(*, attempt: Attempt, seconds: Mapping[str, Any], actor: User, now: datetime) -> dict[str, int]:
    """Keeps how long questions (by id) have been in view so far, answered or not; returns what is stored for them.

    Nothing else of a response changes, and its `seq` does not count here. Locks the attempt. Raises DomainError:
    time_up, already_submitted, unknown_question, bad_seconds.
    """
    require_student(attempt, actor)
    told = {UUID(key): believed_seconds(attempt, value, now) for key, value in _known(attempt, seconds).items()}
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        require_writing(locked, now)
        stored = dict(Response.objects.filter(attempt=locked, question__in=told).values_list("question", "seconds"))
        more = {key: value for key, value in told.items() if value > (stored.get(key) or 0)}
        Response.objects.bulk_create(
            [Response(attempt=locked, question_id=key, seconds=value, saved_at=now) for key, value in more.items()],
            update_conflicts=True,
            unique_fields=["attempt", "question"],
            update_fields=["seconds"],
        )
    return {str(key): more.get(key) or stored.get(key) or 0 for key in told}


def _known(attempt: Attempt, seconds: Mapping[str, Any]) -> dict[str, Any]:
    shapes = answer_shapes(attempt.paper_id)
    if set(seconds) - set(shapes):
        raise DomainError(_("This question is not in your paper."), "unknown_question")
    return dict(seconds)
