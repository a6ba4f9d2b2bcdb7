"""What the broker does to its table. Every function is safe against any number of other processes doing the same.

Times are seconds since the epoch (float), passed in as `now`. All statements run on the default database connection
of the calling thread, so a message put inside `transaction.atomic()` exists only if that transaction commits.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from common.broker.models import QueueMessage

logger = logging.getLogger(__name__)

BELL_CHANNEL = "broker_bell"
#: Rows named in one statement; SQLite refuses more than 999 parameters in old builds.
CHUNK = 400

State = QueueMessage.State


@dataclass(frozen=True, slots=True)
class Lease:
    """One delivery of one message; `token` is the only key that can acknowledge or prolong it."""

    id: int
    queue: str
    token: str
    body: str
    deliveries: int


def put_message(*, queue: str, body: str, priority: int) -> int:
    """Add a message and ring the bell of waiting consumers when the surrounding transaction commits; return its id."""
    with transaction.atomic(savepoint=False):
        message = QueueMessage.objects.create(queue=queue, body=body, priority=priority)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [BELL_CHANNEL])
    return message.pk


def lease_message(*, queue: str, lease_seconds: float, now: float) -> Lease | None:
    """Take the first ready message of the queue for `lease_seconds`, or return None when there is none.

    Order: lowest priority number, then oldest. Two callers never get the same message.
    """
    if connection.vendor == "sqlite" and not _has_ready(queue):
        return None  # a read needs no lock; an UPDATE would take the one write lock of the file for nothing
    token = uuid.uuid4().hex
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_lease_statement(), [token, now + lease_seconds, queue])
        row = cursor.fetchone()
    return Lease(id=row[0], queue=queue, token=token, body=row[1], deliveries=row[2]) if row else None


def _lease_statement() -> str:
    table = connection.ops.quote_name(QueueMessage._meta.db_table)
    skip_locked = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    return (
        f"UPDATE {table} SET state = 'leased', token = %s, visible_at = %s, deliveries = deliveries + 1 "  # noqa: S608
        f"WHERE id = (SELECT id FROM {table} WHERE queue = %s AND state = 'ready' "
        f"ORDER BY priority, id LIMIT 1 {skip_locked}) RETURNING id, body, deliveries"
    )


def _has_ready(queue: str) -> bool:
    return QueueMessage.objects.filter(queue=queue, state=State.READY).exists()


def acknowledge_message(*, message_id: int, token: str) -> bool:
    """Delete the message if this delivery still holds it; False if the lease had lapsed and the message moved on."""
    deleted, _ = QueueMessage.objects.filter(pk=message_id, token=token).delete()
    return deleted == 1


def release_messages(*, tokens: Sequence[str], forgive: bool) -> int:
    """Put leased messages back at their old place; return how many were still held.

    `forgive` takes the delivery back from the count, for messages that were returned unopened (a worker going home)
    and must not come nearer to being called poison by it.
    """
    released = 0
    for chunk in _chunks(tokens):
        rows = QueueMessage.objects.filter(token__in=chunk, state=State.LEASED)
        with transaction.atomic(savepoint=False):
            if forgive:
                rows.filter(deliveries__gt=0).update(deliveries=F("deliveries") - 1)
            released += rows.update(state=State.READY, token="", visible_at=0)
            if released and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_notify(%s, '')", [BELL_CHANNEL])
    return released


def renew_leases(*, tokens: Sequence[str], until: float) -> set[str]:
    """Prolong the leases to `until`; return the tokens that are no longer held (lapsed and taken by another)."""
    lost: set[str] = set()
    for chunk in _chunks(tokens):
        held = QueueMessage.objects.filter(token__in=chunk, state=State.LEASED)
        if held.update(visible_at=until) < len(chunk):
            lost |= set(chunk) - set(held.values_list("token", flat=True))
    return lost


def reclaim_lapsed(*, now: float, max_deliveries: int) -> int:
    """Put back every message whose lease has lapsed; set those delivered `max_deliveries` times aside as dead.

    Returns how many went back to their queue.
    """
    lapsed = QueueMessage.objects.filter(state=State.LEASED, visible_at__lte=now)
    if not lapsed.exists():
        return 0
    poison = list(lapsed.filter(deliveries__gte=max_deliveries).values_list("token", flat=True))
    for token in poison:
        bury_message(token=token, min_deliveries=max_deliveries)
    returned = lapsed.filter(deliveries__lt=max_deliveries).update(state=State.READY, token="", visible_at=0)
    if returned:
        logger.warning("broker: %d message(s) back in the queue after their worker went silent", returned)
    return returned


def bury_message(*, token: str, min_deliveries: int) -> bool:
    """Set a leased message that was delivered at least so often aside as dead; return whether it was.

    It stays in the table for a person to look at and is not delivered again.
    """
    row = QueueMessage.objects.filter(token=token, state=State.LEASED, deliveries__gte=min_deliveries)
    about = row.values("id", "queue", "deliveries").first()
    if about is None or not row.update(state=State.DEAD, token="", visible_at=0):
        return False
    logger.error("broker: message %(id)s of queue %(queue)s is dead after %(deliveries)s deliveries", about)
    return True


def count_ready(*, queue: str) -> int:
    """Messages waiting in the queue; those being worked on are not counted."""
    return QueueMessage.objects.filter(queue=queue, state=State.READY).count()


def purge_queue(*, queue: str) -> int:
    """Delete the waiting messages of the queue (not the leased, not the dead); return how many."""
    return QueueMessage.objects.filter(queue=queue, state=State.READY).delete()[0]


def delete_queue(*, queue: str) -> int:
    """Delete every message of the queue that is waiting or leased; return how many."""
    return QueueMessage.objects.filter(queue=queue, state__in=[State.READY, State.LEASED]).delete()[0]


def drop_broken_connection() -> None:
    """Close this thread's connection if the server has gone away, so that the next statement opens a fresh one."""
    if connection.in_atomic_block or connection.connection is None:
        return
    if connection.errors_occurred:
        connection.errors_occurred = False
        if not connection.is_usable():
            connection.close()


def _chunks(tokens: Sequence[str]) -> list[Sequence[str]]:
    return [tokens[start : start + CHUNK] for start in range(0, len(tokens), CHUNK)]
