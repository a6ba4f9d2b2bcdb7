"""The link in an e-mail that ends such e-mails. Whoever holds it may use it, signed in or not; it ends nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError
from notifications.enums import KINDS, MailWish, NotificationKind
from notifications.services.preferences import keep_wishes, lock_person, wishes_of

SALT = "notifications.mail-stop"
# Instead of a kind: every kind that comes in the mail of the day.
DIGESTS = "digests"


@dataclass(frozen=True)
class Stop:
    """What a link ends: the e-mails of `what` (a kind or DIGESTS) to `person`. `is_done`: there are none to end."""

    person: User
    what: str
    kinds: frozenset[str]

    @property
    def is_done(self) -> bool:
        return not self.kinds

    @property
    def label(self) -> str:
        return _("The mail of the day") if self.what == DIGESTS else str(NotificationKind(self.what).label)


def stop_token(*, user_id: UUID, what: str) -> str:
    """For the address of the link. It never runs out: mail lies for years, and is still unwanted."""
    return signing.dumps([user_id.hex, what], salt=SALT)


def read_stop(token: str) -> Stop | None:
    """What the link ends; None when we made no such link or the person is gone."""
    try:
        user_id, what = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=user_id).first()
    if person is None or (what != DIGESTS and what not in KINDS):
        return None
    wishes = wishes_of(person)
    if what == DIGESTS:
        return Stop(person, what, frozenset(kind for kind, wish in wishes.items() if wish.mail == MailWish.DIGEST))
    return Stop(person, what, frozenset({what} if wishes[what].mail != MailWish.OFF else ()))


def stop_mail(*, token: str, now: datetime) -> Stop:
    """Ends the e-mails, also those that wait. Doing it again changes nothing. Audited. Raises DomainError for a link
    that is not ours."""
    with transaction.atomic():
        found = read_stop(token)
        if found is None:
            raise DomainError(_("This link is not one of ours."), "no_such_link")
        person = lock_person(found.person)
        stop = read_stop(token) or found
        wishes = wishes_of(person)
        off = {kind: replace(wishes[kind], mail=MailWish.OFF) for kind in stop.kinds}
        keep_wishes(person=person, actor=None, wishes=off, now=now, reason="by the link in an e-mail")
    return replace(stop, kinds=frozenset())
