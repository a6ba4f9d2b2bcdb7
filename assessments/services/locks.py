"""Locks that are about no row. On SQLite, where the one writer is lock enough, they do nothing.

Taken inside a transaction and kept until it ends.
"""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """Any numbers that no other advisory lock of the project uses."""

    KEYS = 4_201_978  # shared by whoever marks by a key, alone for whoever corrects one
    STATISTICS = 4_201_979  # whoever writes the sums of the item statistics


def hold(lock: Lock, *, shared: bool = False) -> None:
    """Waits for the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
            cursor.execute(f"SELECT {function}(%s)", [lock.value])


def is_free(lock: Lock) -> bool:
    """Takes the lock alone if nobody has it; returns whether it did."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock.value])
        row: tuple[bool] = cursor.fetchone()
        return row[0]
