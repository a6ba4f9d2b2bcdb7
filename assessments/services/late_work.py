"""What late work loses. Pure: no database.

For each day that has begun since the due moment the project takes so many per cent of all its marks off, up to its cap.
A day is 24 hours. What is taken off comes in halves, rounded down, so that rounding is never to the student's loss; and
a total never falls below 0 (evaluations.selectors.totals.settled_total).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from common.models import HALF

DAY = timedelta(days=1)


def days_late(*, due_at: datetime, handed_in_at: datetime) -> int:
    """Begun days since the due moment; 0 in time, and at the moment itself."""
    return max(0, -((due_at - handed_in_at) // DAY))


def percent_off(*, days: int, daily: int, cap: int) -> int:
    """Per cent of all marks."""
    return min(days * daily, cap)


def marks_off(*, maximum: Decimal, percent: int) -> Decimal:
    """In halves, rounded down."""
    return maximum * percent / 100 // HALF * HALF
