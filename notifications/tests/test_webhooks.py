"""Webhooks: written with the fact, signed, tried again with pauses, never into our network, sent again on request."""

import json
import re
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.models import AuditEvent
from common.testing.database import run_at_once
from common.testing.receiver import reply
from notifications import tasks
from notifications.enums import DeliveryState, WebhookType
from notifications.models import (
    Notification,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
    WebhookTry,
)
from notifications.services.webhook_care import STOP_AFTER
from notifications.services.webhook_secrets import rotate_secret, sign
from notifications.services.webhook_sending import (
    LEASE,
    MAX_TRIES,
    PAUSES,
    TURN,
    _claim_next,
    body_of,
    pause_after,
    send_webhooks,
)
from notifications.services.webhook_setup import (
    save_endpoint,
)
from notifications.services.webhooks import moment, record_webhook
from notifications.tests.webhooks import RELEASED, Clock, code_of, endpoint_of, happen, send, the_delivery
from tests.factories import NOW, UserFactory


# --- Written with the fact -------------------------------------------------------------------------------------------
def test_without_an_endpoint_nothing_is_written_and_nothing_asked(db, django_assert_num_queries):
    def never():
        raise AssertionError("nobody wants it")

    with transaction.atomic(), django_assert_num_queries(1):
        assert record_webhook(type=RELEASED, cause="1", data=never, now=NOW) is None
    assert not WebhookEvent.objects.exists()


def test_only_those_who_chose_the_type_and_are_active_get_it(staff):
    wants = endpoint_of(staff, name="Wants", types=["evaluation.released"])
    endpoint_of(staff, name="Other", types=["sla.breached"])
    endpoint_of(staff, name="Off", is_active=False)
    happen()
    assert the_delivery().endpoint == wants


def test_same_cause_happens_once_and_another_type_or_cause_is_another(staff):
    endpoint_of(staff)
    first, again = happen(), happen(data={"other": True})
    assert (first is not None, again) == (True, None)
    assert happen("2")
    assert happen(type=WebhookType.SLA_BREACHED)
    assert WebhookDelivery.objects.count() == 3


def test_event_goes_with_the_transaction_of_its_fact(staff):
    endpoint_of(staff)
    with transaction.atomic():
        record_webhook(type=RELEASED, cause="1", data=dict, now=NOW)
        transaction.set_rollback(True)
    assert not WebhookEvent.objects.exists()


def test_outside_a_transaction_is_a_mistake(transactional_db):
    with pytest.raises(TransactionManagementError):
        record_webhook(type=RELEASED, cause="1", data=dict, now=NOW)


def test_eight_at_once_write_it_once(transactional_db):
    endpoint_of(UserFactory(is_staff=True))
    written = run_at_once([happen] * 8)
    assert sum(event is not None for event in written) == 1
    assert WebhookDelivery.objects.count() == 1


# --- Sent and signed -------------------------------------------------------------------------------------------------
def test_it_is_sent_after_the_commit_and_the_library_verifies_it(
    endpoint, receiver, django_capture_on_commit_callbacks, time_machine
):
    time_machine.move_to(NOW, tick=False)
    with django_capture_on_commit_callbacks(execute=True):
        event = happen(data={"exam": {"title": "Übung"}})
        assert receiver.requests == []
    request = receiver.requests[0]
    said = Webhook(endpoint.secret).verify(request.body, request.headers)
    assert said == {"type": "evaluation.released", "timestamp": moment(NOW), "data": {"exam": {"title": "Übung"}}}
    assert request.line == "POST /hooks HTTP/1.1"
    assert request.headers["webhook-id"] == str(event.pk)
    assert request.headers["content-type"] == "application/json"
    assert the_delivery().state == DeliveryState.SENT
    assert (WebhookTry.objects.get().status, WebhookTry.objects.get().number) == (200, 1)


def test_signature_fails_for_another_body_secret_or_time(endpoint, receiver, time_machine):
    time_machine.move_to(NOW, tick=False)
    happen()
    send()
    request = receiver.requests[0]
    foreign = endpoint_of(endpoint.created_by, name="Another").secret
    for secret, body in ((foreign, request.body), (endpoint.secret, request.body + b" ")):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(secret).verify(body, request.headers)
    # Caught on the way and sent to the receiver once more: too old five minutes later.
    time_machine.move_to(NOW + timedelta(minutes=6), tick=False)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(endpoint.secret).verify(request.body, request.headers)


def test_after_a_rotation_both_secrets_verify_for_a_day(endpoint, staff, receiver, time_machine):
    new = rotate_secret(endpoint=endpoint, grace_hours=24, actor=staff, now=NOW)
    happen("1")
    send()
    happen("2")
    send(NOW + timedelta(hours=25))
    both, one = receiver.requests
    time_machine.move_to(NOW, tick=False)
    Webhook(new).verify(both.body, both.headers)
    Webhook(endpoint.secret).verify(both.body, both.headers)
    time_machine.move_to(NOW + timedelta(hours=25), tick=False)
    Webhook(new).verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(one.body, one.headers)


def test_secret_is_kept_encrypted_and_standard(endpoint, staff):
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", endpoint.secret)
    assert endpoint.secret not in WebhookSecret.objects.get().sealed
    assert not any(endpoint.secret in str(row.after) for row in AuditEvent.objects.all())
    assert code_of(lambda: rotate_secret(endpoint=endpoint, grace_hours=400, actor=staff, now=NOW)) == "grace_hours"


def test_secret_that_cannot_be_read_any_more_is_a_failure_that_says_so(endpoint, receiver, settings):
    settings.SECRET_KEY = "another-" + "y" * 50
    happen()
    send()
    assert WebhookTry.objects.get().code == "secret_lost"
    assert receiver.requests == []
    assert code_of(lambda: sign(endpoint=endpoint, message_id="1", body="", now=NOW)) == "secret_lost"


def test_body_is_the_same_at_every_try(endpoint, receiver):
    happen(data={"b": "1.50", "a": ["é"]})
    receiver.answer = lambda request: reply(500)
    send()
    send(NOW + timedelta(seconds=6))
    assert receiver.requests[0].body == receiver.requests[1].body == body_of(WebhookEvent.objects.get()).encode()


def test_moment_is_utc_with_its_zone():
    assert moment(NOW.astimezone(ZoneInfo("Asia/Kolkata"))) == f"{NOW.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000000Z}"


# --- Retried ---------------------------------------------------------------------------------------------------------
def test_ten_tries_in_three_days_then_given_up(endpoint, receiver):
    receiver.answer = lambda request: reply(500, b"broken\0here")
    happen()
    now = NOW
    for tries, pause in enumerate(PAUSES, start=1):
        assert send(now) == 1
        row = the_delivery()
        assert (row.state, row.tries, row.leased_until) == (DeliveryState.WAITING, tries, None)
        assert pause <= row.next_at - now <= pause * 1.1
        assert send(row.next_at - timedelta(seconds=1)) == 0
        now = row.next_at
    assert send(now) == 1
    row = the_delivery()
    assert (row.state, row.tries, row.next_at) == (DeliveryState.FAILED, MAX_TRIES, None)
    assert send(now + timedelta(days=30)) == 0
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == MAX_TRIES
    assert list(WebhookTry.objects.order_by("id").values_list("number", flat=True)) == list(range(1, MAX_TRIES + 1))
    assert WebhookTry.objects.first().reply == "broken\ufffdhere"


def test_pauses_are_those_of_standard_webhooks():
    assert sum(PAUSES, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)
    assert [pause_after(1, 0), pause_after(9, 0), pause_after(99, 0)] == [PAUSES[0], PAUSES[8], PAUSES[8]]
    assert pause_after(2, 1) == PAUSES[1] * 1.1


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (reply(302, Location="http://127.0.0.1:1/"), "status"),
        (reply(404), "status"),
        (b"SSH-2.0\r\n", "bad_reply"),
        (b"", "bad_reply"),
    ],
)
def test_everything_but_a_2xx_is_a_failure_with_its_reason(endpoint, receiver, told, code):
    receiver.answer = lambda request: told
    happen()
    send()
    assert WebhookTry.objects.get().code == code
    assert the_delivery().state == DeliveryState.WAITING


def test_retry_after_is_heeded_up_to_a_day(endpoint, receiver):
    for cause, asked, waits in (("1", "3600", 3600), ("2", "9999999", 86400), ("3", "soon", 5), ("4", "²", 5)):
        WebhookEndpoint.objects.update(failures=0, rest_until=None)
        receiver.answer = lambda request, asked=asked: reply(503) if asked == "²" else reply(503, Retry_After=asked)
        happen(cause)
        send()
        row = WebhookDelivery.objects.get(event__cause=cause)
        assert waits <= (row.next_at - NOW).total_seconds() <= waits * 1.1


def test_private_address_that_a_name_turned_to_is_refused_at_each_try(endpoint, receiver, settings):
    settings.OUTGOING_NETWORKS = []
    WebhookEndpoint.objects.update(url=f"https://127.0.0.1:{receiver.port}/")
    happen()
    send()
    assert WebhookTry.objects.get().code == "private_address"
    assert receiver.requests == []


def test_worker_killed_before_the_reply_is_written_sends_it_again_with_the_same_id(endpoint, receiver):
    happen()
    assert _claim_next(NOW).tries == 1
    assert send(NOW + LEASE - timedelta(seconds=1)) == 0
    assert send(NOW + LEASE) == 1
    row = the_delivery()
    assert (row.state, row.tries) == (DeliveryState.SENT, 2)
    assert receiver.requests[0].headers["webhook-id"] == str(row.event_id)


def test_worker_killed_in_the_last_try_leaves_it_given_up(endpoint, receiver):
    happen()
    WebhookDelivery.objects.update(tries=MAX_TRIES)
    assert send() == 0
    assert the_delivery().state == DeliveryState.FAILED


def test_eight_workers_send_each_event_once(transactional_db, settings, receiver):
    settings.OUTGOING_AT_ONCE = 8
    endpoint_of(UserFactory(is_staff=True), url=f"http://127.0.0.1:{receiver.port}/")
    for number in range(6):
        happen(str(number))
    run_at_once([send] * 8)
    while send():
        pass
    told = sorted(json.loads(request.body)["data"]["evaluation"]["id"] for request in receiver.requests)
    assert told == list("012345")
    assert set(WebhookDelivery.objects.values_list("state", "tries")) == {(DeliveryState.SENT, 1)}


def test_tasks_are_scheduled(db, settings):
    assert (tasks.send_webhooks(), tasks.prune_webhooks()) == (0, 0)
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"notifications.send_webhooks", "notifications.prune_webhooks"} <= scheduled


# --- Turns and places ------------------------------------------------------------------------------------------------
def test_endpoints_take_turns_so_that_a_slow_one_delays_others_by_one_request(staff, receiver):
    slow, quick = (endpoint_of(staff, name=name, url=f"http://127.0.0.1:{receiver.port}/{name}") for name in ("s", "q"))
    for number in range(3):
        with transaction.atomic():
            event = WebhookEvent.objects.create(type="ping", cause=str(number), occurred_at=NOW, data={})
            WebhookDelivery.objects.create(event=event, endpoint=slow, next_at=NOW)
    WebhookDelivery.objects.create(event=event, endpoint=quick, next_at=NOW)
    send_webhooks(clock=Clock(step=timedelta(milliseconds=1)))
    assert [request.line.split()[1] for request in receiver.requests] in (
        ["/s", "/q", "/s", "/s"],
        ["/q", "/s", "/s", "/s"],
    )


def test_no_more_at_once_than_places(endpoint, staff, settings):
    other = endpoint_of(staff, name="Other", url=endpoint.url)
    for number in range(4):
        happen(str(number))
    settings.OUTGOING_AT_ONCE = 3
    taken = [_claim_next(NOW) for _ in range(5)]
    assert taken[3:] == [None, None]
    settings.OUTGOING_AT_ONCE = 50
    taken += [_claim_next(NOW) for _ in range(5)]
    by_endpoint = [row.endpoint_id for row in taken if row]
    assert sorted([by_endpoint.count(endpoint.pk), by_endpoint.count(other.pk)]) == [2, 2]


def test_a_turn_ends_and_goes_to_the_end_of_the_queue(endpoint, receiver, monkeypatch):
    queued = []
    monkeypatch.setattr("notifications.tasks.send_webhooks.delay", lambda: queued.append(1))
    for number in range(3):
        happen(str(number))
    assert send_webhooks(clock=Clock(step=TURN)) == 1
    assert queued == [1]


def test_dead_endpoint_rests_and_what_waits_keeps_its_tries(endpoint, receiver):
    receiver.answer = lambda request: reply(500)
    for number in range(20):
        happen(str(number))
    assert send() == 3
    assert WebhookDelivery.objects.filter(tries=0).count() == 17
    rest = WebhookEndpoint.objects.get().rest_until - NOW
    assert rest == timedelta(seconds=8)
    assert send(NOW + rest - timedelta(seconds=1)) == 0
    assert send(NOW + rest) == 1
    WebhookEndpoint.objects.update(failures=40, rest_until=None)
    send(NOW + timedelta(hours=1))
    assert WebhookEndpoint.objects.get().rest_until - NOW == timedelta(hours=1, minutes=5)
    receiver.answer = lambda request: reply()
    send(NOW + timedelta(hours=2))
    assert not WebhookDelivery.objects.exclude(state=DeliveryState.SENT).exists()
    row = WebhookEndpoint.objects.get()
    assert (row.failures, row.failing_since, row.rest_until) == (0, None, None)


# --- Switched off ----------------------------------------------------------------------------------------------------
def test_410_switches_it_off_at_once_and_tells_staff_once(endpoint, receiver, staff):
    receiver.answer = lambda request: reply(410)
    happen("1")
    happen("2")
    send()
    row = WebhookEndpoint.objects.get()
    assert (row.is_active, row.stopped_at) == (False, NOW)
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["failed", "waiting"]
    news = Notification.objects.get(user=staff)
    assert "switched off" in news.title
    assert str(row.pk) in news.url
    assert AuditEvent.objects.filter(action="webhookendpoint.stopped").count() == 1
    assert happen("3") is None


def test_five_days_without_a_success_switch_it_off(endpoint, receiver, staff):
    receiver.answer = lambda request: reply(500)
    happen("1")
    send()
    almost, then = NOW + STOP_AFTER - timedelta(minutes=1), NOW + STOP_AFTER
    send(almost)
    assert WebhookEndpoint.objects.get().is_active
    WebhookEndpoint.objects.update(rest_until=None)
    WebhookDelivery.objects.update(next_at=then)
    send(then)
    assert not WebhookEndpoint.objects.get().is_active
    assert Notification.objects.filter(user=staff).count() == 1


def test_switched_on_again_it_begins_afresh_and_what_waited_is_sent(
    endpoint, receiver, staff, django_capture_on_commit_callbacks
):
    receiver.answer = lambda request: reply(410)
    happen("1")
    happen("2")
    send()
    receiver.answer = lambda request: reply()
    endpoint.refresh_from_db()
    endpoint.is_active = True
    with django_capture_on_commit_callbacks(execute=True):
        assert save_endpoint(endpoint=endpoint, actor=staff, now=NOW) == ""
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["failed", "sent"]
    row = WebhookEndpoint.objects.get()
    assert (row.failures, row.stopped_at, row.stop_reason) == (0, None, "")
