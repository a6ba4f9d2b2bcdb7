"""Invite codes: made, shown, closed."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from courses.models import Course, InviteCode
from courses.services.checks import CourseError, require_teaching

#: Without what is read for something else: 0 O, 1 I L.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
#: 31^8 codes: nobody finds one by trying at the rate that pages allow.
LENGTH = 8
MOST_OPEN = 50


def make_code(
    *, course: Course, limit: int | None, expires_at: datetime | None, actor: User, now: datetime
) -> InviteCode:
    """A code for `limit` people (None: any number) until `expires_at`. Raises CourseError."""
    require_teaching(course, actor)
    if limit is not None and not 1 <= limit <= 100_000:
        raise CourseError(_("A code is for 1 to 100,000 people."), "limit_invalid")
    if expires_at is not None and expires_at <= now:
        raise CourseError(_("This moment is over. Choose one to come."), "in_the_past")
    if InviteCode.objects.filter(course=course, closed_at=None).count() >= MOST_OPEN:
        raise CourseError(_("Close some of the course's codes first."), "too_many")
    with transaction.atomic():
        text = "".join(secrets.choice(LETTERS) for _unused in range(LENGTH))
        code = InviteCode.objects.create(
            course=course, code=text, limit=limit, expires_at=expires_at, created_by=actor, created_at=now
        )
        record_event(actor=actor, action="course.code_made", obj=code, after={"limit": limit}, now=now)
    return code


def close_code(*, code: InviteCode, actor: User, now: datetime) -> None:
    """Nobody comes in by it any more."""
    require_teaching(code.course, actor)
    with transaction.atomic():
        if InviteCode.objects.filter(pk=code.pk, closed_at=None).update(closed_at=now):
            record_event(actor=actor, action="course.code_closed", obj=code, now=now)
