"""Background work of accounts."""

from uuid import UUID

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


@shared_task(name="accounts.make_export")
def make_export(export_id: str) -> str:
    """Makes one copy of personal data if it still waits; returns its state."""
    from accounts.services.exports import make_export as make

    return make(export_id=UUID(export_id), now=timezone.now())


@shared_task(name="accounts.tend_personal_data")
def tend_personal_data() -> int:
    """Makes copies that were dropped, deletes those past their time, erases whose time has come; returns how many."""
    from accounts.services.erasure import run_due_erasures
    from accounts.services.exports import expire_exports, make_waiting_exports

    now = timezone.now()
    return make_waiting_exports(now=now) + expire_exports(now=now) + run_due_erasures(now=now)


@shared_task(name="accounts.run_retention")
def run_retention() -> dict[str, int]:
    """Deletes what has been kept as long as its rule says; returns how many of each kind."""
    from accounts.services.retention import run_retention as run

    return run(now=timezone.now())
