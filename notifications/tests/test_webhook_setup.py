"""What staff do with webhooks, each step audited; and the log, which keeps and forgets."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from common.testing.receiver import reply
from notifications.enums import DeliveryState
from notifications.models import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookTry,
)
from notifications.services.webhook_sending import (
    MAX_TRIES,
)
from notifications.services.webhook_setup import (
    prune_webhooks,
    replay_delivery,
    replay_failed,
    save_endpoint,
    send_test,
)
from notifications.tests.webhooks import code_of, endpoint_of, happen, send, the_delivery
from tests.factories import NOW


# --- What staff do ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"url": "http://93.184.216.34/"}, "bad_url"),
        ({"url": "https://user@93.184.216.34/"}, "bad_url"),
        ({"url": "https://127.0.0.1/"}, "private_address"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "private_address"),
        ({"types": []}, "bad_types"),
        ({"types": ["ping"]}, "bad_types"),
        ({"types": ["course.published"]}, "bad_types"),
    ],
)
def test_endpoint_that_cannot_be_is_refused(staff, fields, code):
    assert code_of(lambda: endpoint_of(staff, **fields)) == code
    assert not WebhookEndpoint.objects.exists()


def test_form_that_was_open_meanwhile_keeps_the_health(endpoint, staff, receiver):
    shown = WebhookEndpoint.objects.get()
    receiver.answer = lambda request: reply(500)
    happen()
    send()
    shown.name = "Renamed"
    save_endpoint(endpoint=shown, actor=staff, now=NOW)
    row = WebhookEndpoint.objects.get()
    assert (row.name, row.failures, row.failing_since) == ("Renamed", 1, NOW)


def test_every_step_is_audited(endpoint, staff, receiver):
    endpoint.url += "/new"
    save_endpoint(endpoint=endpoint, actor=staff, now=NOW)
    delivery = send_test(endpoint=endpoint, actor=staff, now=NOW)
    send()
    delivery.refresh_from_db()
    replay_delivery(delivery=delivery, actor=staff, now=NOW)
    replay_failed(endpoint=endpoint, since=NOW, actor=staff, now=NOW)
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "webhookendpoint.added",
        "webhookendpoint.secret_rotated",
        "webhookendpoint.changed",
        "webhookendpoint.tested",
        "webhookdelivery.replayed",
        "webhookendpoint.failed_replayed",
    ]
    assert json.loads(receiver.requests[0].body)["type"] == "ping"


def test_replay_is_the_same_event_with_a_new_time(endpoint, staff, receiver):
    happen()
    send()
    later = NOW + timedelta(days=2)
    replay_delivery(delivery=the_delivery(), actor=staff, now=later)
    assert code_of(lambda: replay_delivery(delivery=the_delivery(), actor=staff, now=later)) == "still_waiting"
    send(later)
    first, again = receiver.requests
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert int(again.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 2 * 86400
    row = the_delivery()
    assert (row.state, row.tries, row.replays) == (DeliveryState.SENT, 1, 1)
    assert WebhookTry.objects.count() == 2


def test_replay_of_all_that_was_given_up_since(endpoint, staff, receiver):
    for cause, day in (("old", 0), ("new", 2), ("newer", 3), ("waits", 3)):
        happen(cause, now=NOW + timedelta(days=day))
    given_up = WebhookDelivery.objects.exclude(event__cause="waits")
    given_up.update(state=DeliveryState.FAILED, next_at=None, tries=MAX_TRIES)
    now = NOW + timedelta(days=4)
    assert replay_failed(endpoint=endpoint, since=NOW + timedelta(days=2), actor=staff, now=now) == 2
    send(now)
    assert len(receiver.requests) == 3
    assert WebhookDelivery.objects.get(event__cause="old").state == DeliveryState.FAILED


def test_nothing_is_tested_or_replayed_where_it_is_off(endpoint, staff):
    happen()
    delivery = the_delivery()
    WebhookEndpoint.objects.update(is_active=False)
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert code_of(lambda: send_test(endpoint=endpoint, actor=staff, now=NOW)) == "not_active"
    assert code_of(lambda: replay_delivery(delivery=delivery, actor=staff, now=NOW)) == "not_active"
    assert code_of(lambda: replay_failed(endpoint=endpoint, since=NOW, actor=staff, now=NOW)) == "not_active"


# --- The log ---------------------------------------------------------------------------------------------------------
def test_a_try_cannot_be_changed_nor_deleted_while_it_is_young(endpoint, receiver):
    happen()
    send(timezone.now())
    for work in (lambda: WebhookTry.objects.update(status=204), lambda: WebhookTry.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            work()


def test_old_events_are_deleted_but_not_what_waits_or_was_tried_since(endpoint, receiver, settings):
    # The database looks at its own clock before it lets a try go.
    now = timezone.now()
    past = now - timedelta(days=settings.WEBHOOK_LOG_DAYS, minutes=1)
    for cause in ("old", "tried since", "waits"):
        happen(cause, now=past)
    send(past)
    WebhookDelivery.objects.filter(event__cause="waits").update(state=DeliveryState.WAITING, next_at=past, done_at=None)
    fresh = WebhookDelivery.objects.get(event__cause="tried since")
    WebhookTry.objects.create(delivery=fresh, number=2, at=now - timedelta(days=1), milliseconds=1, status=200)
    happen("new", now=now)
    assert (prune_webhooks(now=now), prune_webhooks(now=now)) == (1, 0)
    assert set(WebhookEvent.objects.values_list("cause", flat=True)) == {"tried since", "waits", "new"}
