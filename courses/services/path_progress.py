"""How far people are on their paths: counted from the courses they completed, kept on write, never going back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from common.events import announce
from courses.models import Course, CourseCompletion, LearningPath, PathCourse, PathEnrolment
from courses.selectors.paths import Step, lay_out
from courses.services.percent import counted
from courses.signals import path_completed
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def count_course(*, course: Course, students: Collection[UUID], now: datetime) -> None:
    """These students completed the course just now: their paths are counted, and what opened is told.

    In the transaction of the completions. A constant number of queries; one where no path has the course.
    """
    paths = list(PathCourse.objects.filter(course=course).values_list("path_id", flat=True))
    if paths and students:
        rows = PathEnrolment.objects.standing().filter(path__in=paths, student__in=students)
        _count(rows, completed=course.pk, now=now)


def count_path(*, path: LearningPath, student: UUID | None = None, now: datetime) -> None:
    """Everybody's place on the path, or one person's, after its courses changed. In the transaction of the change."""
    rows = PathEnrolment.objects.standing().filter(path=path)
    _count(rows.filter(student=student) if student else rows, completed=None, now=now)


def _count(rows: QuerySet[PathEnrolment], *, completed: UUID | None, now: datetime) -> None:
    """Locks these people's places and counts them anew. Announces `path_completed`, once for each for ever."""
    with transaction.atomic():
        places: list[PathEnrolment] = list(
            rows.select_for_update(of=("self",), no_key=True).select_related("path").order_by("pk")
        )
        if not places:
            return
        steps: dict[UUID, list[PathCourse]] = {}
        of_paths = PathCourse.objects.filter(path__in={row.path_id for row in places})
        for step in of_paths.select_related("course").order_by("position", "pk"):
            steps.setdefault(step.path_id, []).append(step)
        done = _completed(places, steps)
        opened, finished = [], []
        for place in places:
            own = done.get(place.student_id, set())
            laid = lay_out(steps.get(place.path_id, []), own)
            if _place(place, laid, now):
                finished.append(place)
            elif completed is not None:
                before = lay_out(steps.get(place.path_id, []), own - {completed})
                opened += [(place, step) for step in _newly_open(before, laid)]
        PathEnrolment.objects.bulk_update(places, ["done", "total", "percent", "completed_at"], batch_size=500)
        _tell(opened, finished, now)
        for place in finished:
            announce(path_completed, path_enrolment_id=place.pk)


def _completed(places: list[PathEnrolment], steps: dict[UUID, list[PathCourse]]) -> dict[UUID, set[UUID]]:
    """Student → the courses of these paths that they have completed."""
    courses = {step.course_id for some in steps.values() for step in some}
    found: dict[UUID, set[UUID]] = {}
    rows = CourseCompletion.objects.filter(
        enrolment__student__in={place.student_id for place in places}, enrolment__course__in=courses
    )
    for student, course in rows.values_list("enrolment__student_id", "enrolment__course_id"):
        found.setdefault(student, set()).add(course)
    return found


def _place(place: PathEnrolment, laid: list[Step], now: datetime) -> bool:
    """Writes the counts into the row; whether it is completed by that."""
    counting = [step for step in laid if step.counts]
    was = place.completed_at is not None
    new = counted(
        done=sum(step.is_done for step in counting), total=len(counting), highest=place.percent, was_complete=was
    )
    place.done, place.total, place.percent = new.done, new.total, new.percent
    if new.is_complete and not was:
        place.completed_at = now
    return new.is_complete and not was


def _newly_open(before: list[Step], laid: list[Step]) -> list[Step]:
    return [new for old, new in zip(before, laid, strict=True) if new.is_open and not old.is_open and not new.is_done]


def _tell(opened: list[tuple[PathEnrolment, Step]], finished: list[PathEnrolment], now: datetime) -> None:
    """Each in the person's language, once."""
    told = [place for place, _step in opened] + finished
    people = User.objects.in_bulk({place.student_id for place in told})
    news = []
    for place, step in opened:
        with translation.override(people[place.student_id].language):
            title = _("“%(course)s” is open to you now") % {"course": step.course}
            body = _("It goes on from what you have completed on the path “%(path)s”.") % {"path": place.path}
        news.append(_news(place, f"open:{step.course.pk.hex}", title, body))
    for place in finished:
        with translation.override(people[place.student_id].language):
            title = _("You have completed the path “%(path)s”") % {"path": place.path}
        news.append(_news(place, "done", title, ""))
    if news:
        notify_many(news, now=now)


def _news(place: PathEnrolment, what: str, title: str, body: str) -> News:
    return News(
        user_id=place.student_id,
        kind=NotificationKind.PATH_NEWS,
        cause=f"path:{place.pk}:{what}",
        title=title[:160],
        body=body,
        url=reverse("path-page", args=[place.path_id]),
    )
