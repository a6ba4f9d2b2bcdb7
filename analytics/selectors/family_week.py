"""A child's week as a guardian reads it: what was done and came back in it, what is promised, what comes next."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from assessments.enums import AttemptState, RevealItem
from assessments.models import Attempt
from assessments.selectors.exam_pages import standing_exams
from assessments.selectors.quizzes import result_of
from assessments.selectors.reveal import shown_by_exam
from common.local_times import day_start
from courses.models import LessonProgress
from courses.selectors.weeks import coming_lessons, lessons_done, seconds_spent
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.selectors.bookings import coming_bookings
from evaluations.selectors.records import record_of, with_records

#: So far back a guardian turns the weeks.
MOST_BACK = 60
#: So many attempts of one week are read.
MOST_ATTEMPTS = 60
#: How far ahead "what comes next" looks.
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """Monday to Sunday by the reader's clocks; `end` is the first moment after it. `back`: 0 is the present one."""

    start: datetime
    end: datetime
    back: int = 0

    @property
    def last_day(self) -> datetime:
        return self.end - timedelta(seconds=1)

    @property
    def earlier(self) -> int | None:
        return self.back + 1 if self.back < MOST_BACK else None

    @property
    def later(self) -> int | None:
        return self.back - 1 if self.back else None


def week_of(now: datetime, back: str = "") -> Week:
    """The week that lies so many back; a mangled number is the present one."""
    weeks = 0
    with suppress(ValueError):
        weeks = min(max(int(back or 0), 0), MOST_BACK)
    monday = -timezone.localtime(now).weekday() - 7 * weeks
    return Week(day_start(now, days=monday), day_start(now, days=monday + 7), weeks)


@dataclass(frozen=True)
class Coming:
    """Something that begins, opens or ends soon. `kind`: opens, closes, sheets, live, module, booking."""

    at: datetime
    kind: str
    title: str
    about: str = ""
    url: str = ""


@dataclass
class ChildWeek:
    """`sat`, `back` and `due` are attempts with `evaluation`, its record or None, `shows_marks` and `quiz`, its result
    as far as it is shown."""

    lessons: list[LessonProgress] = field(default_factory=list)
    minutes: int = 0
    sat: list[Any] = field(default_factory=list)
    back: list[Any] = field(default_factory=list)
    due: list[Any] = field(default_factory=list)
    coming: list[Coming] = field(default_factory=list)


def child_week(*, child: User, week: Week, now: datetime) -> ChildWeek:
    """8 queries at most; 3 for a week that is over."""
    lessons = lessons_done(student=child, start=week.start, end=week.end)
    made = ChildWeek(lessons=lessons, minutes=seconds_spent(lessons) // 60)
    for attempt in _attempts(child, week, now):
        paper = attempt.evaluation
        if attempt.submitted_at and week.start <= attempt.submitted_at < week.end:
            made.sat.append(attempt)
        if paper and paper.state in PROMISED_STATES and not week.back:
            made.due.append(attempt)
        if _came_back(paper, week):
            made.back.append(attempt)
    made.due.sort(key=lambda attempt: (attempt.evaluation.due_at, attempt.pk))
    if not week.back:
        made.coming = _coming(child, now)
    return made


def _came_back(paper: Any, week: Week) -> bool:
    """Whether it was given back in the week."""
    is_back = paper is not None and paper.state == EvaluationState.RELEASED and paper.released_at is not None
    return bool(is_back and week.start <= paper.released_at < week.end)


def _attempts(child: User, week: Week, now: datetime) -> list[Any]:
    """What was handed in or came back in the week, or is with a teacher now. One query, two where marks wait."""
    rows = with_records(Attempt.objects.counted().filter(student=child).select_related("exam__chapter"))
    handed_in = Q(submitted_at__gte=week.start, submitted_at__lt=week.end)
    came = Q(record__released_at__gte=week.start, record__released_at__lt=week.end)
    wanted = handed_in | came if week.back else handed_in | came | Q(record__state__in=PROMISED_STATES)
    rows = rows.filter(wanted).exclude(state=AttemptState.CANCELLED).select_related("record__forecast")
    found = list(rows.order_by("-id")[:MOST_ATTEMPTS])
    shown = shown_by_exam([attempt.exam for attempt in found], now)
    for attempt in found:
        attempt.evaluation = record_of(attempt)
        attempt.shows_marks = RevealItem.MARKS in shown[attempt.exam_id]
        is_marked = attempt.exam.is_quiz and attempt.shows_marks
        attempt.quiz = result_of(attempt, attempt.exam) if is_marked else None
        forecast = getattr(attempt.evaluation, "forecast", None)
        attempt.expected_at = forecast.expected_at if forecast and (forecast.expected_at or now) > now else None
    return found


def _coming(child: User, now: datetime) -> list[Coming]:
    """Exams, photographs, live lessons, modules and bookings of the next days, in order. 5 queries."""
    until = now + AHEAD
    found = [one for row in standing_exams(user=child, now=now) if (one := _exam(row, until))]
    for lesson in coming_lessons(student=child, start=now, end=until):
        title = lesson.lesson.title if lesson.lesson else lesson.module.title
        kind = "live" if lesson.lesson else "module"
        found.append(Coming(lesson.at, kind, title, lesson.module.course.title))
    for booking in coming_bookings(student=child, now=now, until=until):
        url = reverse("booking-page", args=[booking.pk])
        found.append(Coming(booking.starts_at, "booking", booking.teacher.name, url=url))
    return sorted(found, key=lambda one: (one.at, one.title))


def _exam(row: dict[str, Any], until: datetime) -> Coming | None:
    """When an exam opens or ends for the student, on the student's own terms; None beyond `until`."""
    exam, terms = row["exam"], row["terms"]
    if row["status"] == "sheets":
        return Coming(row["sheets"].sheets_due_at, "sheets", exam.title)
    if row["status"] == "soon" and terms.opens_at < until:
        return Coming(terms.opens_at, "opens", exam.title)
    ends = row["status"] == "open" and terms.closes_at is not None and terms.closes_at < until
    if ends and not (exam.is_quiz and row["last"]):
        return Coming(terms.closes_at, "closes", exam.title)
    return None
