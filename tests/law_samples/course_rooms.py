"""Sample rows of rooms: one that is on, one that guardians may read, one that is off, one of a course being written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models

from courses import models as courses
from courses.enums import CourseState, EnrolmentSource, EnrolmentState
from tests import factories
from tests.cast import Cast

NOW = factories.NOW


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    found: dict[type[models.Model], list[models.Model]] = {}
    for state, policy in (
        (CourseState.PUBLISHED, {}),
        (CourseState.PUBLISHED, {"guardians_read": True}),
        (CourseState.ARCHIVED, {"guardians_read": True}),
        (CourseState.PUBLISHED, {"guardians_read": True, "is_on": False}),
        (CourseState.DRAFT, {"guardians_read": True}),
    ):
        for row in _room(cast, state, policy):
            found.setdefault(type(row), []).append(row)
    return found


def _room(cast: Cast, state: str, policy: dict[str, Any]) -> list[models.Model]:
    course = courses.Course.objects.create(
        slug=uuid4().hex[:9], title="Room", state=state, created_by=cast.teacher, created_at=NOW, updated_at=NOW
    )
    courses.CourseTeacher.objects.create(course=course, teacher=cast.teacher)
    for student, standing in ((cast.student, "active"), (cast.classmate, "completed"), (cast.outsider, "waiting")):
        courses.Enrolment.objects.create(
            course=course, student=student, source=EnrolmentSource.SELF, state=EnrolmentState(standing), created_at=NOW,
            queued_at=NOW, completed_at=NOW,
        )  # fmt: skip
    room = courses.Room.objects.create(course=course, opened_at=NOW, **policy)
    hidden = {"hidden_at": NOW, "hidden_by": cast.teacher, "hidden_reason": "Rude"}
    said = {"room": room, "author": cast.student, "side": "student", "source": "Hi", "html": "<p>Hi</p>", "at": NOW}
    messages = [
        courses.Message.objects.create(seq=seq, client_id=uuid4(), **said, **more)
        for seq, more in enumerate(({}, hidden), start=1)
    ]
    asked = {"room": room, "asker": cast.student, "title": "Why?", "asked_at": NOW, "last_at": NOW}
    told = {"room": room, "author": cast.teacher, "title": "Test", "source": "Hi", "html": "<p>Hi</p>", "at": NOW}
    threads = [courses.Thread.objects.create(**asked, **more) for more in ({}, hidden)]
    report = courses.Report.objects.create(
        room=room, message=messages[0], reporter=cast.classmate, reason="other", at=NOW
    )
    return [
        room,
        *messages,
        *threads,
        *(courses.Announcement.objects.create(client_id=uuid4(), **told, **more) for more in ({}, hidden)),
        courses.MessageEdit.objects.create(message=messages[0], source="H", at=NOW),
        courses.ThreadFollow.objects.create(thread=threads[0], person=cast.classmate),
        courses.ReadPosition.objects.create(room=room, person=cast.student, seq=1),
        report,
        courses.ReportDecision.objects.create(report=report, outcome="kept", by=cast.teacher, at=NOW),
        courses.Mute.objects.create(
            room=room, person=cast.classmate, reason="Rude", by=cast.teacher, at=NOW, until=NOW.replace(year=2099)
        ),
    ]
