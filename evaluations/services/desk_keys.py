"""Saving a person's keys of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from common.errors import DomainError
from evaluations.models import DeskKeys
from evaluations.selectors.desk_keys import DEFAULTS, all_keys, labels

TAKEN = {**{str(digit): "the steps" for digit in range(1, 10)}, "?": "the list of keys", " ": "scrolling"}


class DeskKeyError(DomainError):
    """A key that cannot be."""


def save_keys(*, person: User, keys: Mapping[str, Any], is_on: bool) -> DeskKeys:
    """Keeps the keys that differ from the usual ones. Raises what `checked_keys` does."""
    values = {"keys": checked_keys(keys), "is_on": is_on}
    saved, _ = DeskKeys.objects.update_or_create(person=person, defaults=values)
    return saved


def checked_keys(keys: Mapping[str, Any]) -> dict[str, str]:
    """Pure: those that differ from the usual ones; an action that is not named has its usual one.

    Raises DeskKeyError for an unknown action, for what is not one character, for keys that are everybody's, and for two
    actions on one key.
    """
    own = {action: _checked(action, key) for action, key in keys.items()}
    users: dict[str, str] = {}
    for action, key in all_keys(own).items():
        if key in users:
            first, second = labels()[users[key]], labels()[action]
            raise DeskKeyError(f"“{first}” and “{second}” cannot both have the key {key.upper()}.", "shared_key")
        users[key] = action
    return {action: key for action, key in own.items() if key != DEFAULTS[action]}


def _checked(action: str, key: Any) -> str:
    if action not in DEFAULTS:
        raise DeskKeyError("The desk has no such action.", "unknown_action")
    if not isinstance(key, str) or len(key) != 1 or not key.isprintable():
        raise DeskKeyError("A key is one letter, digit or sign.", "bad_key")
    # Some letters have no single small one.
    made: str = key.lower() if len(key.lower()) == 1 else key
    if made in TAKEN:
        raise DeskKeyError(f"The key {made} is for {TAKEN[made]}.", "taken_key")
    return made
