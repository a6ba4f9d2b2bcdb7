"""Time with a teacher: what the plans grant, the hours one teacher opens, and what students booked in them."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta

from accounts.enums import Feature
from accounts.services.availability import Span
from accounts.services.entitlements import grant_entitlement
from config.demo.people import find_person
from evaluations.models import Booking, BookingRules
from evaluations.services.booking_hours import set_bookable_hours
from evaluations.services.booking_slots import open_slots, slots_profile
from evaluations.services.bookings import book

STUDENT, TEACHER = "student", "teacher"
MINUTES = 120
#: Afternoons from Monday to Saturday.
SPANS = [Span(day, time(16), time(18)) for day in range(6)]


def seed_hours(*, now: datetime) -> int:
    """Returns how many bookings are new. What is there stays."""
    student, teacher = find_person(STUDENT), find_person(TEACHER)
    if not teacher.teacher_profile.bookable_hours.exists():
        where = {"place": "Room 4", "link": "https://meet.example.com/abhyas-room-4"}
        set_bookable_hours(teacher=teacher, spans=SPANS, **where, actor=teacher, now=now)
    if not student.entitlements.filter(feature=Feature.TEACHER_MINUTES).exists():
        grant_entitlement(
            user=student, feature=Feature.TEACHER_MINUTES, quantity=MINUTES, source="demo:hours",
            starts_at=now - timedelta(days=1), now=now,
        )  # fmt: skip
    if Booking.objects.filter(student=student).exists():
        return 0
    slots = open_slots(
        profile=slots_profile(teacher.pk), student_id=student.pk, rules=BookingRules(), minutes=30, now=now
    )
    book(
        booking_id=uuid.uuid4(), teacher_id=teacher.pk, student=student, starts_at=slots[2],
        words="Why does the tangent meet the radius at a right angle?", actor=student, now=now,
    )  # fmt: skip
    return 1
