"""Links by which a phone photographs the sheets of one attempt: shown as a QR code on the student's own screen.

The link opens for ten minutes. A phone that has opened it in time goes on until pages can no longer arrive, the sheets
are handed in, or the student ends the link, which making another one does too.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import AttemptState
from assessments.models import Attempt, PhoneLink
from assessments.services.overdue import ARRIVAL_GRACE
from assessments.services.submission import cancelled, lock_attempt, require_student
from common.errors import DomainError

OPENS_FOR = timedelta(minutes=10)
MOST_AN_HOUR = 12
# Twelve pages of three requests each, tried again and again on a bad line, with a look every two seconds between.
MOST_A_MINUTE = 240
MOST_OPENED_A_MINUTE = 30


class PhoneLinkEndedError(DomainError):
    """The link is unknown, too old, or was ended. HTTP 401: the pages on the phone wait for another link."""

    status = 401

    def __init__(self) -> None:
        super().__init__(_("This link has ended. Show a new code on your computer and scan it."), "phone_link_ended")


class TooOftenError(DomainError):
    """HTTP 429."""

    status = 429


def make_phone_link(*, attempt: Attempt, actor: User, now: datetime) -> tuple[PhoneLink, str]:
    """Another link for `attempt` and the secret that opens it, which is kept nowhere. Ends the link before it.

    Locks the attempt. Raises DomainError: no_sheets, sheets_closed, already_handed_in, attempt_cancelled, and
    too_many_links (429).
    """
    require_student(attempt, actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        _require_open(locked, now)
        if PhoneLink.objects.filter(attempt=locked, made_at__gt=now - timedelta(hours=1)).count() >= MOST_AN_HOUR:
            raise TooOftenError(_("Too many codes were made. Wait a while, or use this device."), "too_many_links")
        _end(locked, actor=actor, now=now)
        token = secrets.token_urlsafe(32)
        until = min(now + OPENS_FOR, locked.sheets_due_at)
        link = PhoneLink.objects.create(attempt=locked, token_hash=_hash(token), made_at=now, opens_until=until)
        record_event(actor=actor, action="phone_link.made", obj=link, after={"attempt": locked.pk}, now=now)
    return link, token


def open_phone_link(*, token: str, now: datetime, caller: str) -> PhoneLink:
    """The link that `token` opens; noted the first time. `caller` is who is counted, an address.

    Raises PhoneLinkEndedError, or TooOftenError for whoever tries many.
    """
    count_call(f"open:{caller}", now=now, most=MOST_OPENED_A_MINUTE)
    link = PhoneLink.objects.select_related("attempt").filter(token_hash=_hash(token), ended_at=None).first()
    if link is None or now >= link.opens_until or not _is_usable(link.attempt, now):
        raise PhoneLinkEndedError
    if link.opened_at is None:
        with transaction.atomic():
            if PhoneLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=now):
                record_event(actor=None, action="phone_link.opened", obj=link, now=now)
        link.refresh_from_db(fields=["opened_at"])
    return link


def standing_link(*, link_id: UUID, now: datetime) -> PhoneLink:
    """An opened link that still stands, with attempt, exam, paper. Raises PhoneLinkEndedError, TooOftenError."""
    rows = PhoneLink.objects.select_related("attempt__student", "attempt__exam", "attempt__paper")
    link = rows.filter(pk=link_id, ended_at=None, opened_at__isnull=False).first()
    if link is None or not link.attempt.student.is_active:
        raise PhoneLinkEndedError
    if now > link.attempt.sheets_due_at + ARRIVAL_GRACE:
        raise PhoneLinkEndedError
    count_call(str(link.pk), now=now, most=MOST_A_MINUTE)
    return link


def end_phone_links(*, attempt: Attempt, actor: User, now: datetime) -> None:
    """Ends the link of `attempt`, if one stands; the pages that came by it stay."""
    require_student(attempt, actor)
    with transaction.atomic():
        _end(lock_attempt(attempt.pk), actor=actor, now=now)


def count_call(who: str, *, now: datetime, most: int) -> None:
    """Raises TooOftenError when this is more than the `most`-th call of `who` in this minute."""
    key = f"assessments:phone:{who}:{int(now.timestamp()) // 60}"
    cache.add(key, 0, 120)
    try:
        calls = cache.incr(key)
    except ValueError:  # it lapsed just now
        return
    if calls > most:
        raise TooOftenError(_("Too many requests. Wait a minute."), "too_often")


def _end(attempt: Attempt, *, actor: User, now: datetime) -> None:
    for link in PhoneLink.objects.filter(attempt=attempt, ended_at=None):
        link.ended_at = now
        link.save(update_fields=["ended_at"])
        record_event(actor=actor, action="phone_link.ended", obj=link, now=now)


def _require_open(attempt: Attempt, now: datetime) -> None:
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if not attempt.paper.written_marks:
        raise DomainError(_("This paper has no written questions, so it needs no sheets."), "no_sheets")
    if attempt.state == AttemptState.HANDED_IN:
        raise DomainError(_("Your sheets are handed in. Nothing can be added now."), "already_handed_in")
    if now >= attempt.sheets_due_at:
        raise DomainError(_("The time for sending pages is over."), "sheets_closed")


def _is_usable(attempt: Attempt, now: datetime) -> bool:
    running = attempt.state in (AttemptState.IN_PROGRESS, AttemptState.SUBMITTED)
    return running and now <= attempt.sheets_due_at + ARRIVAL_GRACE


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
