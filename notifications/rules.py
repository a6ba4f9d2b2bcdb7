"""A notification is between the system and one person; not even staff read it."""

from __future__ import annotations

from typing import Any

import rules


@rules.predicate
def is_addressee(user: Any, notification: Any) -> bool:
    return notification is not None and user.is_authenticated and notification.user_id == user.pk


rules.add_perm("notifications.view_notification", is_addressee)
rules.add_perm("notifications.change_notification", is_addressee)
rules.add_perm("notifications.add_notification", rules.always_deny)
rules.add_perm("notifications.delete_notification", rules.always_deny)
