"""When a teacher can be booked: what they opened, less leave, holidays and what is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import TeacherProfile
from common.local_times import moment_reached
from evaluations.models import BookingRules, Holiday
from evaluations.selectors.bookings import booked_spans
from evaluations.services.sla_clock import Interval

Hours = tuple[time, time]


def slots_in(spans: Iterable[Interval], minutes: int, earliest: datetime) -> list[datetime]:
    """The beginnings of stretches of so many minutes, one after the other from where each span opens, from `earliest`
    on. Pure."""
    step = timedelta(minutes=minutes)
    found = []
    for opens, closes in spans:
        start = opens
        while start + step <= closes:
            if start >= earliest:
                found.append(start)
            start += step
    return found


def opened_spans(profile: TeacherProfile, first: date, last: date, holidays: Iterable[date] = ()) -> list[Interval]:
    """What a teacher opened from one local day to another, in order. A day with hours of its own has only these, on a
    holiday too; on leave there is nothing. Give a profile with its `bookable_hours` and `leave`."""
    zone = ZoneInfo(profile.user.time_zone)
    weekly: dict[int | None, list[Hours]] = {}
    own: dict[date, list[Hours]] = {}
    for row in profile.bookable_hours.all():
        hours = [(row.opens, row.closes)] if row.opens and row.closes else []
        (weekly.setdefault(row.weekday, []) if row.day is None else own.setdefault(row.day, [])).extend(hours)
    away = [(leave.starts_on, leave.ends_on) for leave in profile.leave.all()]
    closed = frozenset(holidays)
    spans: list[Interval] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if any(start <= day <= end for start, end in away):
            continue
        usual = [] if day in closed else weekly.get(day.weekday(), [])
        spans += [_span(day, hours, zone) for hours in sorted(own.get(day, usual))]
    return [(opens, closes) for opens, closes in spans if opens < closes]


def _span(day: date, hours: Hours, zone: ZoneInfo) -> Interval:
    opens, closes = (moment_reached(datetime.combine(day, at), zone) for at in hours)
    return opens, closes


def open_slots(
    *,
    profile: TeacherProfile,
    student_id: UUID,
    rules: BookingRules,
    minutes: int,
    now: datetime,
    besides: Sequence[Interval] = (),
) -> list[datetime]:
    """When a booking of so many minutes with the teacher can begin, in UTC, in order: neither has another one then.
    `besides`: a booking that is being moved takes no time. Two queries beside the profile's rows."""
    earliest = now + timedelta(hours=rules.notice_hours)
    end = now + timedelta(days=rules.ahead_days)
    zone = ZoneInfo(profile.user.time_zone)
    first, last = earliest.astimezone(zone).date(), end.astimezone(zone).date()
    opened = opened_spans(profile, first, last, institute_holidays(first, last))
    taken = booked_spans([profile.pk], earliest, end, student=student_id)
    held = [span for spans in taken.values() for span in spans if span not in besides]
    # Slots keep their places on the clock, whatever is taken: two bookings never leave a gap of ten minutes.
    starts = slots_in(opened, minutes, earliest)
    length = timedelta(minutes=minutes)
    return [start for start in starts if start <= end and is_free(start, start + length, held)]


def is_free(start: datetime, end: datetime, taken: Iterable[Interval]) -> bool:
    return not any(opens < end and start < closes for opens, closes in taken)


def institute_holidays(first: date, last: date) -> set[date]:
    """Of the calendar of the default promise, between two days. One query."""
    rows = Holiday.objects.filter(calendar__policies__is_default=True, date__gte=first, date__lte=last)
    return set(rows.values_list("date", flat=True))


def slots_profile(teacher_id: UUID) -> TeacherProfile:
    """The teacher with what slots are worked out from. Three queries."""
    rows = TeacherProfile.objects.select_related("user", "booking_place")
    found: TeacherProfile = rows.prefetch_related("bookable_hours", "leave").get(pk=teacher_id)
    return found
