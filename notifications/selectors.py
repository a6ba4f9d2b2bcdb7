"""Reading the inbox, and what can come into it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from notifications.enums import KINDS
from notifications.models import Notification, PushSubscription

PAGE_SIZE = 30


@dataclass(frozen=True)
class InboxPage:
    """One page of an inbox, newest first. `older` is the id to pass as `before` for the next page, or None."""

    items: list[Notification]
    older: UUID | None


def unread_count(user: Any) -> int:
    """How many notifications the person has not read; 0 for somebody not signed in."""
    return Notification.objects.visible_to(user).unread().count()


def unread_on(request: Any) -> int:
    """`unread_count` of whoever asks, counted once for a request: a page reads it, and its navigation shows it."""
    _count_once(request)
    return int(request.unread_news)


def is_told_here(request: Any) -> bool:
    """Whether something the person has not read points to the page that is asked for; no query beside `unread_on`."""
    _count_once(request)
    return bool(request.unread_here)


def _count_once(request: Any) -> None:
    if not hasattr(request, "unread_news"):
        found = Notification.objects.visible_to(request.user).unread()
        counts = found.aggregate(all=Count("pk"), here=Count("pk", filter=Q(url=request.path)))
        request.unread_news, request.unread_here = counts["all"], counts["here"]


def inbox_page(*, user: Any, before: UUID | None = None) -> InboxPage:
    """Thirty notifications of the person, those older than `before` when given."""
    found = Notification.objects.visible_to(user).order_by("-id")
    found = found.filter(id__lt=before) if before else found
    rows = list(found[: PAGE_SIZE + 1])
    items = rows[:PAGE_SIZE]
    return InboxPage(items=items, older=items[-1].pk if len(rows) > PAGE_SIZE else None)


def push_browsers(user: Any) -> list[str]:
    """SHA-256 of the address of each browser that the person's news is pushed to, in hex: a page's script knows its own
    browser among them."""
    endpoints = PushSubscription.objects.visible_to(user).values_list("endpoint", flat=True)
    return [hashlib.sha256(endpoint.encode()).hexdigest() for endpoint in endpoints]


def own_kinds(user: Any) -> list[str]:
    """The kinds of news that come to this person's roles, in the order of the settings page."""
    roles = {name for name in ("student", "guardian", "teacher", "staff") if getattr(user, f"is_{name}")}
    return [kind for kind, rule in KINDS.items() if rule.roles & roles]
