"""The inbox: telling a person something once, and marking it read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.models import User
from notifications import tasks
from notifications.enums import MailState
from notifications.models import Notification
from notifications.services.channels import plan_channels
from notifications.services.live.bell import ring
from notifications.services.mail import send_waiting_mail
from notifications.services.push import queue_pushes

__all__ = ["News", "mark_read", "notify", "notify_many", "read_by_url", "send_waiting_mail"]

# So many notifications in one statement, and so many e-mails in one task.
BATCH = 100


def notify(
    *,
    user: User,
    kind: str,
    cause: str,
    title: str,
    body: str = "",
    url: str = "",
    now: datetime,
) -> Notification | None:
    """Puts one notification into the person's inbox and sends it, after the commit, as they wish for this kind.

    The same (user, kind, cause) again changes nothing and returns None. `url` is a path on this site.
    """
    with transaction.atomic():
        plan = plan_channels(told=[(user.pk, kind)], now=now)[user.pk, kind]
        notification, created = Notification.objects.get_or_create(
            user=user,
            kind=kind,
            cause=cause,
            defaults={
                "title": title[:160],
                "body": body[:500],
                "url": url,
                "created_at": now,
                "mail_state": plan.mail_state,
                "mail_after": plan.mail_after,
            },
        )
        if not created:
            return None
        queue_pushes(news=[(notification, plan.push_after)], now=now)
        if plan.mail_state == MailState.WAITING:
            # If the broker cannot be reached the row stays waiting and the sweep sends it.
            transaction.on_commit(partial(tasks.send_mail.delay, str(notification.pk)), robust=True)
        ring([user.pk])
    return notification


@dataclass(frozen=True)
class News:
    """One notification of many; the fields are those of `notify`."""

    user_id: UUID
    kind: str
    cause: str
    title: str
    body: str = ""
    url: str = ""


def notify_many(news: Iterable[News], *, now: datetime) -> None:
    """`notify` for many people at once: one statement per BATCH, and one task per BATCH for their e-mails.

    What a person has been told already is left as it is; a mail is sent once whoever asks for it.
    """
    told = list(news)
    plans = plan_channels(told=((one.user_id, one.kind) for one in told), now=now)
    rows = [
        Notification(
            user_id=one.user_id,
            kind=one.kind,
            cause=one.cause,
            title=one.title[:160],
            body=one.body[:500],
            url=one.url,
            created_at=now,
            mail_state=plans[one.user_id, one.kind].mail_state,
            mail_after=plans[one.user_id, one.kind].mail_after,
        )
        for one in told
    ]
    with transaction.atomic():
        Notification.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        queue_pushes(news=[(row, plans[row.user_id, row.kind].push_after) for row in rows], now=now)
        ids = [str(row.pk) for row in rows if row.mail_state == MailState.WAITING]
        for start in range(0, len(ids), BATCH):
            # If the broker cannot be reached the rows stay waiting and the sweep sends them.
            transaction.on_commit(partial(tasks.send_mails.delay, ids[start : start + BATCH]), robust=True)
        ring({row.user_id for row in rows})


def mark_read(*, user: User, ids: Collection[UUID] | None = None, now: datetime) -> int:
    """Marks the person's unread notifications (only `ids`, or all) as read. Returns how many were unread."""
    unread = Notification.objects.filter(user=user).unread()
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    if found := unread.update(read_at=now):
        ring([user.pk])
    return found


def read_by_url(*, user: User, url: str, now: datetime) -> int:
    """Marks what points the person to `url` as read: they have just opened it. Returns how many were unread."""
    if found := Notification.objects.filter(user=user, url=url).unread().update(read_at=now):
        ring([user.pk])
    return found
