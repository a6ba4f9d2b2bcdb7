"""Who may listen: the session that opened a stream, and whether it still stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, get_user
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now

from accounts.models import User

# Rows asked for in one statement.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Pass:
    """A session that was good when its stream was opened; `digest` is of the password's hash of that moment."""

    session: str
    user_id: UUID
    digest: str


def read_pass(session: str) -> Pass | None:
    """The pass of a session's key, or None where nobody is signed in by it."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session)
    user = get_user(cast(Any, SimpleNamespace(session=store)))
    if not isinstance(user, User) or not user.is_active:
        return None
    return Pass(session, user.pk, store[HASH_SESSION_KEY])


def standing(passes: Collection[Pass]) -> set[Pass]:
    """Those of `passes` that still hold: neither signed out nor expired, the person active, the password the same."""
    given = list(passes)
    return {one for start in range(0, len(given), BATCH) for one in _standing(given[start : start + BATCH])}


def _standing(passes: list[Pass]) -> list[Pass]:
    keys = {one.session for one in passes}
    open_keys = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=now()).values_list("session_key", flat=True)
    )
    people = User.objects.filter(is_active=True).in_bulk({one.user_id for one in passes})
    return [
        one
        for one in passes
        if one.session in open_keys
        and (person := people.get(one.user_id)) is not None
        and constant_time_compare(one.digest, person.get_session_auth_hash())
    ]
