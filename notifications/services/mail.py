"""An e-mail, of one notification or of several: waiting → sent, or given up after five tries.

Delivery is at least once. A try is claimed in a short transaction before the mail server is spoken to: the claim counts
the try and moves `mail_after` to when the next one may begin, so no two workers send the same mail and no transaction
is held open while a server answers. Only a crash after the server took the mail and before that was written down sends
it again; the Message-ID is the same each time, so mail programs show it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from smtplib import SMTPRecipientsRefused
from typing import TypeVar
from uuid import UUID

import structlog
from anymail.exceptions import AnymailError  # type: ignore[import-untyped]
from django.db import transaction

from notifications.enums import LATER, MailState
from notifications.models import Digest, Notification
from notifications.services.channels import own_hours, quiet_until
from notifications.services.letters import compose
from notifications.services.tries import MAX_TRIES, next_try

log = structlog.get_logger(__name__)

SWEEP_SIZE = 200
# What a mail server or the way to it may raise; SMTP errors are OSErrors too.
TROUBLE = (OSError, AnymailError)

Mail = TypeVar("Mail", Notification, Digest)


def deliver_mail(*, notification_id: UUID | str, now: datetime) -> str | None:
    """Sends the e-mail of one notification if it is due. Returns the state afterwards, None when the notification is
    gone. Safe to call at any time."""
    return _deliver(Notification, notification_id, now)


def deliver_digest(*, digest_id: UUID | str, now: datetime) -> str | None:
    """As `deliver_mail`, for one mail of several notifications."""
    return _deliver(Digest, digest_id, now)


def send_waiting_mail(*, now: datetime) -> int:
    """Sends what is due and not sent: after a failure, or when the task was lost. Returns how many were sent."""
    due = Notification.objects.filter(mail_state=MailState.WAITING, mail_after__lte=now).order_by("mail_after")
    return deliver_mails(notification_ids=list(due.values_list("pk", flat=True)[:SWEEP_SIZE]), now=now)


def deliver_mails(*, notification_ids: Iterable[UUID | str], now: datetime) -> int:
    """`deliver_mail` for each; returns how many were sent."""
    return sum(deliver_mail(notification_id=pk, now=now) == MailState.SENT for pk in notification_ids)


def _deliver(model: type[Mail], pk: UUID | str, now: datetime) -> str | None:
    mail = _claim(model, pk, now)
    if mail is None:
        return model._default_manager.values_list("mail_state", flat=True).filter(pk=pk).first()
    message = compose(mail)
    if message is None:
        return _finish(mail, MailState.NONE)
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        return _finish(mail, MailState.FAILED, error)
    except TROUBLE as error:
        return _finish(mail, MailState.FAILED if mail.mail_tries >= MAX_TRIES else None, error)
    return _finish(mail, MailState.SENT)


def _claim(model: type[Mail], pk: UUID | str, now: datetime) -> Mail | None:
    """The mail when this caller may send it now, else None."""
    with transaction.atomic():
        found: Mail | None = (
            model._default_manager.select_for_update(of=("self",))
            .select_related("user__notification_settings")
            .filter(pk=pk, mail_state=MailState.WAITING, mail_after__lte=now)
            .first()
        )
        if found is None:
            return None
        if found.mail_tries >= MAX_TRIES or not found.user.is_active:
            # A worker died during the last try, or the person left meanwhile.
            _close(found, MailState.FAILED)
            return None
        if _put_off(found, now):
            return None
        found.mail_after = next_try(tries=found.mail_tries, now=now)
        found.mail_tries += 1
        found.save(update_fields=["mail_tries", "mail_after"])
    return found


def _put_off(mail: Notification | Digest, now: datetime) -> bool:
    """Whether it is quiet by now: the queue was long, or a try failed. Then it waits."""
    hours = own_hours(mail.user)
    if isinstance(mail, Notification):
        end = quiet_until(kind=mail.kind, hours=hours, now=now)
        mail.mail_state = MailState.HELD if end else mail.mail_state
    else:
        end = hours.quiet_end(now)
    if end is None:
        return False
    mail.mail_after = end
    mail.save(update_fields=["mail_state", "mail_after"])
    return True


def _finish(mail: Notification | Digest, state: MailState | None, error: Exception | None = None) -> str:
    """Writes the outcome; `state` None leaves it waiting for the next try."""
    if error is not None:
        log.warning("mail_failed", mail=str(mail.pk), tries=mail.mail_tries, error=repr(error))
    if state is not None:
        _close(mail, state)
    return str(state or MailState.WAITING)


def _close(mail: Notification | Digest, state: MailState) -> None:
    """What was in a digest shares its fate."""
    with transaction.atomic():
        type(mail)._default_manager.filter(pk=mail.pk).update(mail_state=state)
        if isinstance(mail, Digest):
            mail.notifications.filter(mail_state__in=LATER).update(mail_state=state)
