"""Signing secrets of external tools: made here, shown once, kept encrypted under a key that comes from SECRET_KEY."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import ExternalSecret, ExternalTool
from common.errors import DomainError
from common.sealing import seal, unseal

PREFIX = "abx_"
PURPOSE = "abhyas external tool secrets"
MAX_GRACE_HOURS = 24 * 14


def rotate_secret(*, tool: ExternalTool, grace_hours: int, actor: User, reason: str = "", now: datetime) -> str:
    """Makes the secret that counts from now on and returns it: it can never be read again.

    The one before still verifies webhooks for `grace_hours`, and every older one ends now: at most two are valid.
    """
    if not 0 <= grace_hours <= MAX_GRACE_HOURS:
        message = _("The old secret can stay valid for 0 to %(most)d hours.") % {"most": MAX_GRACE_HOURS}
        raise DomainError(message, "grace_hours")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        ExternalTool.objects.select_for_update(of=("self",)).get(pk=tool.pk)
        tool.secrets.filter(valid_until__gt=now).update(valid_until=now)
        tool.secrets.filter(valid_until__isnull=True).update(valid_until=now + timedelta(hours=grace_hours))
        row = ExternalSecret.objects.create(tool=tool, sealed=seal(secret, purpose=PURPOSE), created_at=now)
        after = {"secret": row.pk, "grace_hours": grace_hours}
        record_event(actor=actor, action="externaltool.secret_rotated", obj=tool, after=after, reason=reason, now=now)
    return secret


def open_secrets(*, tool: ExternalTool, now: datetime) -> list[str]:
    """The secrets that are valid now, the one in use first. One that cannot be decrypted any more is left out."""
    found = (unseal(row.sealed, purpose=PURPOSE) for row in tool.secrets.valid(now))
    return [secret for secret in found if secret is not None]
