"""How old somebody is, and what follows. The one place of this rule."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User


def years_old(person: User, now: datetime) -> int | None:
    """Full years by the person's own calendar; None where the date of birth is not known."""
    profile = getattr(person, "student_profile", None)
    born: date | None = profile.date_of_birth if profile else None
    if born is None:
        return None
    today = now.astimezone(ZoneInfo(person.time_zone)).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_minor(person: User, now: datetime) -> bool:
    """Whether a guardian must agree for this person. An unknown date of birth counts as grown up."""
    years = years_old(person, now)
    return years is not None and years < settings.ADULT_AGE


def may_have_pin(person: User, now: datetime) -> bool:
    """Whether this person is young enough to sign in under a family code. An unknown date of birth counts as not."""
    years = years_old(person, now)
    return years is not None and years < settings.FAMILY_SIGN_IN_UNDER
