"""What a teacher's hours make of the coming fortnight, as they are or as they would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import TeacherProfile, User
from accounts.services.availability import Span, require_apart
from evaluations.models import Evaluation
from evaluations.selectors.bookings import booked_spans
from evaluations.selectors.queues import WITH_A_TEACHER
from evaluations.services.forecasting import institute_calendar, marking_spans
from evaluations.services.sla_clock import Interval

DAYS = 14


@dataclass(frozen=True)
class Day:
    """One day in the teacher's zone, from now on; `spans` without what is booked. `due`: promises of papers that are
    with them."""

    day: date
    spans: list[Interval]
    due: int
    is_leave: bool
    is_holiday: bool

    @property
    def seconds(self) -> float:
        return sum((closes - opens).total_seconds() for opens, closes in self.spans)


@dataclass(frozen=True)
class Fortnight:
    """`before`: seconds with the hours as they are saved; None where it is these that are shown."""

    days: list[Day]
    before: float | None

    @property
    def seconds(self) -> float:
        return sum(day.seconds for day in self.days)


def fortnight(*, teacher: User, hours: Sequence[Span] | None = None, now: datetime) -> Fortnight:
    """The next two weeks with the hours as saved, or with `hours` instead (none: the institute's). Eight queries.

    Raises AvailabilityError for hours that cannot be saved.
    """
    require_apart(hours or [])
    profile = TeacherProfile.objects.select_related("user").prefetch_related("working_hours", "leave").get(pk=teacher)
    zone = ZoneInfo(teacher.time_zone)
    today = now.astimezone(zone).date()
    end = datetime.combine(today + DAYS * timedelta(days=1), datetime.min.time(), zone)
    institute = institute_calendar()
    booked = booked_spans([profile.pk], now, end)
    spans = marking_spans(profile, institute, now, end, booked, hours)
    promises = Evaluation.objects.filter(teacher=teacher, state__in=WITH_A_TEACHER, finalised_at=None, due_at__lt=end)
    due = Counter(max(at.astimezone(zone).date(), today) for at in promises.values_list("due_at", flat=True))
    away = [(leave.starts_on, leave.ends_on) for leave in profile.leave.all()]
    days = []
    for number in range(DAYS):
        day = today + timedelta(days=number)
        own = [span for span in spans if span[0].astimezone(zone).date() == day]
        on_leave = any(first <= day <= last for first, last in away)
        days.append(Day(day, own, due[day], on_leave, day in institute.holidays))
    before = None
    if hours is not None:
        saved = marking_spans(profile, institute, now, end, booked)
        before = sum((closes - opens).total_seconds() for opens, closes in saved)
    return Fortnight(days, before)
