"""How inboxes stand, for many people at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from notifications.models import Notification

# People in one statement, and news told at most to somebody who was away.
BATCH, ITEMS = 500, 50


@dataclass(frozen=True, slots=True)
class LiveItem:
    """What an open page is told of a notification."""

    id: UUID
    kind: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class LiveInbox:
    """How an inbox stands: the number of unread, and the newest items, oldest of them first."""

    user_id: UUID
    unread: int
    items: list[LiveItem]


def live_inboxes(*, people: Sequence[UUID], since: float) -> list[LiveInbox]:
    """The inboxes of these people with what was made since then (a Unix time), two queries for 500 of them."""
    # The first bits of an id are the milliseconds of its making.
    floor = UUID(int=max(0, int(since * 1000)) << 80)
    found = []
    for start in range(0, len(people), BATCH):
        some = people[start : start + BATCH]
        theirs = Notification.objects.filter(user__in=some)
        unread = dict(theirs.unread().order_by().values_list("user").annotate(n=Count("pk")))
        items: dict[UUID, list[LiveItem]] = defaultdict(list)
        fields = ("user", "pk", "kind", "title", "url")
        for user_id, *values in theirs.filter(pk__gte=floor).order_by("pk").values_list(*fields):
            items[user_id].append(LiveItem(*values))
        found += [LiveInbox(user_id, unread.get(user_id, 0), items[user_id][-ITEMS:]) for user_id in some]
    return found
