"""Housekeeping of sign-ins: expired browser sessions and API tokens."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken


def clear_expired(*, now: datetime) -> int:
    """Deletes sessions and refresh tokens past their end. Returns how many rows went."""
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    tokens, _ = OutstandingToken.objects.filter(expires_at__lt=now).delete()
    return sessions + tokens
