"""Signing secrets of webhooks: made here, shown once, kept encrypted; signatures as Standard Webhooks has them."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import DomainError
from common.sealing import seal, unseal
from notifications.models import WebhookEndpoint, WebhookSecret

PREFIX = "whsec_"
PURPOSE = "abhyas webhook secrets"
MAX_GRACE_HOURS = 24 * 14


def rotate_secret(*, endpoint: WebhookEndpoint, grace_hours: int, actor: User, reason: str = "", now: datetime) -> str:
    """Makes the secret that counts from now on and returns it: it can never be read again.

    For `grace_hours` we sign with the one before too, so the receiver may change over when it likes.
    """
    if not 0 <= grace_hours <= MAX_GRACE_HOURS:
        message = _("The old secret can be used for 0 to %(most)d more hours.") % {"most": MAX_GRACE_HOURS}
        raise DomainError(message, "grace_hours")
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    with transaction.atomic():
        WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)
        endpoint.secrets.filter(valid_until__gt=now).update(valid_until=now)
        endpoint.secrets.filter(valid_until__isnull=True).update(valid_until=now + timedelta(hours=grace_hours))
        row = WebhookSecret.objects.create(endpoint=endpoint, sealed=seal(secret, purpose=PURPOSE), created_at=now)
        after = {"secret": row.pk, "grace_hours": grace_hours}
        record_event(
            actor=actor, action="webhookendpoint.secret_rotated", obj=endpoint, after=after, reason=reason, now=now
        )
    return secret


def sign(*, endpoint: WebhookEndpoint, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks: one signature for each secret that is valid, the newest first.

    Raises DomainError `secret_lost` when none can be decrypted any more.
    """
    found = [unseal(row.sealed, purpose=PURPOSE) for row in endpoint.secrets.valid(now)]
    signatures = [Webhook(secret).sign(message_id, now.astimezone(UTC), body) for secret in found if secret]
    if not signatures:
        raise DomainError(_("The signing secret cannot be read any more: rotate it."), "secret_lost")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
