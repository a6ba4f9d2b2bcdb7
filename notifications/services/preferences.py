"""What a person wants to be told, how and when: reading it whole, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import DomainError
from notifications.enums import KINDS, LATER, MailState, MailWish
from notifications.models import Notification, NotificationPreference, NotificationSettings, PushDelivery
from notifications.services.channels import own_hours
from notifications.services.quiet import Hours

UNSENT = (MailState.WAITING, *LATER)


@dataclass(frozen=True)
class Wish:
    """How one kind of news comes beside the inbox."""

    mail: str
    push: bool


def wishes_of(person: User) -> dict[str, Wish]:
    """The wish for every kind there is. One query."""
    wishes = {kind: _usual(kind) for kind in KINDS}
    stored = NotificationPreference.objects.filter(user=person, kind__in=KINDS)
    return wishes | {kind: Wish(mail, push) for kind, mail, push in stored.values_list("kind", "mail", "push")}


def change_wishes(
    *,
    person: User,
    wishes: Mapping[str, Wish],
    quiet: tuple[time, time] | None,
    digest_at: time,
    now: datetime,
) -> None:
    """Keeps the person's choice for these kinds, their quiet hours (None or two equal times: none) and the time of the
    mail of the day. What waits is sent by the new times, and what is switched off is not sent any more. Audited."""
    if quiet and quiet[0] == quiet[1]:
        quiet = None
    with transaction.atomic():
        locked = lock_person(person)
        before = own_hours(locked)
        keep_wishes(person=locked, actor=locked, wishes=wishes, now=now)
        start, end = quiet or (None, None)
        hours = Hours(before.zone, start, end, digest_at)
        if hours != before:
            chosen = {"quiet_from": hours.quiet_from, "quiet_until": hours.quiet_until, "digest_at": digest_at}
            row, _made = NotificationSettings.objects.update_or_create(user=locked, defaults=chosen)
            record_event(
                actor=locked,
                action="notifications.hours",
                obj=row,
                before=_shown(before),
                after=_shown(hours),
                now=now,
            )
            _plan_again(locked, hours, now)


def keep_wishes(
    *, person: User, actor: User | None, wishes: Mapping[str, Wish], now: datetime, reason: str = ""
) -> None:
    """Stores the wishes for these kinds, in the caller's transaction with the person locked. Audited when one changed.
    Raises DomainError for a kind there is not."""
    if unknown := set(wishes) - set(KINDS):
        raise DomainError(_("There is no such news."), "no_such_kind", kinds=sorted(unknown))
    before = wishes_of(person)
    changed = {kind: wish for kind, wish in wishes.items() if wish != before[kind]}
    if not changed:
        return
    usual = [kind for kind, wish in changed.items() if wish == _usual(kind)]
    NotificationPreference.objects.filter(user=person, kind__in=usual).delete()
    rows = [
        NotificationPreference(user=person, kind=kind, **asdict(changed[kind])) for kind in set(changed) - set(usual)
    ]
    NotificationPreference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["mail", "push"]
    )
    off = [kind for kind, wish in changed.items() if wish.mail == MailWish.OFF]
    waiting = Notification.objects.filter(user=person, kind__in=off, mail_state__in=UNSENT)
    waiting.update(mail_state=MailState.NONE, mail_after=None)
    silent = [kind for kind, wish in changed.items() if not wish.push]
    pushes = PushDelivery.objects.filter(subscription__user=person, notification__kind__in=silent)
    pushes.filter(state=MailState.WAITING).update(state=MailState.NONE)
    record_event(
        actor=actor,
        action="notifications.wishes",
        obj=person,
        before={kind: asdict(before[kind]) for kind in sorted(changed)},
        after={kind: asdict(wish) for kind, wish in sorted(changed.items())},
        reason=reason,
        now=now,
    )


def lock_person(person: User) -> User:
    """The person, locked against another change of their wishes until the caller's transaction ends."""
    rows = User.objects.select_for_update(of=("self",)).select_related("notification_settings")
    locked: User = rows.get(pk=person.pk)
    return locked


def _usual(kind: str) -> Wish:
    return Wish(KINDS[kind].mail, KINDS[kind].push)


def _plan_again(person: User, hours: Hours, now: datetime) -> None:
    """What waits for a time of day waits for the new one."""
    later = Notification.objects.filter(user=person, digest__isnull=True)
    later.filter(mail_state=MailState.DIGEST).update(mail_after=hours.next_digest(now))
    later.filter(mail_state=MailState.HELD).update(mail_after=hours.quiet_end(now) or now)
    pushes = PushDelivery.objects.filter(subscription__user=person, state=MailState.WAITING, tries=0)
    pushes.update(push_after=hours.quiet_end(now) or now)


def _shown(hours: Hours) -> dict[str, Any]:
    times = {"quiet_from": hours.quiet_from, "quiet_until": hours.quiet_until, "digest_at": hours.digest_at}
    return {name: f"{value:%H:%M}" if value else "" for name, value in times.items()}
