"""What somebody who looks after a student sees of the student's courses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from courses.enums import EnrolmentState
from courses.models import Announcement, Certificate, Enrolment, Room

LATEST_ANNOUNCEMENTS = 5


def courses_of(student: Any) -> list[Enrolment]:
    """The courses that a student is in, waits for or has completed, the latest first, with progress. One query."""
    rows = Enrolment.objects.filter(student=student).exclude(state=EnrolmentState.LEFT)
    return list(rows.select_related("course", "progress").order_by("-pk"))


def rooms_to_follow(*, reader: Any, student: Any) -> dict[UUID, Room]:
    """The rooms of the student's courses that `reader` may read, by course. One query."""
    mine = Enrolment.objects.filter(student=student).inside().values("course_id")
    return {room.pk: room for room in Room.objects.visible_to(reader).filter(course__in=mine)}


def latest_announcements(*, reader: Any, rooms: dict[UUID, Room]) -> list[Announcement]:
    """What was last told in these rooms. One query, none without rooms."""
    if not rooms:
        return []
    rows = Announcement.objects.visible_to(reader).filter(room__in=rooms, hidden_at__isnull=True)
    return list(rows.select_related("room__course").order_by("-pk")[:LATEST_ANNOUNCEMENTS])


def certificates_for(student: Any) -> list[Certificate]:
    """Standing certificates of one student, the newest first. One query."""
    rows = Certificate.objects.standing().filter(completion__enrolment__student=student)
    return list(rows.order_by("-issued_at", "-pk"))
