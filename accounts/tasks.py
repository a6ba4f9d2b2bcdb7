"""Background work of accounts."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="accounts.seal_audit")
def seal_audit() -> None:
    """Seals the audit events of the last minute."""
    from accounts.services.audit import seal_events

    seal_events(now=timezone.now())


@shared_task(name="accounts.clear_expired_sessions")
def clear_expired_sessions() -> None:
    """Deletes sessions and API tokens that can no longer be used."""
    from accounts.services.sessions import clear_expired

    clear_expired(now=timezone.now())
