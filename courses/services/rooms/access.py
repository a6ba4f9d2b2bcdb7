"""Who may write in a room now, and how often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from common.errors import DomainError, NotPermittedError
from courses.enums import CourseState, RoomSide, RoomWriters
from courses.models import CourseTeacher, Enrolment, Message, Mute, Room

#: At most so many messages of one person in so much time; whoever teaches has the same.
LIMITS = ((5, timedelta(seconds=10)), (40, timedelta(minutes=5)))
LONGEST_WINDOW = timedelta(minutes=5)


class RoomError(DomainError):
    """This cannot be done in the room now."""


class SlowDownError(RoomError):
    """Too many messages; `details["retry_after"]` is in seconds."""

    status = 429


def side_of(room: Room, person: User) -> str:
    """As whom somebody speaks. Raises NotPermittedError for guardians, people who wait and everybody else outside."""
    if CourseTeacher.objects.filter(course=room.pk, teacher=person).exists():
        return RoomSide.TEACHER
    if person.is_staff:
        return RoomSide.STAFF
    if Enrolment.objects.filter(course=room.pk, student=person).inside().exists():
        return RoomSide.STUDENT
    raise NotPermittedError(_("You can read this room, not write in it."), "reader_only")


def require_open(room: Room, side: str) -> None:
    """Raises RoomError where nothing is said any more."""
    if not room.is_on:
        raise RoomError(_("This room is closed."), "room_closed")
    if room.course.state != CourseState.PUBLISHED and side == RoomSide.STUDENT:
        raise RoomError(_("This course is closed. You can still read what was said."), "course_closed")


def standing_mute(room: Room, person: User, now: datetime) -> Mute | None:
    found: Mute | None = Mute.objects.filter(room=room, person=person).standing(now).order_by("-until").first()
    return found


def require_may_write(room: Room, person: User, side: str, now: datetime, *, in_thread: bool = False) -> None:
    """Raises RoomError with the sentence for the person. Where only teachers write, students still ask questions."""
    require_open(room, side)
    if side != RoomSide.STUDENT:
        return
    if room.writers == RoomWriters.TEACHERS and not in_thread:
        raise RoomError(_("Only teachers write here. Ask under Questions."), "teachers_only")
    if (mute := standing_mute(room, person, now)) is not None:
        raise RoomError(
            _("You cannot write here for now. The reason given: %(reason)s") % {"reason": mute.reason}, "muted"
        )


def require_pace(room: Room, person: User, side: str, now: datetime) -> None:
    """Raises SlowDownError when the person has to wait. Exact under the room's lock; one query."""
    recent = Message.objects.filter(room=room, author=person, at__gt=now - LONGEST_WINDOW)
    times = list(recent.order_by("-seq").values_list("at", flat=True)[: LIMITS[-1][0]])
    seconds = seconds_to_wait(times, room.slow_seconds if side == RoomSide.STUDENT else 0, now)
    if seconds > 0:
        message = ngettext(
            "Wait %(n)d second before your next message.", "Wait %(n)d seconds before your next message.", seconds
        )
        raise SlowDownError(message % {"n": seconds}, "slow_down", retry_after=seconds)


def seconds_to_wait(times: Sequence[datetime], slow_seconds: int, now: datetime) -> int:
    """Until somebody may write whose messages were at `times`, the latest first. 0: now."""
    waits = [times[most - 1] + span - now for most, span in LIMITS if len(times) >= most]
    if slow_seconds and times:
        waits.append(times[0] + timedelta(seconds=slow_seconds) - now)
    return max(0, math.ceil(max((wait.total_seconds() for wait in waits), default=0)))
