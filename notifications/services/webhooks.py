"""Facts for webhooks: written in the transaction of the fact, one row for each endpoint that wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.transaction import TransactionManagementError

from notifications import tasks
from notifications.enums import WebhookType
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

CHOOSABLE = [kind for kind in WebhookType if kind != WebhookType.PING]


def record_webhook(
    *, type: WebhookType, cause: str, data: Callable[[], dict[str, Any]], now: datetime
) -> WebhookEvent | None:
    """Writes down that `type` happened because of `cause`, and sends it after the commit.

    Call it inside the transaction of the fact: both stand or fall together. `data` is asked only where an endpoint
    wants this type; it returns what JSON can hold, marks as text, times by `moment`. The same (type, cause) again
    changes nothing. Returns the event when it is new.
    """
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("record_webhook() needs the transaction of the fact.")
    wanting = _wanting(type)
    if not wanting:
        return None
    event, created = WebhookEvent.objects.get_or_create(
        type=type, cause=cause, defaults={"occurred_at": now, "data": data()}
    )
    if created:
        send_to(event, wanting, now=now)
    return event if created else None


def record_webhooks(
    *, type: WebhookType, facts: Iterable[tuple[str, Callable[[], dict[str, Any]]]], now: datetime
) -> int:
    """`record_webhook` for many facts (cause, data) of one type, in a constant number of queries. Returns how many are
    new."""
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("record_webhooks() needs the transaction of the facts.")
    wanting = _wanting(type)
    told = dict(facts) if wanting else {}
    if not told:
        return 0
    known = set(WebhookEvent.objects.filter(type=type, cause__in=told).values_list("cause", flat=True))
    events = [
        WebhookEvent(type=type, cause=cause, occurred_at=now, data=data())
        for cause, data in told.items()
        if cause not in known
    ]
    WebhookEvent.objects.bulk_create(events, batch_size=500)
    rows = [WebhookDelivery(event=event, endpoint_id=pk, next_at=now) for event in events for pk in wanting]
    WebhookDelivery.objects.bulk_create(rows, batch_size=500)
    if rows:
        start_sending()
    return len(events)


def _wanting(type: WebhookType) -> list[UUID]:
    """The endpoints that want this type now."""
    active = WebhookEndpoint.objects.filter(is_active=True).values_list("pk", "types")
    return [pk for pk, types in active if type in types]


def send_to(event: WebhookEvent, endpoint_ids: Iterable[UUID], *, now: datetime) -> list[WebhookDelivery]:
    """Deliveries of a new event, on their way after the commit."""
    rows = [WebhookDelivery(event=event, endpoint_id=pk, next_at=now) for pk in endpoint_ids]
    WebhookDelivery.objects.bulk_create(rows)
    start_sending()
    return rows


def start_sending() -> None:
    """After the commit, what is due is sent. If the broker cannot be reached the sweep does it."""
    transaction.on_commit(tasks.send_webhooks.delay, robust=True)


def moment(at: datetime) -> str:
    """A time as webhooks write it: 2026-11-18T04:30:00.000000Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
