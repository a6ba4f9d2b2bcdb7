"""Reactions of accounts to the framework's own facts."""

from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import authentication_step_completed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django_structlog.signals import bind_extra_request_metadata

from accounts.services.second_factor import FACTORS, note_factor
from accounts.services.sessions import note_use


@receiver(bind_extra_request_metadata, dispatch_uid="accounts.remember_origin")
def remember_origin(request: HttpRequest, **kwargs: Any) -> None:
    """Keeps the request's network address for audit events, believing only proxies that the settings trust."""
    try:
        structlog.contextvars.bind_contextvars(origin=get_adapter().get_client_ip(request))
    except PermissionDenied:
        return


@receiver(user_logged_in, dispatch_uid="accounts.note_sign_in")
def note_sign_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """A new sign-in is used from now on."""
    note_use(session=request.session, user=user, now=timezone.now())


@receiver(authenticator_added, dispatch_uid="accounts.factor_added")
def factor_added(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """Setting a factor up proves it, so the session that did it counts as signed in with it."""
    note_factor(user=user, kind=authenticator.type, added=True, actor=user, now=timezone.now())
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver(authenticator_removed, dispatch_uid="accounts.factor_removed")
def factor_removed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note_factor(user=user, kind=authenticator.type, added=False, actor=user, now=timezone.now())


@receiver(authentication_step_completed, dispatch_uid="accounts.renew_key")
def renew_key(request: HttpRequest, **kwargs: Any) -> None:
    """Whoever proves again who they are gets a new session key, and the one before opens nothing."""
    if kwargs.get("reauthenticated"):
        before = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
