"""Bookings of the student with the teacher, and of others."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django.db.models import Model

from accounts.enums import Feature
from accounts.models import Entitlement
from evaluations.models import BookableHours, Booking, BookingPlace, BookingRules, BookingUse
from tests.factories import NOW


def samples(cast: Any) -> dict[type[Model], list[Model]]:
    pairs = [(cast.teacher, cast.student), (cast.colleague, cast.classmate), (cast.newcomer, cast.outsider)]
    booked = [
        Booking.objects.create(
            teacher=teacher, student=student, booked_by=student, booked_at=NOW, starts_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=1, minutes=30),
        )
        for teacher, student in pairs
    ]  # fmt: skip
    grant = Entitlement.objects.create(
        user=cast.student, feature=Feature.TEACHER_MINUTES, quantity=60, source="test", starts_at=NOW
    )
    profiles = [teacher.teacher_profile for teacher, _student in pairs]
    return {
        Booking: list(booked),
        BookingUse: [BookingUse.objects.create(booking=booked[0], entitlement=grant, minutes=30)],
        BookingRules: [BookingRules.objects.create()],
        BookingPlace: [BookingPlace.objects.create(teacher=one, place="Room 4") for one in profiles],
        BookableHours: [
            BookableHours.objects.create(teacher=one, weekday=0, opens=time(9), closes=time(10)) for one in profiles
        ],
    }
