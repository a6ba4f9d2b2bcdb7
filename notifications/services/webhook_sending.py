"""The way of a delivery: waiting → sent, or given up after ten tries in three days.

As with e-mail, a try is claimed in a short transaction before anybody is spoken to, so no transaction is open while a
server answers, and delivery is at least once, always with the same `webhook-id`. Two requests at most are under way to
one endpoint, OUTGOING_AT_ONCE in all; who finds no place leaves, because whoever has one looks again before going.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from common.errors import DomainError
from common.outgoing import Reply, post
from notifications import tasks
from notifications.enums import DeliveryState
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookTry
from notifications.services.webhook_care import note_failure, note_success
from notifications.services.webhook_secrets import sign
from notifications.services.webhooks import moment

log = structlog.get_logger(__name__)

# The example of the Standard Webhooks specification ("Deliverability and reliability"), each up to a tenth longer.
PAUSES = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
MAX_TRIES = len(PAUSES) + 1
MAX_PAUSE = timedelta(hours=24)
# Longer than a request can take; a worker that died loses its claim then.
LEASE = timedelta(seconds=30)
AT_ONCE = 2
# A task sends for so long, then goes to the end of the queue.
TURN = timedelta(seconds=15)
# What is due sooner is not left to the sweep of every minute.
SOON = timedelta(minutes=1)
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What came of one request, begun `at`. `status` None: no answer, and `code` says why. `wait`: by Retry-After."""

    at: datetime
    status: int | None
    milliseconds: int
    code: str = ""
    message: str = ""
    reply: str = ""
    wait: timedelta = timedelta(0)

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_webhooks(*, clock: Callable[[], datetime]) -> int:
    """Sends what is due, an event of each endpoint in turn, while there is a place and for some seconds. Returns how
    many requests were made. Safe to call at any time, by any number of workers; `clock` tells the time."""
    began, made = clock(), 0
    while (delivery := _claim_next(clock())) is not None:
        _finish(delivery, _request(delivery, clock()), clock())
        made += 1
        if clock() - began >= TURN:
            tasks.send_webhooks.delay()
            break
    return made


def body_of(event: WebhookEvent) -> str:
    """The body, byte for byte the same at every try."""
    whole = {"type": event.type, "timestamp": moment(event.occurred_at), "data": event.data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def pause_after(tries: int, luck: float) -> timedelta:
    """How long to wait after the failure of try number `tries` (from 1); `luck` from 0 to 1 spreads it."""
    return PAUSES[min(tries, len(PAUSES)) - 1] * (1 + luck / 10)


def _claim_next(now: datetime) -> WebhookDelivery | None:
    """The delivery that this caller sends now, its try counted; None when nothing is due or there is no place."""
    due = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), state=DeliveryState.WAITING, next_at__lte=now)
    ready = WebhookEndpoint.objects.filter(Q(rest_until__isnull=True) | Q(rest_until__lte=now), is_active=True)
    if _busy(now).count() >= settings.OUTGOING_AT_ONCE:
        return None
    in_turn = ready.filter(Exists(due)).order_by(F("served_at").asc(nulls_first=True), "pk")
    for endpoint_id in in_turn.values_list("pk", flat=True):
        if (delivery := _claim(endpoint_id, now)) is not None:
            return delivery
    return None


def _busy(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(leased_until__gt=now)


def _claim(endpoint_id: UUID, now: datetime) -> WebhookDelivery | None:
    """The oldest of one endpoint; None when others have taken it, or its places, meanwhile."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint_id)
        most = 1 if endpoint.rest_until else AT_ONCE
        resting = endpoint.rest_until and endpoint.rest_until > now
        if resting or not endpoint.is_active or _busy(now).filter(endpoint=endpoint).count() >= most:
            return None
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING, next_at__lte=now)
        # A worker died during the last try of these.
        waiting.filter(tries__gte=MAX_TRIES).update(
            state=DeliveryState.FAILED, next_at=None, leased_until=None, done_at=now
        )
        delivery: WebhookDelivery | None = waiting.select_related("event").order_by("next_at", "pk").first()
        if delivery is None:
            return None
        endpoint.served_at = now
        endpoint.save(update_fields=["served_at"])
        delivery.endpoint = endpoint
        delivery.tries += 1
        delivery.next_at = delivery.leased_until = now + LEASE
        delivery.save(update_fields=["tries", "next_at", "leased_until"])
    return delivery


def _request(delivery: WebhookDelivery, now: datetime) -> Outcome:
    body, began = body_of(delivery.event), time.monotonic()
    headers = {"Content-Type": "application/json", "User-Agent": "Abhyas-Webhooks/1"}
    try:
        headers |= sign(endpoint=delivery.endpoint, message_id=str(delivery.event_id), body=body, now=now)
        answer = post(delivery.endpoint.url, body=body.encode(), headers=headers)
    except DomainError as error:
        took = round((time.monotonic() - began) * 1000)
        return Outcome(now, None, took, code=error.code, message=error.message[:300])
    took = round((time.monotonic() - began) * 1000)
    # PostgreSQL keeps no NUL in text.
    said = answer.body.decode(errors="replace").replace("\0", "\ufffd")
    code = "" if 200 <= answer.status < 300 else "status"
    return Outcome(now, answer.status, took, code=code, reply=said[:2000], wait=_asked_to_wait(answer))


def _asked_to_wait(answer: Reply) -> timedelta:
    """Of Retry-After only the form in seconds."""
    text = answer.headers.get("retry-after", "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return min(timedelta(seconds=seconds), MAX_PAUSE)


def _finish(delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    """Writes what came of it. A late answer of a lost claim still says that it arrived, and nothing else."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=delivery.endpoint_id)
        WebhookTry.objects.create(
            delivery=delivery, number=delivery.tries, at=outcome.at, milliseconds=outcome.milliseconds,
            status=outcome.status, code=outcome.code, message=outcome.message, reply=outcome.reply,
        )  # fmt: skip
        row = WebhookDelivery.objects.filter(pk=delivery.pk)
        ours = row.filter(state=DeliveryState.WAITING, tries=delivery.tries)
        done = {"next_at": None, "leased_until": None, "done_at": now}
        if outcome.delivered:
            row.update(state=DeliveryState.SENT, **done)
            note_success(endpoint, now=now)
            return
        log.warning("webhook_failed", delivery=str(delivery.pk), status=outcome.status, code=outcome.code)
        if outcome.status == GONE or delivery.tries >= MAX_TRIES:
            ours.update(state=DeliveryState.FAILED, **done)
        else:
            pause = max(pause_after(delivery.tries, random.random()), outcome.wait)  # noqa: S311
            ours.update(next_at=now + pause, leased_until=None)
            if pause < SOON:
                again = partial(tasks.send_webhooks.apply_async, countdown=pause.total_seconds())
                transaction.on_commit(again, robust=True)
        note_failure(endpoint, gone=outcome.status == GONE, now=now)
