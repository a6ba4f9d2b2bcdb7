"""Booking time with a teacher: made, moved, cancelled, and what became of it.

Whoever writes locks the student's row, then the teacher's profile, then the booking: so a teacher and a student are
looked at by one writer at a time, and what is free when it is looked at is free when it is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from accounts.services.entitlements import consume_amount, grant_entitlement, return_entitlement
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import BookingAbout, BookingState
from evaluations.models import Booking, BookingRules, BookingUse, Evaluation
from evaluations.selectors.bookings import booking_rules, papers_to_discuss, teachers_for
from evaluations.services.booking_news import tell_booked, tell_cancelled, tell_moved
from evaluations.services.booking_slots import open_slots, slots_profile

LONGEST = 500
#: Before a booking, people are reminded so long.
REMINDED = (timedelta(hours=24), timedelta(hours=1))
#: What a teacher cancels when its grant has ended comes back as a grant of so long.
GIVEN_BACK_FOR = timedelta(days=30)


class BookingError(DomainError):
    """This cannot be booked, moved, cancelled or noted so."""


def book(
    *,
    booking_id: UUID,
    teacher_id: UUID,
    student: User,
    starts_at: datetime,
    words: str = "",
    evaluation_id: UUID | None = None,
    actor: User,
    now: datetime,
) -> Booking:
    """Books minutes with a teacher for a student, and takes them from what the student's plan has left. Sent again with
    the same `booking_id` it changes nothing.

    Raises BookingError (not a teacher of theirs, taken meanwhile, not their paper), NoEntitlement.
    """
    known = Booking.objects.filter(pk=booking_id).first()
    if known is not None:
        if known.booked_by_id != actor.pk:
            raise ConflictError(_("This booking cannot be sent. Reload the page."), "id_taken")
        return known
    paper = _paper(student, evaluation_id)
    with transaction.atomic():
        _lock(student.pk, teacher_id)
        if not teachers_for(student).filter(pk=teacher_id).exists():
            raise BookingError(_("This teacher cannot be booked."), "not_bookable")
        rules = booking_rules()
        starts_at = _free_slot(student.pk, teacher_id, starts_at, rules.minutes, now)
        made = Booking(
            id=booking_id,
            teacher_id=teacher_id,
            student=student,
            booked_by=actor,
            booked_at=now,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=rules.minutes),
            about=BookingAbout.PAPER if paper else BookingAbout.DOUBT,
            evaluation=paper,
            words=words.strip()[:LONGEST],
            remind_at=next_reminder(starts_at, now),
        )
        made.save(force_insert=True)
        taken = consume_amount(user=student, feature=Feature.TEACHER_MINUTES, amount=made.minutes, now=now)
        BookingUse.objects.bulk_create(
            BookingUse(booking=made, entitlement=grant, minutes=minutes) for grant, minutes in taken
        )
        record_event(actor=actor, action="booking.made", obj=made, after=_values(made), now=now)
        tell_booked(made, actor, now)
    return made


def move_booking(*, booking: Booking, starts_at: datetime, actor: User, now: datetime) -> Booking:
    """To another time with the same teacher, as long. Families until the rules' hours before, staff until it begins.

    Raises BookingError (over, too late, taken meanwhile).
    """
    with transaction.atomic():
        locked = _locked(booking)
        _require_open(locked)
        if now >= locked.starts_at or (not actor.is_staff and now > last_change(locked)):
            raise BookingError(_("It is too late to move this."), "too_late")
        if actor.pk == locked.teacher_id and not actor.is_staff:
            raise NotPermittedError(_("The student or the office moves a booking."), "not_the_family")
        before, minutes = _values(locked), locked.minutes
        moved = _free_slot(
            locked.student_id, locked.teacher_id, starts_at, minutes, now, besides=(locked.starts_at, locked.ends_at)
        )
        if moved == locked.starts_at:
            return locked
        locked.starts_at, locked.ends_at = moved, moved + timedelta(minutes=minutes)
        locked.sequence += 1
        locked.remind_at = next_reminder(moved, now)
        locked.save(update_fields=["starts_at", "ends_at", "sequence", "remind_at"])
        record_event(actor=actor, action="booking.moved", obj=locked, before=before, after=_values(locked), now=now)
        tell_moved(locked, actor, now)
    return locked


def cancel_booking(*, booking: Booking, reason: str = "", actor: User, now: datetime) -> Booking:
    """Cancels what has not begun. Minutes go back, unless the family cancels later than the rules allow; a teacher and
    staff say why.

    Raises BookingError (over, begun, without a reason).
    """
    with transaction.atomic():
        locked = _locked(booking)
        _require_open(locked)
        if now >= locked.starts_at:
            raise BookingError(_("It has begun. Your teacher notes what became of it."), "begun")
        by_family = not actor.is_staff and actor.pk != locked.teacher_id
        if not by_family and not reason.strip():
            raise BookingError(_("Say why: the student reads it."), "reason_missing")
        is_late = by_family and now > last_change(locked)
        _end(locked, BookingState.CANCELLED, reason, actor, now, is_late=is_late)
        if not is_late:
            _give_back(locked, actor, now)
        record_event(
            actor=actor, action="booking.cancelled", obj=locked, after={"is_late": is_late}, reason=reason, now=now
        )
        tell_cancelled(locked, actor, now)
    return locked


def note_outcome(*, booking: Booking, was_held: bool, note: str = "", actor: User, now: datetime) -> Booking:
    """What the teacher says became of it, once it has begun; said again, the last word counts. Its minutes are used
    either way. Raises BookingError before it begins and for a cancelled one."""
    with transaction.atomic():
        locked = _locked(booking)
        if actor.pk != locked.teacher_id:
            raise NotPermittedError(_("Only the teacher notes this."), "not_the_teacher")
        if now < locked.starts_at:
            raise BookingError(_("It has not begun yet."), "not_begun")
        if locked.state == BookingState.CANCELLED:
            raise BookingError(_("It was cancelled."), "cancelled")
        before = locked.state
        _end(locked, BookingState.HELD if was_held else BookingState.ABSENT, note, actor, now)
        record_event(
            actor=actor, action="booking.noted", obj=locked, before={"state": before}, after={"state": locked.state},
            reason=locked.note, now=now,
        )  # fmt: skip
    return locked


def last_change(booking: Booking, rules: BookingRules | None = None) -> datetime:
    """Until when the family moves it, or cancels it and has the minutes back. One query without the rules."""
    return booking.starts_at - timedelta(hours=(rules or booking_rules()).cancel_hours)


def next_reminder(starts_at: datetime, now: datetime) -> datetime | None:
    """When people are reminded next of what begins then; None when there is nothing more to say."""
    return min((starts_at - before for before in REMINDED if starts_at - before > now), default=None)


def _paper(student: User, evaluation_id: UUID | None) -> Evaluation | None:
    if evaluation_id is None:
        return None
    found = papers_to_discuss(student).filter(pk=evaluation_id).first()
    if found is None:
        raise BookingError(_("Only a paper that is back can be discussed."), "not_the_paper")
    return found


def _lock(student_id: UUID, teacher_id: UUID) -> None:
    User.objects.select_for_update(no_key=True).get(pk=student_id)
    if not TeacherProfile.objects.select_for_update(no_key=True).filter(pk=teacher_id).exists():
        raise BookingError(_("This teacher cannot be booked."), "not_bookable")


def _locked(booking: Booking) -> Booking:
    _lock(booking.student_id, booking.teacher_id)
    rows = Booking.objects.select_for_update(of=("self",)).select_related("teacher", "student")
    return rows.get(pk=booking.pk)


def _require_open(booking: Booking) -> None:
    if booking.state != BookingState.BOOKED:
        raise BookingError(_("This booking is over."), "over")


def _free_slot(
    student_id: UUID,
    teacher_id: UUID,
    starts_at: datetime,
    minutes: int,
    now: datetime,
    besides: tuple[datetime, datetime] | None = None,
) -> datetime:
    """The slot that begins then, if it is still free."""
    slots = open_slots(
        profile=slots_profile(teacher_id), student_id=student_id, rules=booking_rules(), minutes=minutes, now=now,
        besides=[besides] if besides else [],
    )  # fmt: skip
    if starts_at not in slots:
        raise BookingError(_("This time is not free any more. Choose another one."), "taken")
    return starts_at


def _end(booking: Booking, state: str, note: str, actor: User, now: datetime, *, is_late: bool = False) -> None:
    booking.state, booking.note, booking.is_late = state, note.strip()[:LONGEST], is_late
    booking.ended_by, booking.ended_at, booking.remind_at = actor, now, None
    booking.sequence += 1
    booking.save(update_fields=["state", "note", "is_late", "ended_by", "ended_at", "remind_at", "sequence"])


def _give_back(booking: Booking, actor: User, now: datetime) -> None:
    """To the grants they came from. What a teacher or staff cancel is not lost because a grant ended meanwhile."""
    lost = 0
    for use in booking.uses.select_related("entitlement").order_by("entitlement_id"):
        return_entitlement(entitlement=use.entitlement, amount=use.minutes)
        ends = use.entitlement.ends_at
        lost += use.minutes if ends is not None and ends <= now else 0
    booking.uses.update(returned_at=now)
    if lost and (actor.is_staff or actor.pk == booking.teacher_id):
        grant_entitlement(
            user=booking.student, feature=Feature.TEACHER_MINUTES, quantity=lost, source=f"booking {booking.pk}",
            starts_at=now, ends_at=now + GIVEN_BACK_FOR, actor=actor, now=now,
        )  # fmt: skip


def _values(booking: Booking) -> dict[str, Any]:
    return {
        "teacher": booking.teacher_id,
        "student": booking.student_id,
        "starts_at": booking.starts_at,
        "minutes": booking.minutes,
        "evaluation": booking.evaluation_id,
    }
