"""What people are told of bookings: the student and the guardians, and the teacher, but never who did it themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.enums import LinkState
from accounts.models import User
from evaluations.models import Booking
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

Words = Callable[[Booking, User], tuple[str, str]]


def tell_booked(booking: Booking, actor: User, now: datetime) -> None:
    def words(one: Booking, reader: User) -> tuple[str, str]:
        return _("Booked: %(who)s, %(when)s") % _names(one, reader), one.words

    _tell(booking, words, NotificationKind.BOOKING_NEWS, "booked", actor, now)


def tell_moved(booking: Booking, actor: User, now: datetime) -> None:
    def words(one: Booking, reader: User) -> tuple[str, str]:
        return _("Moved to %(when)s: %(who)s") % _names(one, reader), one.words

    _tell(booking, words, NotificationKind.BOOKING_NEWS, "moved", actor, now)


def tell_cancelled(booking: Booking, actor: User, now: datetime) -> None:
    def words(one: Booking, reader: User) -> tuple[str, str]:
        back = "" if reader.pk == one.teacher_id else _minutes_words(one)
        return _("Cancelled: %(who)s, %(when)s") % _names(one, reader), " ".join(filter(None, (one.note, back)))

    _tell(booking, words, NotificationKind.BOOKING_NEWS, "cancelled", actor, now)


def tell_soon(booking: Booking, now: datetime) -> None:
    def words(one: Booking, reader: User) -> tuple[str, str]:
        place = getattr(one.teacher.teacher_profile, "booking_place", None)
        return _("Soon: %(who)s, %(when)s") % _names(one, reader), " ".join(
            filter(None, (place.place, place.link) if place else ())
        )

    cause = f"soon:{booking.remind_at:%Y%m%d%H%M}" if booking.remind_at else "soon"
    _tell(booking, words, NotificationKind.BOOKING_REMINDER, cause, None, now)


def _minutes_words(booking: Booking) -> str:
    if booking.is_late:
        return _("It was too late: the %(n)d minutes are used up.") % {"n": booking.minutes}
    return _("The %(n)d minutes are yours again.") % {"n": booking.minutes}


def _names(booking: Booking, reader: User) -> dict[str, str]:
    """In the language and the zone of the reader."""
    at = timezone.localtime(booking.starts_at, ZoneInfo(reader.time_zone))
    if reader.pk == booking.teacher_id:
        who = booking.student.name
    elif reader.pk == booking.student_id:
        who = booking.teacher.name
    else:
        who = _("%(student)s with %(teacher)s") % {"student": booking.student.name, "teacher": booking.teacher.name}
    return {"who": who, "when": date_format(at, "D j M, H:i")}


def _tell(booking: Booking, words: Words, kind: str, what: str, actor: User | None, now: datetime) -> None:
    guardians = User.objects.filter(
        guardian_links__student=booking.student_id, guardian_links__state=LinkState.ACTIVE, is_active=True
    )
    for reader in {one.pk: one for one in (booking.student, booking.teacher, *guardians)}.values():
        if actor is not None and reader.pk == actor.pk:
            continue
        with translation.override(reader.language):
            title, body = words(booking, reader)
        notify(
            user=reader,
            kind=kind,
            cause=f"booking:{booking.pk}:{booking.sequence}:{what}",
            title=title,
            body=body,
            url=links.booking_url(booking.pk),
            now=now,
        )
