"""Learning paths: which step is open to whom and why not, and what the pages list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from courses.enums import CourseState, EnrolmentState
from courses.models import Course, CourseCompletion, Enrolment, LearningPath, PathCourse, PathEnrolment


@dataclass
class Step:
    """A course of a path as one person meets it. `waits_for` is the course that has to be completed first."""

    course: Course
    is_required: bool
    is_done: bool
    waits_for: Course | None = None
    enrolment: Enrolment | None = None
    is_visible: bool = True

    @property
    def is_over(self) -> bool:
        """Whether it cannot be completed any more; that holds nobody up."""
        return not self.is_done and self.course.state == CourseState.ARCHIVED

    @property
    def counts(self) -> bool:
        return self.is_required and not self.is_over

    @property
    def is_open(self) -> bool:
        return self.course.state == CourseState.PUBLISHED and self.waits_for is None

    @property
    def state(self) -> str:
        """done, waiting (for a place), begun, over, coming (not out yet), locked or open."""
        if self.is_done:
            return "done"
        if self.enrolment is not None and self.enrolment.state == EnrolmentState.WAITING:
            return "waiting"
        if self.enrolment is not None and self.enrolment.is_inside and not self.is_over:
            return "begun"
        if self.is_over:
            return "over"
        return "open" if self.is_open else "locked" if self.waits_for else "coming"

    @property
    def percent(self) -> int:
        progress = getattr(self.enrolment, "progress", None)
        return 100 if self.is_done else progress.percent if progress else 0


def lay_out(steps: Iterable[PathCourse], done: Collection[UUID]) -> list[Step]:
    """The steps in their order for somebody who has completed the courses `done`. Pure.

    A step waits for the first one before it that counts and is not done.
    """
    laid, waits_for = [], None
    for row in steps:
        step = Step(row.course, row.is_required, row.course_id in done)
        step.waits_for = None if step.is_done else waits_for
        if waits_for is None and step.counts and not step.is_done:
            waits_for = step.course
        laid.append(step)
    return laid


def steps_for(path: LearningPath, user: Any) -> list[Step]:
    """The steps of a path with what the person has done, in four queries."""
    rows = list(path.steps.select_related("course__programme").order_by("position", "pk"))
    ids = [row.course_id for row in rows]
    mine = {
        row.course_id: row
        for row in Enrolment.objects.filter(student=user.pk, course__in=ids).select_related("progress")
    }
    laid = lay_out(rows, completed_courses(user.pk, ids))
    seen = set(Course.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    for step in laid:
        step.enrolment, step.is_visible = mine.get(step.course.pk), step.course.pk in seen
    return laid


def completed_courses(student: UUID | None, courses: Collection[UUID]) -> set[UUID]:
    """Which of these courses the person has ever completed."""
    rows = CourseCompletion.objects.filter(enrolment__student=student, enrolment__course__in=courses)
    return set(rows.values_list("enrolment__course_id", flat=True))


@dataclass(frozen=True)
class Gate:
    """Whether paths let a person into a course that opens only within them.

    `first`: the course to complete first on a path that they follow. `paths`: the paths that lead to it.
    """

    is_open: bool
    first: Course | None
    paths: list[LearningPath]


def gate_of(course: Course, user: Any) -> Gate:
    """In at most four queries."""
    paths = list(LearningPath.objects.filter(is_published=True, steps__course=course).order_by("title", "pk"))
    mine = set(
        PathEnrolment.objects.standing()
        .filter(student=user.pk, path__in=[path.pk for path in paths])
        .values_list("path_id", flat=True)
    )
    rows: dict[UUID, list[PathCourse]] = {}
    for row in PathCourse.objects.filter(path__in=mine).select_related("course").order_by("position", "pk"):
        rows.setdefault(row.path_id, []).append(row)
    done = completed_courses(user.pk, {row.course_id for some in rows.values() for row in some}) if rows else set()
    laid = [step for some in rows.values() for step in lay_out(some, done) if step.course.pk == course.pk]
    first = next((step.waits_for for step in laid if step.waits_for is not None), None)
    return Gate(any(step.waits_for is None for step in laid), first, paths)


def published_paths(user: Any, *, most: int = 50) -> list[LearningPath]:
    """Paths that are out, each with its number of courses and `mine`, the person's place or None. Two queries."""
    paths: QuerySet[LearningPath] = LearningPath.objects.filter(is_published=True).select_related("programme")
    rows = list(paths.annotate(courses_total=Count("steps")).order_by("title", "pk")[:most])
    standing = list(PathEnrolment.objects.standing().filter(student=user.pk, path__in=rows)) if rows else []
    mine = {row.path_id: row for row in standing}
    for path in rows:
        path.mine = mine.get(path.pk)  # type: ignore[attr-defined]
    # What the person is on comes first.
    return sorted(rows, key=lambda path: path.pk not in mine)


def own_paths(user: Any) -> QuerySet[LearningPath]:
    """The paths that a person builds (staff: all), with how many courses and people they have, in one query."""
    paths = LearningPath.objects.all() if user.is_staff else LearningPath.objects.filter(created_by=user)
    people = Count("followers", filter=Q(followers__left_at__isnull=True), distinct=True)
    return paths.annotate(courses_total=Count("steps", distinct=True), people=people).order_by("title", "pk")


def courses_for_path(path: LearningPath, user: Any) -> QuerySet[Course]:
    """What may become a step: courses that are out for everybody, or taught by the person, and not in it yet."""
    found: QuerySet[Course] = Course.objects.visible_to(user).exclude(state=CourseState.ARCHIVED)
    return found.exclude(pk__in=path.steps.values("course_id")).order_by("title", "pk")
