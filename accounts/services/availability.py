"""When a teacher marks: working hours and leave, entered by the teacher or the office. Every change is audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Leave, TeacherProfile, User, WorkingHours
from accounts.services.audit import record_event
from accounts.services.office import delete_row, save_row
from common.errors import DomainError

#: The longest leave that is taken for one and not for a slip of the pen.
MOST_DAYS = 366


class AvailabilityError(DomainError):
    """Hours or leave that make no sense, or that are there already."""


@dataclass(frozen=True)
class Span:
    """Hours of one weekday (0 is Monday), in the teacher's zone."""

    weekday: int
    opens: time
    closes: time


def add_leave(*, teacher: User, first: date, last: date, reason: str = "", actor: User, now: datetime) -> Leave:
    """Days, both included, on which the teacher gets no papers. Papers that are not begun and due within go to others
    by themselves once it begins.

    Raises AvailabilityError when it ends before it begins or today, is too long, or overlaps other leave.
    """
    with transaction.atomic():
        profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
        if last < first:
            raise AvailabilityError(_("The last day comes before the first."), "leave_order")
        if last < today_of(teacher, now):
            raise AvailabilityError(_("This leave is over already."), "leave_past")
        if last - first > timedelta(days=MOST_DAYS):
            raise AvailabilityError(_("Leave lasts a year at most."), "leave_long")
        other = Leave.objects.filter(teacher=profile, starts_on__lte=last, ends_on__gte=first).first()
        if other is not None:
            told = {"first": date_format(other.starts_on, "j M Y"), "last": date_format(other.ends_on, "j M Y")}
            raise AvailabilityError(_("It overlaps the leave from %(first)s to %(last)s.") % told, "leave_overlap")
        leave = Leave(teacher=profile, starts_on=first, ends_on=last, reason=reason[:200])
        after = {"teacher": teacher.pk, "starts_on": first, "ends_on": last, "reason": leave.reason}
        save_row(row=leave, before={}, after=after, actor=actor, now=now)
    return leave


def remove_leave(*, leave: Leave, actor: User, now: datetime) -> None:
    """Takes leave back. What was on leave stays on record: raises AvailabilityError when it is over."""
    if leave.ends_on < today_of(leave.teacher.user, now):
        raise AvailabilityError(_("This leave is over already."), "leave_past")
    delete_row(row=leave, actor=actor, now=now)


def set_working_hours(*, teacher: User, spans: Sequence[Span], actor: User, now: datetime) -> None:
    """These are all hours from now on; none: the institute's. Raises AvailabilityError when some end before they begin
    or overlap."""
    _require_apart(spans)
    with transaction.atomic():
        profile = TeacherProfile.objects.select_for_update(no_key=True).get(user=teacher)
        before = [str(row) for row in profile.working_hours.all()]
        profile.working_hours.all().delete()
        rows = [WorkingHours(teacher=profile, weekday=s.weekday, opens=s.opens, closes=s.closes) for s in spans]
        WorkingHours.objects.bulk_create(rows)
        after = [str(row) for row in profile.working_hours.all()]
        if before != after:
            record_event(
                actor=actor,
                action="teacherprofile.hours_changed",
                obj=profile,
                before={"working_hours": before},
                after={"working_hours": after},
                now=now,
            )


def today_of(teacher: User, now: datetime) -> date:
    """The day it is for the teacher."""
    return now.astimezone(ZoneInfo(teacher.time_zone)).date()


def _require_apart(spans: Iterable[Span]) -> None:
    last: Span | None = None
    for one in sorted(spans, key=lambda span: (span.weekday, span.opens)):
        if one.closes <= one.opens:
            raise AvailabilityError(_("Hours must end after they begin."), "hours_order")
        if last and last.weekday == one.weekday and one.opens < last.closes:
            raise AvailabilityError(_("Hours of one day overlap."), "hours_overlap")
        last = one
