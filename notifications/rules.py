"""What is told to one person, and how, is between the system and that person; not even staff read it."""

from __future__ import annotations

from typing import Any

import rules


@rules.predicate
def is_addressee(user: Any, row: Any) -> bool:
    return row is not None and user.is_authenticated and row.user_id == user.pk


@rules.predicate
def is_owner_of_browser(user: Any, row: Any) -> bool:
    return row is not None and user.is_authenticated and row.subscription.user_id == user.pk


OWN = ("notification", "notificationpreference", "notificationsettings", "digest", "pushsubscription", "pushdelivery")
for name in OWN:
    mine = is_owner_of_browser if name == "pushdelivery" else is_addressee
    rules.add_perm(f"notifications.view_{name}", mine)
    rules.add_perm(f"notifications.add_{name}", rules.always_deny)
    rules.add_perm(f"notifications.delete_{name}", rules.always_deny)
    rules.add_perm(f"notifications.change_{name}", is_addressee if name == "notification" else rules.always_deny)
