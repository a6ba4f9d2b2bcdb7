"""One notification for every member of the cast, and what they chose."""

from datetime import time
from typing import Any

from notifications.enums import MailState, MailWish, NotificationKind
from notifications.models import (
    Digest,
    Notification,
    NotificationPreference,
    NotificationSettings,
    PushDelivery,
    PushSubscription,
)
from tests.factories import NOW


def samples(cast: Any) -> dict[type, list[Any]]:
    """Model → its rows."""
    told = NotificationKind.PAPER_RETURNED
    people = cast.people.values()
    news = [
        Notification.objects.create(user=one, kind=told, cause="law", title="Your paper is back", created_at=NOW)
        for one in people
    ]
    browsers = [
        PushSubscription.objects.create(user=one, endpoint=f"https://push.example/{one.pk}", created_at=NOW)
        for one in people
    ]
    return {
        Notification: news,
        PushSubscription: browsers,
        PushDelivery: [
            PushDelivery.objects.create(notification=row, subscription=browser, push_after=NOW)
            for row, browser in zip(news, browsers, strict=True)
        ],
        Digest: [Digest.objects.create(user=one, day=NOW.date(), occasion=MailState.DIGEST) for one in people],
        NotificationPreference: [
            NotificationPreference.objects.create(user=one, kind=told, mail=MailWish.OFF, push=False) for one in people
        ],
        NotificationSettings: [NotificationSettings.objects.create(user=one, digest_at=time(8)) for one in people],
    }
