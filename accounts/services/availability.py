"""When a teacher marks: working hours and leave, entered by the teacher or the office. Every change is audited."""

from __future__ import annotations

import re
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
SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–]\s*(\d{1,2})(?:[:.](\d{2}))?")


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
        leave = Leave(teacher=profile, starts_on=first, ends_on=last, reason=reason[:200])
        _check_leave(leave, now)
        save_row(row=leave, before={}, after={"teacher": teacher.pk, **_days_of(leave)}, actor=actor, now=now)
    return leave


def change_leave(*, leave: Leave, first: date, last: date, reason: str = "", actor: User, now: datetime) -> Leave:
    """Other days for leave that is not over, as if it had been entered so: what is due in days that are new goes to
    others by itself; what went to others stays with them.

    Raises AvailabilityError when it is over, and what add_leave does.
    """
    with transaction.atomic():
        TeacherProfile.objects.select_for_update(no_key=True).get(pk=leave.teacher_id)
        rows = Leave.objects.select_for_update(of=("self",)).select_related("teacher__user")
        locked: Leave | None = rows.filter(pk=leave.pk).first()
        if locked is None:
            raise AvailabilityError(_("This leave was taken back."), "leave_gone")
        if locked.ends_on < today_of(locked.teacher.user, now):
            raise AvailabilityError(_("This leave is over already."), "leave_past")
        before = _days_of(locked)
        locked.starts_on, locked.ends_on, locked.reason = first, last, reason[:200]
        _check_leave(locked, now)
        save_row(row=locked, before=before, after=_days_of(locked), actor=actor, now=now)
    return locked


def _days_of(leave: Leave) -> dict[str, date | str]:
    return {"starts_on": leave.starts_on, "ends_on": leave.ends_on, "reason": leave.reason}


def _check_leave(leave: Leave, now: datetime) -> None:
    first, last = leave.starts_on, leave.ends_on
    if last < first:
        raise AvailabilityError(_("The last day comes before the first."), "leave_order")
    if last < today_of(leave.teacher.user, now):
        raise AvailabilityError(_("This leave is over already."), "leave_past")
    if last - first > timedelta(days=MOST_DAYS):
        raise AvailabilityError(_("Leave lasts a year at most."), "leave_long")
    others = Leave.objects.filter(teacher=leave.teacher, starts_on__lte=last, ends_on__gte=first).exclude(pk=leave.pk)
    if other := others.first():
        told = {"first": date_format(other.starts_on, "j M Y"), "last": date_format(other.ends_on, "j M Y")}
        raise AvailabilityError(_("It overlaps the leave from %(first)s to %(last)s.") % told, "leave_overlap")


def remove_leave(*, leave: Leave, actor: User, now: datetime) -> None:
    """Takes leave back. What was on leave stays on record: raises AvailabilityError when it is over."""
    if leave.ends_on < today_of(leave.teacher.user, now):
        raise AvailabilityError(_("This leave is over already."), "leave_past")
    delete_row(row=leave, actor=actor, now=now)


def set_working_hours(*, teacher: User, spans: Sequence[Span], actor: User, now: datetime) -> None:
    """These are all hours from now on; none: the institute's. Raises AvailabilityError when some end before they begin
    or overlap."""
    require_apart(spans)
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


def read_hours(text: str, *, weekday: int) -> list[Span]:
    """What a person wrote as their hours of a day: 9-13, 15:00-18:30. Raises AvailabilityError for what is none."""
    made = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found = SPAN.fullmatch(part)
            hours = [int(number or 0) for number in found.groups()] if found else []
            made.append(Span(weekday, time(hours[0], hours[1]), time(hours[2], hours[3])))
        except (IndexError, ValueError) as error:
            raise AvailabilityError(_("Write hours like 9:00-13:00, 15:00-18:00."), "hours_unread") from error
    return made


def require_apart(spans: Iterable[Span]) -> None:
    """Raises AvailabilityError when hours end before they begin or overlap."""
    last: Span | None = None
    for one in sorted(spans, key=lambda span: (span.weekday, span.opens)):
        if one.closes <= one.opens:
            raise AvailabilityError(_("Hours must end after they begin."), "hours_order")
        if last and last.weekday == one.weekday and one.opens < last.closes:
            raise AvailabilityError(_("Hours of one day overlap."), "hours_overlap")
        last = one
