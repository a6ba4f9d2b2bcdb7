"""A webhook with a secret, an event, its delivery and a try: the office's alone."""

from typing import Any

from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret, WebhookTry
from notifications.tests.webhooks import endpoint_of
from tests.factories import NOW


def samples(cast: Any) -> dict[type, list[Any]]:
    """Model → its rows."""
    endpoint = endpoint_of(cast.staff)
    event = WebhookEvent.objects.create(type="ping", cause="law", occurred_at=NOW, data={})
    delivery = WebhookDelivery.objects.create(event=event, endpoint=endpoint, next_at=NOW)
    tried = WebhookTry.objects.create(delivery=delivery, number=1, at=NOW, milliseconds=1, status=200)
    return {
        WebhookEndpoint: [endpoint],
        WebhookSecret: list(WebhookSecret.objects.all()),
        WebhookEvent: [event],
        WebhookDelivery: [delivery],
        WebhookTry: [tried],
    }
