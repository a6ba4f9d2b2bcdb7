"""When and where teachers can be booked: entered by themselves or the office, audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from accounts.services.availability import AvailabilityError, Span, require_apart, today_of
from evaluations.models import BookableHours, BookingPlace

#: Other hours can be entered for days so far ahead.
MOST_DAYS = 366


def set_bookable_hours(
    *, teacher: User, spans: Sequence[Span], place: str, link: str, actor: User, now: datetime
) -> None:
    """These are all bookable hours of a week from now on, and this is where; none: nothing can be booked. What is
    booked stays. Raises AvailabilityError for hours that make no sense, or hours without a place."""
    require_apart(spans)
    place, link = place.strip(), link.strip()
    if spans and not (place or link):
        raise AvailabilityError(_("Say where you meet: a place or a link."), "no_place")
    with transaction.atomic():
        profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
        before = _values(profile)
        profile.bookable_hours.filter(day=None).delete()
        BookableHours.objects.bulk_create(
            BookableHours(teacher=profile, weekday=one.weekday, opens=one.opens, closes=one.closes) for one in spans
        )
        BookingPlace.objects.filter(pk=profile.pk).delete()
        if place or link:
            _save_place(BookingPlace(teacher=profile, place=place[:200], link=link))
        profile = TeacherProfile.objects.get(user=teacher)
        after = _values(profile)
        if before != after:
            record_event(
                actor=actor, action="teacherprofile.bookable_changed", obj=profile, before=before, after=after, now=now
            )


def set_bookable_day(*, teacher: User, day: date, spans: Sequence[Span], actor: User, now: datetime) -> None:
    """On this day the teacher can be booked in these hours instead of the week's; none: not at all."""
    require_apart(spans)
    today = today_of(teacher, now)
    if not today <= day <= today + timedelta(days=MOST_DAYS):
        raise AvailabilityError(_("Choose a day within the coming year."), "day_far")
    with transaction.atomic():
        profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
        rows = [BookableHours(teacher=profile, day=day, opens=one.opens, closes=one.closes) for one in spans]
        profile.bookable_hours.filter(day=day).delete()
        BookableHours.objects.bulk_create(rows or [BookableHours(teacher=profile, day=day)])
        after = {"day": day, "hours": [f"{one.opens:%H:%M}–{one.closes:%H:%M}" for one in spans]}
        record_event(actor=actor, action="teacherprofile.bookable_day", obj=profile, after=after, now=now)


def forget_bookable_day(*, teacher: User, day: date, actor: User, now: datetime) -> None:
    """The day is as every week again."""
    with transaction.atomic():
        profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
        if profile.bookable_hours.filter(day=day).delete()[0]:
            after = {"day": day, "hours": None}
            record_event(actor=actor, action="teacherprofile.bookable_day", obj=profile, after=after, now=now)


def _save_place(place: BookingPlace) -> None:
    try:
        place.clean_fields()
    except ValidationError as error:
        raise AvailabilityError(_("The link must begin with https://."), "bad_link") from error
    place.save(force_insert=True)


def _values(profile: TeacherProfile) -> dict[str, object]:
    where = BookingPlace.objects.filter(pk=profile.pk).first()
    return {
        "bookable_hours": [str(row) for row in profile.bookable_hours.filter(day=None)],
        "place": where.place if where else "",
        "link": where.link if where else "",
    }
