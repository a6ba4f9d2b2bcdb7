"""What the clock does when a student does not: submit at the deadline, hand in when the sheets' time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from assessments.enums import AttemptState, UploadState
from assessments.models import Attempt, SheetUpload
from assessments.services.hand_in import hand_in
from assessments.services.submission import NETWORK_GRACE, finish_writing, lock_attempt
from assessments.services.submissions import is_empty

log = structlog.get_logger(__name__)

# Sheets announced in time may arrive this much after `sheets_due_at`.
ARRIVAL_GRACE = timedelta(minutes=60)


def close_overdue_attempts(*, now: datetime) -> int:
    """Submits every attempt whose time is up, with what was saved; returns how many this call submitted.

    Each in its own transaction; an attempt that somebody else holds is left to them, so any number may run at once.
    """
    overdue = Attempt.objects.live().filter(ends_at__lte=now - NETWORK_GRACE).order_by("ends_at")

    def close(attempt: Attempt) -> bool:
        if attempt.state != AttemptState.IN_PROGRESS or attempt.ends_at > now - NETWORK_GRACE:
            return False
        finish_writing(attempt, now=now)
        return True

    return _each(overdue.values_list("pk", flat=True), close)


def hand_in_overdue_sheets(*, now: datetime) -> int:
    """Hands in submitted attempts at `sheets_due_at` when no announced sheet is still on its way, else an hour later.

    Returns how many this call handed in. Pages without tags stay untagged; what never arrived is refused.
    """
    on_its_way = SheetUpload.objects.filter(attempt=OuterRef("pk"), state=UploadState.INTENDED)
    due = (
        Attempt.objects.filter(state=AttemptState.SUBMITTED, sheets_due_at__lte=now)
        .filter(Q(sheets_due_at__lte=now - ARRIVAL_GRACE) | ~Exists(on_its_way))
        .order_by("sheets_due_at")
    )

    def close(attempt: Attempt) -> bool:
        if attempt.state != AttemptState.SUBMITTED or attempt.sheets_due_at > now:
            return False
        if attempt.exam.is_project and is_empty(attempt):
            # Begun, and nothing put in: nothing was handed in.
            attempt.state = AttemptState.CANCELLED
            attempt.save(update_fields=["state"])
            return True
        hand_in(attempt, late=UploadState.REFUSED, now=now)
        return True

    return _each(due.values_list("pk", flat=True), close)


def _each(ids: Iterable[UUID], close: Callable[[Attempt], bool]) -> int:
    """Calls `close` on each attempt, locked; one that fails is logged and does not hold up the others."""
    closed = 0
    for attempt_id in list(ids):
        try:
            with transaction.atomic():
                closed += close(lock_attempt(attempt_id, skip_locked=True))
        except Attempt.DoesNotExist:
            continue
        except Exception:
            log.exception("overdue_attempt_failed", attempt_id=str(attempt_id))
    return closed
