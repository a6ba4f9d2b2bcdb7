"""Reactions of notifications to the framework's own facts."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from notifications.services.push import unsubscribe

# In the session: what this browser was subscribed with.
PUSH_SESSION = "push_endpoint"


@receiver(user_logged_out, dispatch_uid="notifications.end_push")
def end_push(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Whoever signs out leaves a browser to others: their news does not appear there any more."""
    endpoint = request.session.get(PUSH_SESSION) if request is not None and hasattr(request, "session") else None
    if user is not None and endpoint:
        unsubscribe(person=user, endpoint=endpoint)
