"""The room that page tests and the law tables visit: a course by invitation that student and classmate are in, whose
teacher lets guardians read."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from courses.enums import CourseAccess, CourseState, EnrolmentSource, EnrolmentState
from courses.models import Announcement, Course, CourseTeacher, Enrolment, Message, Mute, Room, Thread
from courses.services.rooms.announcements import announce_to_course
from courses.services.rooms.moderation import hide_message, mute_author, report_message
from courses.services.rooms.posting import say
from courses.services.rooms.threads import accept, answer, ask
from notifications.models import Notification
from tests.cast import Cast

SLUG = "quadratics-with-rao"


def build_room(cast: Cast, now: datetime) -> None:
    course = Course.objects.create(
        slug=SLUG, title="Quadratics", state=CourseState.PUBLISHED, access=CourseAccess.INVITE,
        created_by=cast.teacher, created_at=now, updated_at=now,
    )  # fmt: skip
    CourseTeacher.objects.create(course=course, teacher=cast.teacher)
    for student, state in (
        (cast.student, EnrolmentState.ACTIVE), (cast.classmate, EnrolmentState.COMPLETED),
        (cast.outsider, EnrolmentState.LEFT),
    ):  # fmt: skip
        Enrolment.objects.create(
            course=course, student=student, source=EnrolmentSource.CODE, state=state, created_at=now, completed_at=now
        )
    room = Room.objects.create(course=course, opened_at=now, guardians_read=True)

    def send(actor: Any, source: str, minutes: int) -> Message:
        at = now - timedelta(minutes=minutes)
        return say(room=room, source=source, client_id=uuid.uuid4(), actor=actor, now=at)

    rude = send(cast.classmate, "You are always wrong", 1600)
    send(cast.student, "Does $x^2 + 2x + 1 = 0$ have one root or two?", 1500)
    loud = send(cast.classmate, "Buy my notes!", 40)
    send(cast.teacher, "One root, counted twice:\n\n$$x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$", 30)
    hide_message(message=rude, reason="Not how we talk here", actor=cast.teacher, now=now)
    report_message(message=loud, reason="spam", words="Again and again", actor=cast.student, now=now)
    given = {"room": room, "client_id": uuid.uuid4(), "now": now - timedelta(minutes=20)}
    thread = ask(
        **given, title="When is the discriminant negative?", source="I always get $D = 0$.", lesson=None,
        actor=cast.student,
    )  # fmt: skip
    helped = answer(
        thread=thread,
        source="When the parabola misses the axis.",
        client_id=uuid.uuid4(),
        actor=cast.classmate,
        now=now,
    )
    accept(thread=thread, message=helped, actor=cast.student, now=now)
    announce_to_course(
        room=room, title="Test on Friday", source="Bring a **ruler**.", pin_days=7, client_id=uuid.uuid4(),
        actor=cast.teacher, now=now,
    )  # fmt: skip
    mute_author(message=rude, hours=1, reason="Not how we talk here", actor=cast.teacher, now=now - timedelta(hours=9))
    Mute.objects.filter(room=room).update(until=now + timedelta(days=900), person=cast.outsider)
    send(cast.student, "Thank you", 1)
    # Unread news costs every page that marks it as read; these pages are about other things.
    Notification.objects.filter(kind__in=("course_announced", "question_answered", "message_reported")).delete()


def room_ids(cast: Cast) -> dict[str, Any]:
    room = Room.objects.get(course__slug=SLUG)
    return {
        "room": room.pk,
        "room_message": room.messages.get(source="Thank you").pk,
        "room_reported": room.messages.get(reports__isnull=False).pk,
        "room_hidden": room.messages.get(hidden_at__isnull=False).pk,
        "room_thread": Thread.objects.get(room=room).pk,
        "room_news": Announcement.objects.get(room=room).pk,
        "room_mute": Mute.objects.get(room=room).pk,
    }
