"""The e-mail of a notification: waiting → sent, or given up after five tries.

Delivery is at least once. A try is claimed in a short transaction before the mail server is spoken to: the claim counts
the try and moves `mail_after` to when the next one may begin, so no two workers send the same mail and no transaction
is held open while a server answers. Only a crash after the server took the mail and before that was written down sends
it again; the Message-ID is the same each time, so mail programs show it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from anymail.exceptions import AnymailError  # type: ignore[import-untyped]
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from notifications.enums import MailState
from notifications.models import Notification

log = structlog.get_logger(__name__)

# After the first failure one minute, and so on; a fifth failure is the last.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
MAX_TRIES = len(PAUSES) + 1
SWEEP_SIZE = 200
# What a mail server or the way to it may raise; SMTP errors are OSErrors too.
TROUBLE = (OSError, AnymailError)


def deliver_mail(*, notification_id: UUID | str, now: datetime) -> str | None:
    """Sends the e-mail of one notification if it is due. Returns the state afterwards, None when the notification is
    gone. Safe to call at any time."""
    notification = _claim(notification_id, now)
    if notification is None:
        return Notification.objects.values_list("mail_state", flat=True).filter(pk=notification_id).first()
    try:
        compose_mail(notification).send()
    except SMTPRecipientsRefused as error:
        return _finish(notification, MailState.FAILED, error)
    except TROUBLE as error:
        return _finish(notification, MailState.FAILED if notification.mail_tries >= MAX_TRIES else None, error)
    return _finish(notification, MailState.SENT)


def send_waiting_mail(*, now: datetime) -> int:
    """Sends what is due and not sent: after a failure, or when the task was lost. Returns how many were sent."""
    due = Notification.objects.filter(mail_state=MailState.WAITING, mail_after__lte=now).order_by("mail_after")
    return deliver_mails(notification_ids=list(due.values_list("pk", flat=True)[:SWEEP_SIZE]), now=now)


def deliver_mails(*, notification_ids: Iterable[UUID | str], now: datetime) -> int:
    """`deliver_mail` for each; returns how many were sent."""
    return sum(deliver_mail(notification_id=pk, now=now) == MailState.SENT for pk in notification_ids)


def compose_mail(notification: Notification) -> EmailMultiAlternatives:
    """The e-mail in the person's language, as text and HTML. Links lead to SITE_URL."""
    person = notification.user
    with translation.override(person.language):
        context = {
            "notification": notification,
            "person": person,
            "link": f"{settings.SITE_URL.rstrip('/')}{notification.url}" if notification.url else "",
            "site_url": settings.SITE_URL,
        }
        text = render_to_string("notifications/mail.txt", context)
        html = render_to_string("notifications/mail.html", context)
    message = EmailMultiAlternatives(
        # A line break in a subject would start a new header.
        subject=" ".join(notification.title.split()),
        body=text,
        to=[person.email],
        headers={
            "Message-ID": f"<{notification.pk}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _claim(notification_id: UUID | str, now: datetime) -> Notification | None:
    """The notification when this caller may send it now, else None."""
    with transaction.atomic():
        found = (
            Notification.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(pk=notification_id, mail_state=MailState.WAITING, mail_after__lte=now)
            .first()
        )
        if found is None:
            return None
        if found.mail_tries >= MAX_TRIES or not found.user.is_active:
            # A worker died during the last try, or the person left meanwhile.
            found.mail_state = MailState.FAILED
            found.save(update_fields=["mail_state"])
            return None
        found.mail_after = now + PAUSES[min(found.mail_tries, len(PAUSES) - 1)]
        found.mail_tries += 1
        found.save(update_fields=["mail_tries", "mail_after"])
    return found


def _finish(notification: Notification, state: MailState | None, error: Exception | None = None) -> str:
    """Writes the outcome; `state` None leaves it waiting for the next try."""
    if error is not None:
        log.warning("mail_failed", notification=str(notification.pk), tries=notification.mail_tries, error=repr(error))
    if state is not None:
        Notification.objects.filter(pk=notification.pk).update(mail_state=state)
    return str(state or MailState.WAITING)
