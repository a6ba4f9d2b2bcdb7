"""What is told to one person, and how, is between the system and that person; not even staff read it."""

from __future__ import annotations

from typing import Any

import rules


@rules.predicate
def is_addressee(user: Any, row: Any) -> bool:
    return row is not None and user.is_authenticated and row.user_id == user.pk


for name in ("notification", "notificationpreference", "notificationsettings", "digest"):
    rules.add_perm(f"notifications.view_{name}", is_addressee)
    rules.add_perm(f"notifications.add_{name}", rules.always_deny)
    rules.add_perm(f"notifications.delete_{name}", rules.always_deny)
    rules.add_perm(f"notifications.change_{name}", is_addressee if name == "notification" else rules.always_deny)
