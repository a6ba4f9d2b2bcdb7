"""The audit trail: writing events, sealing them into a hash chain, checking the chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, connection, models, transaction

from accounts.models import AuditEvent, AuditSeal, User

log = structlog.get_logger(__name__)

# Events younger than this are left for the next seal, so that clocks of two servers may differ by as much.
SETTLING = timedelta(seconds=10)
SYSTEM = "system"
BATCH = 500
FIRST_DIGEST = "0" * 64
# Any number that no other advisory lock of the project uses.
AUDIT_LOCK = 4_201_977


def record_event(
    *,
    actor: User | None,
    action: str,
    obj: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    now: datetime,
    origin: str | None = None,
) -> AuditEvent:
    """Writes one event about `obj` in the caller's transaction, so that it stands or falls with the change itself.

    `before` and `after` hold the changed values only. `actor` None is the system. `origin` is an IP address; left out,
    it is that of the request being served, if any.
    """
    with transaction.atomic():
        _hold_off_sealing()
        event = _event(actor, action, Change(obj, before or {}, after or {}), reason, now, origin)
        event.save(force_insert=True)
    return event


@dataclass(frozen=True)
class Change:
    """What of `obj` changed: the changed values only."""

    obj: models.Model
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def record_events(
    *, actor: User | None, action: str, changes: Iterable[Change], reason: str = "", now: datetime
) -> None:
    """`record_event` for many objects that changed alike, in one statement per BATCH."""
    with transaction.atomic():
        _hold_off_sealing()
        made = [_event(actor, action, change, reason, now, None) for change in changes]
        AuditEvent.objects.bulk_create(made, batch_size=BATCH)


def _event(
    actor: User | None, action: str, change: Change, reason: str, now: datetime, origin: str | None
) -> AuditEvent:
    return AuditEvent(
        at=now,
        actor=actor,
        actor_label=f"{actor.name} <{actor.email}>"[:160] if actor else SYSTEM,
        action=action,
        object_type=change.obj._meta.label_lower,
        object_id=str(change.obj.pk),
        before=json_safe(change.before),
        after=json_safe(change.after),
        reason=reason[:300],
        origin=origin or structlog.contextvars.get_contextvars().get("origin") or None,
    )


def json_safe(value: Any) -> Any:
    """`value` as JSON can hold it without loss: ids, decimals, dates and models become text."""
    if isinstance(value, Enum):
        return json_safe(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, Decimal | UUID | float):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [json_safe(item) for item in items]
    return str(value)


def seal_events(*, now: datetime) -> AuditSeal | None:
    """Seals every event older than ten seconds that is not sealed yet. Returns the new seal, or None without events.

    A seal is exact: it waits (at most two seconds) until no transaction holds events that are written but not
    committed, since those could later appear among events already sealed.
    """
    try:
        with transaction.atomic():
            _keep_writers_out()
            last = AuditSeal.objects.order_by("-pk").first()
            events = _events(after=last.last_event if last else None, until=_first_id_at(now - SETTLING))
            digest, count, newest = _digest(last.digest if last else FIRST_DIGEST, events)
            if newest is None:
                return None
            seal = AuditSeal.objects.create(last_event=newest, events=count, sealed_at=now, digest=digest)
    except OperationalError as error:
        # The lock was not free in time. Nothing is lost: the next run seals the same events.
        log.info("audit_seal_postponed", error=str(error))
        return None
    # The log leaves this database, so that a chain rewritten from its start would not match it.
    log.info("audit_sealed", digest=digest, events=count, last_event=str(newest))
    return seal


def verify_seals() -> AuditSeal | None:
    """Recomputes the whole chain. Returns the first seal that does not match its events, or None when all do."""
    previous, digest = None, FIRST_DIGEST
    seal: AuditSeal
    for seal in AuditSeal.objects.order_by("pk").iterator():
        digest, count, newest = _digest(digest, _events(after=previous, through=seal.last_event))
        if (digest, count, newest) != (seal.digest, seal.events, seal.last_event):
            return seal
        previous = seal.last_event
    return None


def _events(*, after: UUID | None, until: UUID | None = None, through: UUID | None = None) -> Iterator[AuditEvent]:
    """Events in id order: `after` excluded, before `until`, `through` included."""
    found = AuditEvent.objects.order_by("id")
    found = found.filter(id__gt=after) if after else found
    found = found.filter(id__lt=until) if until else found
    found = found.filter(id__lte=through) if through else found
    return found.iterator(chunk_size=1000)


def _digest(previous: str, events: Iterable[AuditEvent]) -> tuple[str, int, UUID | None]:
    """SHA-256 over the previous digest and one canonical JSON line per event; also how many, and the last id."""
    running, count, newest = hashlib.sha256(previous.encode()), 0, None
    for event in events:
        running.update(b"\n" + _canonical(event))
        count, newest = count + 1, event.id
    return running.hexdigest(), count, newest


def _canonical(event: AuditEvent) -> bytes:
    values = {field.attname: json_safe(getattr(event, field.attname)) for field in AuditEvent._meta.concrete_fields}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: its first 48 bits are milliseconds since 1970."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _hold_off_sealing() -> None:
    """Until this transaction ends no seal is made (PostgreSQL). SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [AUDIT_LOCK])


def _keep_writers_out() -> None:
    """Waits for every transaction that wrote events; raises OperationalError after two seconds."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AUDIT_LOCK])
