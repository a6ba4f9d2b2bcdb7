"""Several notifications in one e-mail: the mail of the day, and what waited for the end of quiet hours.

A sweep first gathers what is due into `Digest` rows, one of each occasion for a person and their day, which the
database holds to, whatever sweeps run at once. A digest is then delivered like any mail. A day on which nothing ran is
caught up by the next sweep, in one mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from notifications.enums import LATER, MailState
from notifications.models import Digest, Notification
from notifications.services.channels import hours_of
from notifications.services.mail import SWEEP_SIZE, deliver_digest
from notifications.services.quiet import Hours

# Up to so many come one by one when quiet hours end; more come in one mail.
MOST_SINGLE = 3
# A sweep gathers and sends no more than this; the next one takes the rest.
MOST_BATCHES = 50
MOST_MAILS = 2000
KEPT = timedelta(days=60)

Group = tuple[UUID, str]


def send_digests(*, now: datetime) -> int:
    """Gathers and sends what is due. Returns how many mails were sent."""
    for _batch in range(MOST_BATCHES):
        if not gather_due(now=now):
            break
    due = Digest.objects.filter(mail_state=MailState.WAITING, mail_after__lte=now).order_by("mail_after")
    ids = list(due.values_list("pk", flat=True)[:MOST_MAILS])
    return sum(deliver_digest(digest_id=pk, now=now) == MailState.SENT for pk in ids)


def gather_due(*, now: datetime) -> int:
    """Puts what is due for up to SWEEP_SIZE people into their digests; a constant number of statements. Returns for how
    many notifications something was decided."""
    later = Notification.objects.filter(mail_state__in=LATER, digest__isnull=True, mail_after__lte=now)
    people = list(dict.fromkeys(later.order_by("mail_after").values_list("user", flat=True)[:SWEEP_SIZE]))
    if not people:
        return 0
    with transaction.atomic():
        groups: defaultdict[Group, list[Notification]] = defaultdict(list)
        rows = later.filter(user__in=people).only("id", "user_id", "mail_state", "mail_after", "read_at")
        read = [row.pk for row in rows if row.read_at]
        for row in rows:
            if not row.read_at:
                groups[row.user_id, row.mail_state].append(row)
        few = [key for key, found in groups.items() if key[1] == MailState.HELD and len(found) <= MOST_SINGLE]
        single = [row.pk for key in few for row in groups.pop(key)]
        hours = hours_of({user for user, _occasion in groups})
        late = _gather(groups, hours, now)
        unheld = single + [row.pk for row in late if row.mail_state == MailState.HELD]
        later.filter(pk__in=read).update(mail_state=MailState.NONE, mail_after=None)
        later.filter(pk__in=unheld).update(mail_state=MailState.WAITING, mail_after=now)
        _put_off([row for row in late if row.mail_state == MailState.DIGEST], hours, now)
    return len(rows)


def _gather(groups: dict[Group, list[Notification]], hours: dict[UUID, Hours], now: datetime) -> list[Notification]:
    """Makes the digests and puts the notifications into them. Returns those whose digest was made before: another sweep
    has them already, or they come too late for it."""
    days = {key: hours[key[0]].local_day(max(row.mail_after or now for row in found)) for key, found in groups.items()}
    made = {
        key: Digest(user_id=key[0], occasion=key[1], day=day, mail_state=MailState.WAITING, mail_after=now)
        for key, day in sorted(days.items())
    }
    Digest.objects.bulk_create(made.values(), ignore_conflicts=True)
    ours = set(Digest.objects.filter(pk__in=[digest.pk for digest in made.values()]).values_list("pk", flat=True))
    put: list[Notification] = []
    late: list[Notification] = []
    for key, found in groups.items():
        if made[key].pk not in ours:
            late += found
            continue
        for row in found:
            row.digest = made[key]
        put += found
    Notification.objects.filter(digest__isnull=True).bulk_update(put, ["digest"], batch_size=500)
    return late


def _put_off(late: Iterable[Notification], hours: dict[UUID, Hours], now: datetime) -> None:
    """To the next mail of the day, unless another sweep has put them into one."""
    rows = list(late)
    for row in rows:
        row.mail_after = hours[row.user_id].next_digest(now)
    by_moment: defaultdict[datetime, list[UUID]] = defaultdict(list)
    for row in rows:
        by_moment[row.mail_after or now].append(row.pk)
    for moment, ids in by_moment.items():
        Notification.objects.filter(pk__in=ids, digest__isnull=True).update(mail_after=moment)


def prune_digests(*, now: datetime) -> int:
    """Forgets digests of long ago; what was in them stays in the inbox. Returns how many."""
    old = Digest.objects.filter(day__lt=(now - KEPT).date()).exclude(mail_state=MailState.WAITING)
    return old.delete()[1].get("notifications.Digest", 0)
