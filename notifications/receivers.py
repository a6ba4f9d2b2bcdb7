"""Reactions of notifications to the framework's own facts."""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.signals import (
    account_unused,
    erasure_asked,
    erasure_ended,
    export_ended,
    guardian_linked,
    guardian_unlinked,
)
from notifications.services import data_news
from notifications.services.guardian_news import tell_of_link
from notifications.services.push import unsubscribe

# In the session: what this browser was subscribed with.
PUSH_SESSION = "push_endpoint"


@receiver(user_logged_out, dispatch_uid="notifications.end_push")
def end_push(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Whoever signs out leaves a browser to others: their news does not appear there any more."""
    endpoint = request.session.get(PUSH_SESSION) if request is not None and hasattr(request, "session") else None
    if user is not None and endpoint:
        unsubscribe(person=user, endpoint=endpoint)


@receiver(guardian_linked, dispatch_uid="notifications.guardian_linked")
def on_guardian_linked(link_id: UUID, **kwargs: Any) -> None:
    tell_of_link(link_id=link_id, now=timezone.now())


@receiver(guardian_unlinked, dispatch_uid="notifications.guardian_unlinked")
def on_guardian_unlinked(link_id: UUID, **kwargs: Any) -> None:
    tell_of_link(link_id=link_id, now=timezone.now())


@receiver(export_ended, dispatch_uid="notifications.export_ended")
def on_export_ended(export_id: UUID, **kwargs: Any) -> None:
    data_news.tell_of_export(export_id=export_id, now=timezone.now())


@receiver(erasure_asked, dispatch_uid="notifications.erasure_asked")
@receiver(erasure_ended, dispatch_uid="notifications.erasure_ended")
def on_erasure(request_id: UUID, **kwargs: Any) -> None:
    data_news.tell_of_erasure(request_id=request_id, now=timezone.now())


@receiver(account_unused, dispatch_uid="notifications.account_unused")
def on_account_unused(person_id: UUID, year: int, **kwargs: Any) -> None:
    data_news.remind_of_account(person_id=person_id, year=year, now=timezone.now())
