"""On what terms a student sits an exam: the exam's own, with whatever they are granted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from assessments.models import Accommodation, Exam


@dataclass(frozen=True)
class Terms:
    """When the exam can be started, how long it may be written, how it is shown."""

    opens_at: datetime
    closes_at: datetime | None
    duration: timedelta
    extra: timedelta
    large_print: bool
    dyslexia_font: bool

    @property
    def minutes(self) -> int:
        """Whole minutes for writing, the extra ones included."""
        return (self.duration + self.extra) // timedelta(minutes=1)

    @property
    def extra_minutes(self) -> int:
        return self.extra // timedelta(minutes=1)

    @property
    def reading(self) -> dict[str, str]:
        """What base.html sets on the page when the student has not chosen for themself."""
        return {"print": "large" if self.large_print else "", "font": "dyslexic" if self.dyslexia_font else ""}

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


def own_terms(*, student: Any, now: datetime) -> OwnTerms:
    """What `student` is granted now, for any number of exams. One query, none for who is not a student."""
    if not student.is_authenticated or not student.is_student:
        return OwnTerms([])
    return OwnTerms(Accommodation.objects.standing(now).filter(student=student))


def granted_to(student: Any, *, reader: Any, now: datetime) -> list[Accommodation]:
    """What stands for `student` and `reader` may see; those for every exam first. `reason` is for staff alone."""
    rows = Accommodation.objects.visible_to(reader).standing(now).filter(student=student)
    return list(rows.select_related("exam").defer("reason").order_by(F("exam").asc(nulls_first=True), "pk"))


class OwnTerms:
    """The standing accommodations of one person. Of several the most generous counts: none takes another away."""

    def __init__(self, rows: Collection[Accommodation] | Any) -> None:
        self.rows = list(rows)

    def of(self, exam: Exam) -> Terms:
        rows = [row for row in self.rows if row.exam_id in (None, exam.pk)]
        own = next((row for row in rows if row.exam_id), None)
        duration = timedelta(minutes=exam.duration_minutes)
        percent = max((row.extra_time_percent for row in rows), default=0)
        return Terms(
            opens_at=(own and own.opens_at) or exam.opens_at,
            closes_at=(own and own.closes_at) or exam.closes_at,
            duration=duration,
            extra=duration * percent / 100,
            large_print=any(row.large_print for row in rows),
            dyslexia_font=any(row.dyslexia_font for row in rows),
        )
