"""What is believed of the time that a device tells: no question can have been in view longer than the attempt has run,
and all of them together no longer than it ran until it was submitted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from assessments.models import Attempt, Response
from common.errors import DomainError

MOST_SECONDS = 2**31 - 1


def believed_seconds(attempt: Attempt, seconds: Any, now: datetime) -> int:
    """`seconds`, but no more than the attempt has run by `now`. Raises DomainError bad_seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= MOST_SECONDS:
        raise DomainError(_("“seconds” must be a whole number from 0."), "bad_seconds")
    return min(seconds, _ran(attempt, now))


def bounded_times(attempt: Attempt, responses: Iterable[Response]) -> list[Response]:
    """Of a submitted attempt: its responses with the seconds scaled down to what the attempt ran, where together they
    are more (two devices at once, or a device that lies). Returns those that changed, unsaved."""
    timed = [response for response in responses if response.seconds]
    total, ran = sum(response.seconds or 0 for response in timed), _ran(attempt, attempt.submitted_at)
    if total <= ran:
        return []
    for response in timed:
        response.seconds = (response.seconds or 0) * ran // total
    return timed


def _ran(attempt: Attempt, until: datetime | None) -> int:
    return max(0, int(((until or attempt.started_at) - attempt.started_at).total_seconds()))
