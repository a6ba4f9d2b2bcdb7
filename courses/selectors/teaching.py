"""What the pages of those who teach a course show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from courses.enums import EnrolmentState, LessonState
from courses.models import INSIDE, Course, Enrolment, InviteCode, LessonProgress, ProgressRecount
from courses.selectors.courses import with_teachers

PAGE = 50


@dataclass(frozen=True)
class Roster:
    """People of a course in the order in which they came, and the id after which the next page begins."""

    rows: list[Enrolment]
    following: UUID | None


def taught_courses(user: Any) -> list[Course]:
    """The courses a person teaches (staff: all), the latest first, with how many people are in and wait."""
    courses = Course.objects.all() if user.is_staff else Course.objects.taught_by(user)
    people = courses.annotate(
        people=Count("enrolments", filter=Q(enrolments__state__in=INSIDE)),
        waiting=Count("enrolments", filter=Q(enrolments__state=EnrolmentState.WAITING)),
    )
    return list(with_teachers(people.select_related("programme", "cover")).order_by("-pk")[:200])


def roster(course: Course, *, state: str = "", text: str = "", after: UUID | None = None) -> Roster:
    """One page of the people of a course with their progress, in one query."""
    rows = Enrolment.objects.filter(course=course)
    rows = rows.filter(state=state) if state else rows.exclude(state=EnrolmentState.LEFT)
    if text:
        rows = rows.filter(Q(student__name__icontains=text) | Q(student__email__icontains=text))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows.select_related("student", "progress__last_lesson").order_by("pk")[: PAGE + 1])
    return Roster(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def state_counts(course: Course) -> dict[str, int]:
    """How many people are in each state."""
    rows = Enrolment.objects.filter(course=course).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def progress_matrix(course: Course, enrolments: list[Enrolment]) -> dict[UUID, set[UUID]]:
    """What each of these people has done: enrolment → lessons, in one query."""
    done: dict[UUID, set[UUID]] = {row.pk: set() for row in enrolments}
    rows = LessonProgress.objects.filter(enrolment__in=enrolments, state=LessonState.DONE)
    for enrolment, lesson in rows.values_list("enrolment_id", "lesson_id"):
        done[enrolment].add(lesson)
    return done


def open_recount(course: Course) -> ProgressRecount | None:
    """The recount that is under way, if any."""
    found: ProgressRecount | None = ProgressRecount.objects.filter(course=course, finished_at=None).first()
    return found


def open_codes(course: Course) -> QuerySet[InviteCode]:
    """Codes that are not closed, the newest first."""
    codes: QuerySet[InviteCode] = InviteCode.objects.filter(course=course, closed_at=None)
    return codes.order_by("-pk")
