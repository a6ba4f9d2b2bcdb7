"""A webhook whose receiver is a server of this test, and things that happen."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from common.errors import DomainError
from notifications.enums import WebhookType
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.services.webhook_sending import send_webhooks
from notifications.services.webhook_setup import save_endpoint
from notifications.services.webhooks import CHOOSABLE, record_webhook
from tests.factories import NOW

RELEASED = WebhookType.EVALUATION_RELEASED
EVERY = [str(kind) for kind in CHOOSABLE]


def endpoint_of(staff: User, *, name: str = "Office", **fields: Any) -> WebhookEndpoint:
    """Saved as staff do it; the secret is at `endpoint.secret`."""
    fields = {"url": "https://93.184.216.34/hooks", "types": EVERY} | fields
    endpoint: Any = WebhookEndpoint(name=name, **fields)
    endpoint.secret = save_endpoint(endpoint=endpoint, actor=staff, now=NOW)
    return endpoint


class Clock:
    """Tells `at`, which each look moves on by `step`."""

    def __init__(self, at=NOW, step=timedelta(0)):
        self.at, self.step = at, step

    def __call__(self):
        self.at += self.step
        return self.at


def happen(cause="1", *, now=NOW, data=None, type=RELEASED):
    with transaction.atomic():
        return record_webhook(type=type, cause=cause, data=lambda: data or {"evaluation": {"id": cause}}, now=now)


def send(at=NOW):
    return send_webhooks(clock=Clock(at))


def the_delivery():
    return WebhookDelivery.objects.get()


def code_of(work):
    with pytest.raises(DomainError) as refused:
        work()
    return refused.value.code
