"""When something that could not be sent is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# After the first failure one minute, and so on; a fifth failure is the last.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
MAX_TRIES = len(PAUSES) + 1


def next_try(*, tries: int, now: datetime) -> datetime:
    """Not before this moment, when `tries` were made before the one that begins now."""
    return now + PAUSES[min(tries, len(PAUSES) - 1)]
