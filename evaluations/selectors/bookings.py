"""What is booked: the time it takes from teachers, the minutes people have, and the lists of their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.enums import Feature
from accounts.models import Entitlement, User
from accounts.selectors import guardian_students
from assessments.models import Attempt
from courses.models import CohortMembership, TeachingQualification
from evaluations.enums import BookingState, EvaluationState
from evaluations.models import Booking, BookingRules, Evaluation
from evaluations.models.bookings import students_of

#: So many of a person's past bookings are shown.
MOST_PAST = 30
#: So long a teacher is asked what became of a booking.
ASKED_FOR = timedelta(days=60)

Spans = dict[UUID, list[tuple[datetime, datetime]]]


def booking_rules() -> BookingRules:
    """The institute's row, or the defaults, unsaved. One query."""
    return BookingRules.objects.first() or BookingRules()


def booked_spans(teachers: Collection[UUID], start: datetime, end: datetime, student: UUID | None = None) -> Spans:
    """When these teachers are with students between two moments, by teacher, in order; with `student` also when that
    student is with any teacher, by student. One query."""
    rows = Booking.objects.taking_time().filter(ends_at__gt=start, starts_at__lt=end).order_by("starts_at")
    wanted = Q(teacher__in=teachers) if student is None else Q(teacher__in=teachers) | Q(student=student)
    found: Spans = defaultdict(list)
    for row in rows.filter(wanted).values_list("teacher_id", "student_id", "starts_at", "ends_at"):
        for person in row[:2]:
            if person in teachers or person == student:
                found[person].append(row[2:])
    return found


@dataclass(frozen=True)
class Minutes:
    """What a student may still book. `left` None: without limit. `until`: when the grant ends that ends first."""

    left: int | None
    until: datetime | None

    @property
    def is_none(self) -> bool:
        return self.left == 0


def minutes_of(students: Collection[UUID], now: datetime) -> dict[UUID, Minutes]:
    """By student. One query."""
    rows = Entitlement.objects.filter(user__in=students, feature=Feature.TEACHER_MINUTES).standing(now)
    held: dict[UUID, list[Entitlement]] = defaultdict(list)
    for row in rows:
        held[row.user_id].append(row)
    return {student: _minutes(held[student]) for student in students}


def _minutes(grants: list[Entitlement]) -> Minutes:
    usable = [one for one in grants if one.left != 0]
    ends = [one.ends_at for one in usable if one.ends_at is not None]
    parts = [one.left for one in usable]
    unlimited = any(part is None for part in parts)
    return Minutes(None if unlimited else sum(part or 0 for part in parts), min(ends, default=None))


def students_for(user: Any) -> list[User]:
    """Whose time the person may book, themselves first. One query for a guardian."""
    return [*([user] if user.is_student else []), *(guardian_students(user) if user.is_guardian else ())]


def teachers_for(student: User) -> QuerySet[User]:
    """Verified teachers of the student's programmes who opened hours and said where, by name."""
    programmes = CohortMembership.objects.filter(user=student).values("cohort__programme")
    qualified = TeachingQualification.objects.filter(programme__in=programmes).values("teacher")
    rows: QuerySet[User] = User.objects.filter(
        pk__in=qualified,
        is_active=True,
        is_teacher=True,
        teacher_profile__verified_at__isnull=False,
        teacher_profile__bookable_hours__opens__isnull=False,
        teacher_profile__booking_place__isnull=False,
    )
    rows = rows.select_related("teacher_profile__booking_place").exclude(pk=student.pk)
    found: QuerySet[User] = rows.order_by("name", "pk").distinct()
    return found


def papers_to_discuss(student: User) -> QuerySet[Evaluation]:
    """The student's papers that are back, the newest first."""
    rows = Evaluation.objects.records().filter(attempt__student=student, state=EvaluationState.RELEASED)
    return rows.select_related("attempt__exam").order_by("-released_at")


def with_people(rows: QuerySet[Booking]) -> QuerySet[Booking]:
    return rows.select_related("teacher__teacher_profile__booking_place", "student", "evaluation__attempt__exam")


@dataclass(frozen=True)
class Told:
    """A person's bookings: those to come, the next one first, and the last ones before."""

    coming: list[Booking]
    past: list[Booking]


def bookings_of_family(user: Any, now: datetime) -> Told:
    """Of the person and of whom they look after. Three queries for a guardian."""
    rows = with_people(Booking.objects.filter(student__in=students_of(user)))
    coming = rows.filter(state=BookingState.BOOKED, ends_at__gt=now).order_by("starts_at", "pk")
    past = rows.exclude(state=BookingState.BOOKED, ends_at__gt=now).order_by("-starts_at", "-pk")
    return Told(list(coming), list(past[:MOST_PAST]))


def coming_bookings(*, student: Any, now: datetime, until: datetime) -> list[Booking]:
    """What a student has booked that is not over and begins before `until`, in order. One query."""
    rows = Booking.objects.filter(student=student, state=BookingState.BOOKED, ends_at__gt=now, starts_at__lt=until)
    return list(rows.select_related("teacher").order_by("starts_at", "pk"))


@dataclass(frozen=True)
class Taught:
    """A teacher's bookings: what became of `to_note` is not written yet. `seen`: papers that they may look at."""

    to_note: list[Booking]
    coming: list[Booking]
    past: list[Booking]
    seen: set[UUID]


def bookings_of_teacher(teacher: Any, now: datetime) -> Taught:
    """Four queries."""
    rows = with_people(Booking.objects.filter(teacher=teacher))
    open_rows = list(rows.filter(state=BookingState.BOOKED, starts_at__gt=now - ASKED_FOR).order_by("starts_at", "pk"))
    past = list(rows.exclude(state=BookingState.BOOKED).order_by("-starts_at", "-pk")[:MOST_PAST])
    return Taught(
        [one for one in open_rows if one.starts_at <= now],
        [one for one in open_rows if one.starts_at > now],
        past,
        papers_seen(teacher, [*open_rows, *past]),
    )


def papers_seen(reader: Any, bookings: Collection[Booking]) -> set[UUID]:
    """The attempts of these bookings that the person may look at: of exams without names to hide. One query."""
    keys = {
        one.evaluation.attempt_id: one.evaluation.attempt.exam.hide_names
        for one in bookings
        if one.evaluation is not None
    }
    shown = [key for key, hides in keys.items() if not hides or not reader.is_teacher]
    return set(Attempt.objects.visible_to(reader).filter(pk__in=shown).values_list("pk", flat=True)) if shown else set()


def by_day(moments: Collection[datetime], zone: Any) -> Mapping[Any, list[datetime]]:
    """Moments by the local day on which they lie, both in order."""
    days: dict[Any, list[datetime]] = defaultdict(list)
    for moment in sorted(moments):
        days[moment.astimezone(zone).date()].append(moment)
    return dict(days)
