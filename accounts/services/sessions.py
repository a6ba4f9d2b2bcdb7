"""Sign-ins of browsers: which are open, ending them, and housekeeping of what expired."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.tokens import revoke_all

#: In the session and in its row: how it was begun, where that narrows what it may open.
SIGN_IN, FAMILY = "sign_in", "family"
#: Such a sign-in lasts a school day, as it is often on a shared device.
FAMILY_HOURS = 12
#: In the session, in seconds since 1970: when it was last used, noted no more often than this; and when it ends in any
#: case, as Django counts a session's age anew whenever something is written into it.
USED, USED_EVERY, ENDS = "used_at", 600, "ends_at"
#: No page lists more than so many; older ones can still be ended with "everywhere else".
MOST_SHOWN = 30


def open_sessions(*, user: User, now: datetime) -> list[UserSession]:
    """The person's sign-ins that have not expired, newest first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    found = UserSession.objects.filter(user=user, session_key__in=alive)
    return list(found.order_by("-created_at", "-pk")[:MOST_SHOWN])


def end_session(*, user: User, session_id: int, actor: User, now: datetime) -> bool:
    """Signs one browser of the person out. False when it is not theirs or has ended."""
    with transaction.atomic():
        session = UserSession.objects.select_for_update().filter(user=user, pk=session_id).first()
        if session is None:
            return False
        _end([session])
        record_event(actor=actor, action="person.session_ended", obj=user, after={"sessions": 1}, now=now)
    return True


def end_sessions(*, user: User, keep: str | None, actor: User, now: datetime) -> int:
    """Signs every browser out but that with the session key `keep`, and every program with an API token. Returns how
    many browsers that were."""
    with transaction.atomic():
        others = list(UserSession.objects.select_for_update().filter(user=user).exclude(session_key=keep))
        _end(others)
        revoke_all(user=user)
        after = {"sessions": len(others), "tokens": "all"}
        record_event(actor=actor, action="person.session_ended", obj=user, after=after, now=now)
    return len(others)


def end_marked(*, user: User, mark: str) -> int:
    """Part of other services: signs out the browsers whose sign-in has this mark."""
    found = [row for row in UserSession.objects.filter(user=user) if row.data.get(SIGN_IN) == mark]
    _end(found)
    return len(found)


def _end(sessions: list[UserSession]) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in sessions:
        store.delete(session.session_key)
    UserSession.objects.filter(pk__in=[session.pk for session in sessions]).delete()


def note_use(*, session: SessionBase, user: User, now: datetime) -> bool:
    """Notes that a sign-in is used, and says whether it may be: False where it was not for longer than the settings
    allow, and beyond its end. A session from before this was noted counts as begun now."""
    hours = settings.IDLE_HOURS_OFFICE if user.is_staff or user.is_teacher else settings.IDLE_HOURS
    at, used, ends = int(now.timestamp()), session.get(USED), session.get(ENDS)
    if isinstance(used, int) and at - used > hours * 3600:
        return False
    if isinstance(ends, int) and at > ends:
        return False
    if not isinstance(ends, int):
        session[ENDS] = at + settings.SESSION_COOKIE_AGE
    if not isinstance(used, int) or at - used >= USED_EVERY:
        session[USED] = at
    return True


def clear_expired(*, now: datetime) -> int:
    """Deletes sessions and refresh tokens past their end. Returns how many rows went."""
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    tokens, _ = OutstandingToken.objects.filter(expires_at__lt=now).delete()
    return sessions + tokens
