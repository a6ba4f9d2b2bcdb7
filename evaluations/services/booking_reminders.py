"""Reminds people of what they booked: a day and an hour before."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluations.enums import BookingState
from evaluations.models import Booking
from evaluations.services.booking_news import tell_soon
from evaluations.services.bookings import next_reminder

BATCH = 200


def remind_of_bookings(*, now: datetime) -> int:
    """Tells people of bookings whose moment has come; returns of how many. Repeatable: told is what is moved on in the
    same transaction, and an inbox keeps one of a kind."""
    due = Booking.objects.filter(state=BookingState.BOOKED, remind_at__lte=now)
    told = 0
    for pk in list(due.order_by("remind_at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            rows = due.select_for_update(of=("self",), skip_locked=True)
            found = rows.select_related("student", "teacher__teacher_profile__booking_place").filter(pk=pk).first()
            if found is None:
                continue
            # After a stop of the worker what has begun is not said to begin soon.
            if found.starts_at > now:
                tell_soon(found, now)
                told += 1
            Booking.objects.filter(pk=pk).update(remind_at=next_reminder(found.starts_at, now))
    return told
