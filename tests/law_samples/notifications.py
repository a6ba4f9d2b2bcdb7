"""One notification for every member of the cast."""

from typing import Any

from notifications.enums import NotificationKind
from notifications.models import Notification
from tests.factories import NOW


def samples(cast: Any) -> dict[type, list[Any]]:
    """Model → its rows."""
    rows = [
        Notification.objects.create(
            user=person, kind=NotificationKind.PAPER_RETURNED, cause="law", title="Your paper is back", created_at=NOW
        )
        for person in cast.people.values()
    ]
    return {Notification: rows}
