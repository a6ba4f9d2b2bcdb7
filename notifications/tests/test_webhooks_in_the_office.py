"""Webhooks in the back office: the secret is shown once, a private address gets a sentence, the log sends again."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from common.testing.receiver import listening, reply
from notifications.enums import DeliveryState, WebhookType
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from notifications.services.webhook_sending import send_webhooks
from notifications.services.webhooks import record_webhook
from notifications.tests.webhooks import endpoint_of

LIST = "admin:notifications_webhookendpoint_changelist"
LOG = "admin:notifications_webhookdelivery_changelist"


@pytest.fixture
def receiver(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.1/32"]
    with listening() as server:
        yield server


@pytest.fixture
def staff(cast, client):
    client.force_login(cast.staff)
    return cast.staff


@pytest.fixture
def endpoint(staff, receiver):
    return endpoint_of(staff, url=f"http://127.0.0.1:{receiver.port}/")


def happen(cause):
    with transaction.atomic():
        record_webhook(type=WebhookType.SLA_BREACHED, cause=cause, data=lambda: {"n": cause}, now=timezone.now())


def act(client, where, action, *rows, **more):
    return client.post(reverse(where), {"action": action, "_selected_action": [row.pk for row in rows], **more})


def add(client, **changes):
    data = {"name": "Office", "url": "https://93.184.216.34/in", "types": ["sla.breached"], "is_active": "on"}
    return client.post(reverse("admin:notifications_webhookendpoint_add"), data | changes)


def test_new_webhook_shows_its_secret_once(staff, client):
    page = add(client)
    secret = re.search(r"whsec_[\w+/]+=*", page.content.decode()).group()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.created_by, endpoint.types) == (staff, ["sla.breached"])
    for url in (reverse(LIST), reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])):
        assert secret not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://169.254.169.254/latest"}, "inside a private network"),
        ({"url": "https://localhost/"}, "inside a private network"),
        ({"url": "http://93.184.216.34/"}, "begins with https://"),
        ({"types": []}, "This field is required"),
    ],
)
def test_wrong_webhook_gets_a_sentence(staff, client, changes, words):
    page = add(client, **changes)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_change_keeps_the_secret_and_is_audited(endpoint, client):
    url = reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])
    data = {"name": "Renamed", "url": endpoint.url, "types": ["attempt.submitted"]}
    assert client.post(url, data).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.is_active, endpoint.secrets.count()) == ("Renamed", False, 1)
    event = AuditEvent.objects.get(action="webhookendpoint.changed")
    assert event.before["name"] == "Office"


def test_rotation_asks_and_shows_the_new_secret(endpoint, client):
    assert "grace_hours" in act(client, LIST, "rotate", endpoint).content.decode()
    page = act(client, LIST, "rotate", endpoint, confirmed="1", grace_hours="24", reason="lost").content.decode()
    assert "whsec_" in page
    assert endpoint.secret not in page
    assert endpoint.secrets.count() == 2


def test_test_event_leads_to_what_came_back(endpoint, client, receiver, django_capture_on_commit_callbacks):
    receiver.answer = lambda request: reply(202, b"<b>thanks</b>")
    with django_capture_on_commit_callbacks(execute=True):
        answer = act(client, LIST, "send_test_event", endpoint)
    page = client.get(answer["Location"]).content.decode()
    for words in (
        str(WebhookDelivery.objects.get().event_id),
        "&lt;b&gt;thanks",
        "202",
        "&quot;type&quot;: &quot;ping&quot;",
    ):
        assert words in page
    assert "<b>thanks" not in page
    assert "(&#x27;" not in page
    form = client.get(reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])).content.decode()
    assert "(&#x27;" not in form


def test_log_is_filtered_and_replays_what_is_chosen(endpoint, client, receiver, django_capture_on_commit_callbacks):
    happen("1")
    happen("2")
    send_webhooks(clock=timezone.now)
    first, second = WebhookDelivery.objects.order_by("id")
    WebhookDelivery.objects.filter(pk=second.pk).update(state=DeliveryState.FAILED)
    page = client.get(reverse(LOG), {"state__exact": "failed", "event__type__exact": "sla.breached"}).content.decode()
    assert str(second.pk) in page
    assert str(first.pk) not in page
    with django_capture_on_commit_callbacks(execute=True):
        act(client, LOG, "replay", second)
    assert len(receiver.requests) == 3
    assert receiver.requests[2].headers["webhook-id"] == str(second.event_id)


def test_all_given_up_since_a_time_are_replayed(endpoint, client):
    for cause in ("1", "2"):
        happen(cause)
    WebhookDelivery.objects.update(state=DeliveryState.FAILED, next_at=None)
    assert "since" in act(client, LIST, "replay_given_up", endpoint).content.decode()
    since = timezone.localtime(timezone.now() - timedelta(hours=1))
    told = {"since_0": f"{since:%Y-%m-%d}", "since_1": f"{since:%H:%M}", "confirmed": "1"}
    answer = act(client, LIST, "replay_given_up", endpoint, **told)
    assert answer.status_code == 302
    assert WebhookDelivery.objects.filter(state=DeliveryState.WAITING).count() == 2
    assert AuditEvent.objects.get(action="webhookendpoint.failed_replayed").after["deliveries"] == 2


def test_what_cannot_be_done_is_said(endpoint, client):
    WebhookEndpoint.objects.update(is_active=False)
    act(client, LIST, "send_test_event", endpoint)
    assert "is not active" in client.get(reverse(LIST)).content.decode()


def test_lists_cost_the_same_for_one_and_for_many(endpoint, staff, client, receiver):
    def cost(where):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(where)).status_code == 200
        return len(queries)

    happen("0")
    send_webhooks(clock=timezone.now)
    cost(LIST)
    few = [cost(LIST), cost(LOG)]
    for number in range(8):
        endpoint_of(staff, name=f"More {number}", url=endpoint.url)
        happen(str(number + 1))
    send_webhooks(clock=timezone.now)
    assert WebhookTry.objects.count() > 30
    assert [cost(LIST), cost(LOG)] == few


def test_webhooks_are_one_click_from_the_first_page(staff, client):
    assert f'href="{reverse(LIST)}"' in client.get(reverse("admin:index")).content.decode()
