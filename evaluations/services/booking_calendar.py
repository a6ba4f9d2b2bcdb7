"""A booking as an entry of people's own calendars (iCalendar, RFC 5545)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from accounts.models import User
from evaluations.enums import BookingState
from evaluations.models import Booking


def calendar_entry(booking: Booking, *, reader: User, url: str, now: datetime) -> bytes:
    """One entry, in the language that is active. The same id with a higher sequence replaces what a calendar has; a
    cancelled one is taken out."""
    other = booking.student if reader.pk == booking.teacher_id else booking.teacher
    where = getattr(booking.teacher.teacher_profile, "booking_place", None)
    entry = Event()
    entry.add("uid", f"booking-{booking.pk}@abhyas")
    entry.add("dtstamp", now)
    entry.add("dtstart", booking.starts_at)
    entry.add("dtend", booking.ends_at)
    entry.add("sequence", booking.sequence)
    entry.add("summary", _("Time with %(name)s") % {"name": other.name})
    entry.add("status", "CANCELLED" if booking.state == BookingState.CANCELLED else "CONFIRMED")
    if booking.words:
        entry.add("description", booking.words)
    if where is not None:
        entry.add("location", " ".join(filter(None, (where.place, where.link))))
    entry.add("url", url)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", other.name)
    alarm.add("trigger", timedelta(minutes=-30))
    entry.add_component(alarm)
    made = Calendar()
    made.add("prodid", "-//Abhyas//Bookings//EN")
    made.add("version", "2.0")
    made.add("method", "CANCEL" if booking.state == BookingState.CANCELLED else "PUBLISH")
    made.add_component(entry)
    return bytes(made.to_ical())
