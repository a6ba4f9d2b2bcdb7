"""Turns at the opening of an exam: of a large batch that starts in the same second, each begins a few seconds apart.

Nobody's time is shortened: the time for writing counts from the moment an attempt begins. Pure: no database.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

# Starting is the dearest request of an exam; so many a second one web process with its database carries with ease.
STARTS_A_SECOND = 20
MOST = timedelta(seconds=8)


def turn_of(*, exam_id: UUID, student_id: UUID, opens_at: datetime, crowd: int) -> datetime:
    """From when this student may begin: a moment of their own within the seconds that `crowd` (how many the exam is set
    for) asks for, the same however often they press; a batch that is done within a second has no turns."""
    spread = min(MOST, timedelta(seconds=crowd / STARTS_A_SECOND))
    if spread <= timedelta(seconds=1):
        return opens_at
    digest = hashlib.sha256(f"turn:{exam_id}:{student_id}".encode()).digest()
    return opens_at + spread * (int.from_bytes(digest[:4]) / 2**32)
