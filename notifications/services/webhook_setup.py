"""What staff do with webhooks: set them up, test them, send again. Everything is audited."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.office import save_row
from common.errors import DomainError
from common.models import new_id
from common.outgoing import OutgoingError, refuse_private
from notifications.enums import DeliveryState, WebhookType
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookTry
from notifications.services.webhook_secrets import rotate_secret
from notifications.services.webhooks import CHOOSABLE, send_to, start_sending

FIELDS = ("name", "url", "types", "is_active")
HEALTH = (
    "failures", "failing_since", "rest_until", "served_at", "last_success_at", "last_failure_at", "stopped_at",
    "stop_reason",
)  # fmt: skip
BATCH = 1000


def save_endpoint(*, endpoint: WebhookEndpoint, actor: User, now: datetime) -> str:
    """Saves an endpoint. Returns the signing secret of a new one, to be shown once; of a known one "".

    One that is switched on again begins with a clean slate, and what waited is sent. Raises DomainError: bad_url,
    private_address, bad_types.
    """
    check_target(endpoint.url)
    if not endpoint.types or set(endpoint.types) - set(map(str, CHOOSABLE)):
        raise DomainError(_("Choose at least one event."), "bad_types")
    with transaction.atomic():
        old = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).filter(pk=endpoint.pk).first()
        before = {name: getattr(old, name) for name in FIELDS} if old else {}
        after = {name: getattr(endpoint, name) for name in FIELDS}
        if old is None:
            endpoint.created_by, endpoint.created_at = actor, now
        for name in HEALTH if old else ():
            # Sending has gone on since the form was shown.
            setattr(endpoint, name, getattr(old, name))
        if old and endpoint.is_active and not old.is_active:
            endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
            endpoint.stopped_at, endpoint.stop_reason = None, ""
        save_row(row=endpoint, before=before, after=after, actor=actor, now=now)
        start_sending()
        return "" if old else rotate_secret(endpoint=endpoint, grace_hours=0, actor=actor, now=now)


def check_target(url: str) -> None:
    """Raises OutgoingError for an address that is not plain or is inside a private network.

    A host that is not known now may be tomorrow: every request asks again.
    """
    try:
        refuse_private(url)
    except OutgoingError as error:
        if error.code != "unknown_host":
            raise


def send_test(*, endpoint: WebhookEndpoint, actor: User, now: datetime) -> WebhookDelivery:
    """Sends the event `ping` to this endpoint alone. Raises DomainError `not_active`."""
    if not endpoint.is_active:
        raise _not_active(endpoint)
    with transaction.atomic():
        event_id = new_id()
        event = WebhookEvent.objects.create(
            id=event_id, type=WebhookType.PING, cause=str(event_id), occurred_at=now, data={"endpoint": endpoint.name}
        )
        (delivery,) = send_to(event, [endpoint.pk], now=now)
        record_event(actor=actor, action="webhookendpoint.tested", obj=endpoint, after={"event": event_id}, now=now)
    return delivery


def replay_delivery(*, delivery: WebhookDelivery, actor: User, now: datetime) -> None:
    """Sends an event once more to its endpoint, with the same id and as many tries as a new one.

    Raises DomainError: not_active; still_waiting, when it will be tried anyway.
    """
    if not delivery.endpoint.is_active:
        raise _not_active(delivery.endpoint)
    with transaction.atomic():
        rows = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
        if not _wait_again(list(rows.select_for_update().values_list("pk", flat=True)), now):
            raise DomainError(_("It is still waiting and will be tried by itself."), "still_waiting")
        record_event(
            actor=actor, action="webhookdelivery.replayed", obj=delivery, after={"event": delivery.event_id}, now=now
        )
        start_sending()


def replay_failed(*, endpoint: WebhookEndpoint, since: datetime, actor: User, now: datetime) -> int:
    """Sends everything once more that happened at or after `since` and was given up. Returns how many events."""
    if not endpoint.is_active:
        raise _not_active(endpoint)
    failed = WebhookDelivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.FAILED, event__occurred_at__gte=since
    )
    with transaction.atomic():
        count = _wait_again(list(failed.select_for_update(of=("self",)).values_list("pk", flat=True)), now)
        after = {"since": since, "deliveries": count}
        record_event(actor=actor, action="webhookendpoint.failed_replayed", obj=endpoint, after=after, now=now)
        if count:
            start_sending()
    return count


def prune_webhooks(*, now: datetime) -> int:
    """Deletes events and their deliveries WEBHOOK_LOG_DAYS after they happened, unless one was tried since, or still
    waits at an active endpoint. Returns how many events."""
    until = now - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    deliveries = WebhookDelivery.objects.filter(event=OuterRef("pk"))
    recent = Exists(WebhookTry.objects.filter(delivery__event=OuterRef("pk"), at__gte=until))
    waiting = Exists(deliveries.filter(state=DeliveryState.WAITING, endpoint__is_active=True))
    old = WebhookEvent.objects.filter(~Q(recent), ~Q(waiting), occurred_at__lt=until)
    ids = list(old.order_by("occurred_at").values_list("pk", flat=True)[:BATCH])
    WebhookEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def _wait_again(ids: list[UUID], now: datetime) -> int:
    """Makes locked deliveries due."""
    fresh = {"state": DeliveryState.WAITING, "tries": 0, "next_at": now, "done_at": None}
    return sum(
        WebhookDelivery.objects.filter(pk__in=ids[start : start + BATCH]).update(**fresh, replays=F("replays") + 1)
        for start in range(0, len(ids), BATCH)
    )


def _not_active(endpoint: WebhookEndpoint) -> DomainError:
    return DomainError(_("%(name)s is not active. Switch it on first.") % {"name": endpoint.name}, "not_active")
