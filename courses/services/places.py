"""Places in a course: who gets one and who waits. Everything here is called under the course's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import Change, record_events
from courses.enums import EnrolmentState
from courses.models import Course, Enrolment
from courses.services.counting import count_people
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def free_places(course: Course) -> int | None:
    """How many more may come in; None without a limit. Who completed the course keeps their place."""
    if course.capacity is None:
        return None
    return max(0, course.capacity - Enrolment.objects.filter(course=course).inside().count())


def promote_waiting(*, course: Course, actor: User | None, now: datetime) -> list[Enrolment]:
    """Lets in those who wait longest, as many as there are places, and tells them; returns them.

    The caller holds the course's lock.
    """
    waiting = Enrolment.objects.filter(course=course, state=EnrolmentState.WAITING).order_by("queued_at", "pk")
    free = free_places(course)
    promoted = list((waiting if free is None else waiting[:free]).select_related("student"))
    if promoted:
        news = [_place_news(course, row) for row in promoted]
        let_in(course=course, enrolments=promoted, now=now)
        changes = [Change(row, {"state": EnrolmentState.WAITING}, {"state": row.state}) for row in promoted]
        record_events(actor=actor, action="enrolment.promoted", changes=changes, now=now)
        notify_many(news, now=now)
    return promoted


def let_in(*, course: Course, enrolments: Sequence[Enrolment], now: datetime) -> None:
    """Marks stored enrolments as in the course and counts what they have done, in a constant number of queries."""
    for row in enrolments:
        row.state = EnrolmentState.COMPLETED if row.completed_at else EnrolmentState.ACTIVE
        row.enrolled_at, row.queued_at, row.left_at = row.enrolled_at or now, None, None
    Enrolment.objects.bulk_update(enrolments, ["state", "enrolled_at", "queued_at", "left_at"], batch_size=500)
    count_people(course=course, enrolments=enrolments, now=now)


def _place_news(course: Course, row: Enrolment) -> News:
    """In the person's language. Each time that they come to the list is a cause of its own."""
    with translation.override(row.student.language):
        title = _("You have a place in %(course)s") % {"course": course.title}
        body = _("A place is free, and you were next on the waiting list. You can begin.")
    when = row.queued_at.isoformat() if row.queued_at else ""
    url = reverse("course-page", args=[course.pk])
    cause = f"place:{row.pk}:{when}"
    return News(
        user_id=row.student_id, kind=NotificationKind.COURSE_PLACE, cause=cause, title=title[:160], body=body, url=url
    )
