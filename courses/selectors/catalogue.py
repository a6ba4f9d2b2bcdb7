"""What the pages of learners list: the catalogue, their own courses, one course with what others say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Round

from courses.enums import CourseState, EnrolmentState, ReviewState
from courses.models import Course, CourseReview, Enrolment, Programme
from courses.selectors.courses import with_teachers

PAGE = 24
WORD = re.compile(r"\w+")
MOST_TERMS = 8


@dataclass(frozen=True)
class CataloguePage:
    """Courses by title, and the id after which the next page begins."""

    rows: list[Course]
    following: UUID | None


def search_terms(text: str) -> list[str]:
    """The words to look for, in lower case."""
    return WORD.findall(text.lower())[:MOST_TERMS]


def catalogue(
    user: Any, *, text: str = "", programme: UUID | None = None, access: str = "", after: Course | None = None
) -> CataloguePage:
    """Courses that are out, narrowed; every word of `text` begins a word of the course. By key, in four queries.

    What students say is added up for those that are shown alone, not for all that are found.
    """
    found: QuerySet[Course] = Course.objects.visible_to(user).filter(state=CourseState.PUBLISHED)
    if programme is not None:
        found = found.filter(programme=programme)
    if access:
        found = found.filter(access=access)
    if terms := search_terms(text):
        found = _with_words(found, terms)
    if after is not None:
        found = found.filter(Q(title__gt=after.title) | Q(title=after.title, pk__gt=after.pk))
    rows = list(with_teachers(found.select_related("programme", "cover")).order_by("title", "pk")[: PAGE + 1])
    _add_opinions(rows[:PAGE])
    return CataloguePage(rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None)


def _with_words(courses: QuerySet[Course], terms: list[str]) -> QuerySet[Course]:
    if connection.vendor == "postgresql":
        query = SearchQuery(" & ".join(f"{term}:*" for term in terms), config="simple", search_type="raw")
        vector = SearchVector("words", config="simple")
        return courses.annotate(vector=vector).filter(vector=query)
    for term in terms:
        courses = courses.filter(words__contains=term)
    return courses


def _add_opinions(courses: list[Any]) -> None:
    """`stars` and `reviews_count` as `_shown` has them."""
    reviews = CourseReview.objects.filter(course__in=courses, state=ReviewState.SHOWN).order_by().values("course")
    said = {
        row["course"]: (row["stars"], row["n"]) for row in reviews.annotate(stars=Round(Avg("stars"), 1), n=Count("pk"))
    }
    for course in courses:
        course.stars, course.reviews_count = said.get(course.pk, (None, 0))


def _shown(courses: QuerySet[Course]) -> QuerySet[Course]:
    """With cover, teachers and what students say of it."""
    shown = Q(reviews__state=ReviewState.SHOWN)
    return with_teachers(courses.select_related("programme", "cover")).annotate(
        stars=Round(Avg("reviews__stars", filter=shown), 1), reviews_count=Count("reviews", filter=shown)
    )


def programmes_with_courses(user: Any) -> list[Programme]:
    """What the catalogue can be narrowed to."""
    courses = Course.objects.visible_to(user).filter(state=CourseState.PUBLISHED, programme=OuterRef("pk")).order_by()
    return list(Programme.objects.filter(Exists(courses)))


def my_enrolments(user: Any) -> list[Enrolment]:
    """The person's courses: what they go on with first, then where they wait, then what they have completed."""
    order = {EnrolmentState.ACTIVE: 0, EnrolmentState.WAITING: 1, EnrolmentState.COMPLETED: 2}
    mine = Enrolment.objects.filter(student=user).exclude(state=EnrolmentState.LEFT)
    mine = mine.exclude(course__state=CourseState.DRAFT)
    rows = mine.select_related("course__programme", "course__cover", "progress__last_lesson").order_by("-pk")
    return sorted(rows[:200], key=lambda row: order[EnrolmentState(row.state)])


def states_of(user: Any, courses: list[Course]) -> dict[UUID, str]:
    """In which of these courses the person is, and how."""
    mine = Enrolment.objects.filter(student=user, course__in=courses)
    return dict(mine.values_list("course_id", "state"))


def course_for_page() -> QuerySet[Course]:
    """A course with everything its page shows of itself."""
    return _shown(Course.objects.select_related("room")).prefetch_related("prerequisites__required")


def shown_reviews(course: Course, *, most: int = 10) -> list[CourseReview]:
    """The newest reviews that staff have let through."""
    rows = CourseReview.objects.filter(course=course, state=ReviewState.SHOWN).select_related("student")
    return list(rows.order_by("-updated_at", "-pk")[:most])


def waiting_place(enrolment: Enrolment) -> int:
    """The person's place on the waiting list, from 1."""
    before = Q(queued_at__lt=enrolment.queued_at) | Q(queued_at=enrolment.queued_at, pk__lt=enrolment.pk)
    waiting = Enrolment.objects.filter(course=enrolment.course_id, state=EnrolmentState.WAITING)
    return waiting.filter(before).count() + 1
