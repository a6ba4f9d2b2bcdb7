"""What is told to one person, and how, is between the system and that person; not even staff read it."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_office, is_staff, never


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

# Webhooks are the office's: it sets them up and reads their log, which only services write.
for model in ("webhookendpoint", "webhooksecret", "webhookevent", "webhookdelivery", "webhooktry"):
    rules.add_perm(f"notifications.view_{model}", is_office)
    for verb in ("add", "change"):
        rules.add_perm(f"notifications.{verb}_{model}", is_office if model == "webhookendpoint" else never)
    rules.add_perm(f"notifications.delete_{model}", never)
rules.add_perm("notifications.rotate_webhookendpoint", is_staff)
rules.add_perm("notifications.test_webhookendpoint", is_staff)
rules.add_perm("notifications.replay_webhookdelivery", is_staff)
