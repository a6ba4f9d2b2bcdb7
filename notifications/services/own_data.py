"""What notifications hold of people, and what was told to others about them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.erasure import TOMBSTONE
from accounts.services.personal import Contribution, Holding, register
from accounts.services.redaction import words_of
from common.append_only import gate
from notifications.models import (
    Digest,
    Notification,
    NotificationPreference,
    NotificationSettings,
    PushDelivery,
    PushSubscription,
    WebhookEvent,
    WebhookTry,
)

HOLDINGS = (
    Holding(NotificationPreference, "user", _("What you wish to be told"), show=("kind", "mail", "push"), remove=True),
    Holding(
        NotificationSettings, "user", _("Quiet hours"), show=("quiet_from", "quiet_until", "digest_at"), remove=True
    ),
    Holding(PushSubscription, "user", _("Browsers that are told"), show=("endpoint", "created_at"), remove=True),
    Holding(Digest, "user", _("Mails of the day"), show=("day", "occasion", "mail_state"), remove=True),
    Holding(
        Notification,
        "user",
        _("News"),
        show=("kind", "title", "body", "created_at", "read_at", "mail_state"),
        remove=True,
    ),
    Holding(PushDelivery, "notification__user", "", why="It says what a notification says.", remove=True),
)
ACTS = {"notifications.WebhookEndpoint.created_by": "Who of the office set it up."}


def forget_elsewhere(person: User, now: datetime) -> Iterable[str]:
    """What others were told by name, and what went to webhooks about the person."""
    words = sorted(words_of(person), key=len, reverse=True)
    _forget_webhooks(person, words)
    spoken = Q(pk__in=[])
    for word in words:
        spoken |= Q(title__icontains=word) | Q(body__icontains=word)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE)
    for row in Notification.objects.filter(spoken).exclude(user=person):
        row.title = pattern.sub(TOMBSTONE, row.title)[:160]
        row.body = pattern.sub(TOMBSTONE, row.body)[:500]
        row.save(update_fields=["title", "body"])
    return ()


def _forget_webhooks(person: User, words: Iterable[str]) -> None:
    """Events about the person with what was sent and answered; what waits is not sent any more."""
    about: Any = Q(said__contains=str(person.pk))
    tried: Any = Q(pk__in=[])
    for word in words:
        about |= Q(said__icontains=word)
        tried |= Q(reply__icontains=word) | Q(message__icontains=word)
    told = WebhookEvent.objects.annotate(said=Cast("data", TextField())).filter(about)
    events = list(told.values_list("pk", flat=True))
    with gate(WebhookTry._meta.db_table):
        WebhookTry.objects.filter(Q(delivery__event__in=events)).delete()
        WebhookTry.objects.filter(tried).update(reply="", message="")
    WebhookEvent.objects.filter(pk__in=events).delete()


def contribute() -> None:
    """Called when the app is ready."""
    register(Contribution("notifications", HOLDINGS, ACTS, also=forget_elsewhere))
