"""Reactions of accounts to the framework's own facts."""

from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata


@receiver(bind_extra_request_metadata, dispatch_uid="accounts.remember_origin")
def remember_origin(request: HttpRequest, **kwargs: Any) -> None:
    """Keeps the request's network address for audit events, believing only proxies that the settings trust."""
    try:
        structlog.contextvars.bind_contextvars(origin=get_adapter().get_client_ip(request))
    except PermissionDenied:
        return
