"""How an endpoint is doing: it rests after failures in a row, and is switched off when it has been gone for days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services.audit import record_event
from notifications.enums import NotificationKind
from notifications.models import WebhookEndpoint
from notifications.services.inbox import notify

STOP_AFTER = timedelta(days=5)
# From the third failure in a row on, one request is made and then none for so long: an address that is down for a day
# costs a few hundred requests and no place that others need.
RESTS_FROM = 3
LONGEST_REST = timedelta(minutes=5)
# A success is written down when that says something new, not each time.
FRESH = timedelta(minutes=1)

GONE = gettext_noop("It answered 410 Gone: it wants no more events.")
SILENT = gettext_noop("Nothing could be delivered for five days.")


def note_success(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Of a locked endpoint."""
    if not endpoint.failures and endpoint.last_success_at and now - endpoint.last_success_at < FRESH:
        return
    endpoint.failures, endpoint.failing_since, endpoint.rest_until, endpoint.last_success_at = 0, None, None, now
    endpoint.save(update_fields=["failures", "failing_since", "rest_until", "last_success_at"])


def note_failure(endpoint: WebhookEndpoint, *, gone: bool, now: datetime) -> None:
    """Of a locked endpoint. Switches it off, once, when it is `gone` or nothing has arrived for five days."""
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.last_failure_at = now
    if endpoint.failures >= RESTS_FROM:
        endpoint.rest_until = now + min(timedelta(seconds=2 ** min(endpoint.failures, 16)), LONGEST_REST)
    endpoint.save(update_fields=["failures", "failing_since", "last_failure_at", "rest_until"])
    if endpoint.is_active and (gone or now - endpoint.failing_since >= STOP_AFTER):
        _stop(endpoint, GONE if gone else SILENT, now)


def _stop(endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    endpoint.is_active, endpoint.stopped_at, endpoint.stop_reason = False, now, reason
    endpoint.save(update_fields=["is_active", "stopped_at", "stop_reason"])
    before, after = {"is_active": True}, {"is_active": False}
    record_event(
        actor=None, action="webhookendpoint.stopped", obj=endpoint, before=before, after=after, reason=reason, now=now
    )
    for person in User.objects.filter(is_staff=True, is_active=True):
        with translation.override(person.language):
            title = _("The webhook %(name)s was switched off") % {"name": endpoint.name}
            body = f"{_(reason)} {_('Events of this time are not sent later; fetch them by the API.')}"
        notify(
            user=person,
            kind=NotificationKind.WEBHOOK_STOPPED,
            cause=f"webhook:{endpoint.pk}:{now:%Y%m%d%H%M%S}",
            title=title,
            body=body,
            url=f"/admin/notifications/webhookendpoint/{endpoint.pk}/change/",
            now=now,
        )
