"""The audit trail: writing events, sealing them into a hash chain, checking the chain."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, connection, models, transaction

from accounts.models import AuditEvent, AuditSeal, User
from common import append_only

log = structlog.get_logger(__name__)

# Events younger than this are left for the next seal, so that clocks of two servers may differ by as much.
SETTLING = timedelta(seconds=10)
SYSTEM = "system"
#: The member of staff who acts for somebody in the request being served: whatever is written is theirs.
acting_staff: ContextVar[User | None] = ContextVar("acting_staff", default=None)
BATCH = 500
FIRST_DIGEST = "0" * 64
# Any number that no other advisory lock of the project uses.
AUDIT_LOCK = 4_201_977
#: How seals are made now; older ones have no version.
VERSION = 2
# So many events from before version 2 get their proofs at once.
MOST_PROOFS = 5000
#: The parts of an event that may name a person, and their columns; the others are open.
PARTS = {"who": ("actor_label", "origin"), "what": ("before", "after", "reason")}
OPEN = ("id", "at", "actor_id", "action", "object_type", "object_id")


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
    label, staff = _label(actor), acting_staff.get()
    if staff is not None and actor is not None and actor.pk != staff.pk:
        label, actor = f"{_label(staff)[:80]} for {label}", staff
    made = AuditEvent(
        at=now,
        actor=actor,
        actor_label=label[:160],
        action=action,
        object_type=change.obj._meta.label_lower,
        object_id=str(change.obj.pk),
        before=json_safe(change.before),
        after=json_safe(change.after),
        reason=reason[:300],
        origin=origin or structlog.contextvars.get_contextvars().get("origin") or None,
    )
    made.proof = proof_of(made)
    return made


def _label(actor: User | None) -> str:
    return f"{actor.name} <{actor.email}>" if actor else SYSTEM


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


def proof_of(event: AuditEvent) -> dict[str, dict[str, str]]:
    """Fresh salts and digests of both parts of an event."""
    salts = {part: secrets.token_hex(16) for part in PARTS}
    return {part: {"salt": salt, "digest": _part_digest(event, part, salt)} for part, salt in salts.items()}


def seal_events(*, now: datetime) -> AuditSeal | None:
    """Seals every event older than ten seconds that is not sealed yet. Returns the new seal, or None without events.

    A seal is exact: it waits (at most two seconds) until no transaction holds events that are written but not
    committed, since those could later appear among events already sealed. The first seal of version 2 takes all events;
    before it, those from before it get their proofs, some at each run.
    """
    if not give_proofs():
        return None
    try:
        with transaction.atomic():
            _keep_writers_out()
            last = AuditSeal.objects.order_by("-pk").first()
            begun = last is not None and last.version == VERSION
            events = _events(after=last.last_event if last and begun else None, until=_first_id_at(now - SETTLING))
            digest, count, newest, _bad = _digest(last.digest if last else FIRST_DIGEST, events, _line)
            if newest is None or (last is not None and newest <= last.last_event):
                return None
            seal = AuditSeal.objects.create(
                last_event=newest, events=count, sealed_at=now, digest=digest, version=VERSION
            )
    except OperationalError as error:
        # The lock was not free in time. Nothing is lost: the next run seals the same events.
        log.info("audit_seal_postponed", error=str(error))
        return None
    # The log leaves this database, so that a chain rewritten from its start would not match it.
    log.info("audit_sealed", digest=digest, events=count, last_event=str(newest))
    return seal


def give_proofs() -> bool:
    """Gives some of the events from before version 2 their proofs. True when every event has one."""
    if AuditSeal.objects.filter(version=VERSION).exists():
        return True
    with transaction.atomic():
        old = list(AuditEvent.objects.filter(proof=None).order_by("id")[:MOST_PROOFS])
        if old:
            for event in old:
                event.proof = proof_of(event)
            with append_only.gate(AuditEvent._meta.db_table):
                AuditEvent.objects.bulk_update(old, ["proof"], batch_size=BATCH)
    return len(old) < MOST_PROOFS


def verify_seals() -> AuditSeal | None:
    """Recomputes the whole chain. Returns the first seal that does not match its events, or None when all do.

    An emptied part counts only where an `audit.erased` event of the chain names its event. Events that `audit.pruned`
    says were deleted for their age are not asked for; the seals over them still hold the chain together.
    """
    erased = _named("audit.erased", "events")
    pruned = max((UUID(key) for key in _named("audit.pruned", "through")), default=None)
    renewed = AuditSeal.objects.filter(version=VERSION).exists()
    previous, digest, version = None, FIRST_DIGEST, None
    seal: AuditSeal
    for seal in AuditSeal.objects.order_by("pk").iterator():
        if seal.version != version:
            previous, version = None, seal.version
        gone = pruned is not None and seal.last_event <= pruned
        line = partial(_checked_line, erased=erased) if seal.version else _old_line
        found, count, newest, bad = _digest(digest, _events(after=previous, through=seal.last_event), line)
        stands = (found, count, newest) == (seal.digest, seal.events, seal.last_event) and not bad
        # Events that were erased later are vouched for by the first seal of version 2.
        if not (stands or gone or (seal.version is None and renewed and bad)):
            return seal
        previous, digest = seal.last_event, seal.digest
    return None


def _named(action: str, key: str) -> set[str]:
    """The ids that events of `action` name under `key`."""
    found: set[str] = set()
    for after in AuditEvent.objects.filter(action=action).values_list("after", flat=True).iterator():
        value = after.get(key, [])
        found.update([value] if isinstance(value, str) else value)
    return found


def _events(*, after: UUID | None, until: UUID | None = None, through: UUID | None = None) -> Iterator[AuditEvent]:
    """Events in id order: `after` excluded, before `until`, `through` included."""
    found = AuditEvent.objects.order_by("id")
    found = found.filter(id__gt=after) if after else found
    found = found.filter(id__lt=until) if until else found
    found = found.filter(id__lte=through) if through else found
    return found.iterator(chunk_size=1000)


def _digest(
    previous: str, events: Iterable[AuditEvent], line: Callable[[AuditEvent], bytes | None]
) -> tuple[str, int, UUID | None, int]:
    """SHA-256 over the previous digest and one line per event; how many events, the last id, and how many of them
    have no line, because what they say is not what was sealed."""
    running, count, newest, bad = hashlib.sha256(previous.encode()), 0, None, 0
    for event in events:
        made = line(event)
        bad += made is None
        running.update(b"\n" + (made or b""))
        count, newest = count + 1, event.id
    return running.hexdigest(), count, newest, bad


def _canonical(values: Mapping[str, Any]) -> bytes:
    safe = {name: json_safe(value) for name, value in values.items()}
    return json.dumps(safe, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _part_digest(event: AuditEvent, part: str, salt: str) -> str:
    values = {name: getattr(event, name) for name in PARTS[part]}
    return hashlib.sha256(salt.encode() + b"\n" + _canonical(values)).hexdigest()


def _line(event: AuditEvent) -> bytes:
    """One line of version 2: what names nobody, and the digests of the parts that may."""
    proof = event.proof or {}
    digests = {part: proof.get(part, {}).get("digest") for part in PARTS}
    return _canonical({name: getattr(event, name) for name in OPEN} | digests)


def _checked_line(event: AuditEvent, *, erased: set[str]) -> bytes | None:
    """`_line`, or None where a part is not what its digest says and was not erased either."""
    for part in PARTS:
        proof = (event.proof or {}).get(part, {})
        if proof.get("salt"):
            right = _part_digest(event, part, proof["salt"]) == proof.get("digest")
        else:
            right = str(event.pk) in erased and not any(getattr(event, name) for name in PARTS[part])
        if not right:
            return None
    return _line(event)


def _old_line(event: AuditEvent) -> bytes | None:
    """One line as it was made before version 2; None of an event that was erased since."""
    if event.proof and not all(event.proof[part]["salt"] for part in PARTS):
        return None
    names = ("id", "at", "actor_id", "actor_label", "action", "object_type", "object_id", "before", "after", "reason")
    return _canonical({name: getattr(event, name) for name in (*names, "origin")})


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
