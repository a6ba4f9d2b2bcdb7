"""How a piece of news comes to a person beside the inbox: what the rule of its kind says, unless they say otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import User
from notifications.enums import KINDS, MailState, MailWish
from notifications.models import NotificationPreference, NotificationSettings
from notifications.services.quiet import Hours


@dataclass(frozen=True)
class Channels:
    """`mail_after` and `push_after`: not before; None: not at all."""

    mail_state: str
    mail_after: datetime | None
    push_after: datetime | None


def plan_channels(*, told: Iterable[tuple[UUID, str]], now: datetime) -> dict[tuple[UUID, str], Channels]:
    """What happens beside the inbox, by person and kind. Two queries for any number of people."""
    pairs = set(told)
    hours = hours_of({user for user, _kind in pairs})
    preferences = NotificationPreference.objects.filter(
        user__in={user for user, _kind in pairs}, kind__in={kind for _user, kind in pairs}
    )
    wishes = {
        (user, kind): (mail, push)
        for user, kind, mail, push in preferences.values_list(*["user", "kind", "mail", "push"])
    }
    plans = {}
    for user, kind in pairs:
        rule = KINDS[kind]
        mail, push = wishes.get((user, kind), (rule.mail, rule.push))
        plans[user, kind] = _channels(kind, mail, push, hours[user], now)
    return plans


def _channels(kind: str, mail: str, push: bool, hours: Hours, now: datetime) -> Channels:
    quiet_end = quiet_until(kind=kind, hours=hours, now=now)
    push_after = (quiet_end or now) if push else None
    if mail == MailWish.DIGEST:
        return Channels(MailState.DIGEST, hours.next_digest(now), push_after)
    if mail == MailWish.OFF:
        return Channels(MailState.NONE, None, push_after)
    return Channels(MailState.HELD if quiet_end else MailState.WAITING, quiet_end or now, push_after)


def quiet_until(*, kind: str, hours: Hours, now: datetime) -> datetime | None:
    """When the person may be told; None: now."""
    return None if KINDS[kind].urgent else hours.quiet_end(now)


def hours_of(users: Collection[UUID]) -> dict[UUID, Hours]:
    """The hours of each person. One query."""
    people = User.objects.filter(pk__in=users).select_related("notification_settings")
    return {person.pk: own_hours(person) for person in people}


def own_hours(person: User) -> Hours:
    """No query where `notification_settings` was selected with the person."""
    zone = ZoneInfo(person.time_zone)
    try:
        chosen: NotificationSettings = person.notification_settings
    except NotificationSettings.DoesNotExist:
        return Hours(zone)
    return Hours(zone, chosen.quiet_from, chosen.quiet_until, chosen.digest_at)
