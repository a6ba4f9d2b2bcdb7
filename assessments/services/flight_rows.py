"""Lines that the server itself writes into the flight record of an attempt, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assessments.enums import FlightEvent
from assessments.models import Attempt, AttemptEvent


def note_event(
    attempt: Attempt,
    kind: FlightEvent,
    *,
    now: datetime,
    began_at: datetime | None = None,
    about: int | None = None,
    **data: Any,
) -> AttemptEvent:
    """One line; `data` is JSON."""
    event: AttemptEvent = AttemptEvent.objects.create(
        attempt=attempt, kind=kind, at=now, began_at=began_at, about=about, data=data or None
    )
    return event
