"""Counting progress: one way to write it for one person or for hundreds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count

from common.events import announce
from courses.enums import EnrolmentState, LessonState
from courses.models import Course, CourseCompletion, CourseProgress, Enrolment, Lesson, LessonProgress
from courses.services.certificates import issue_certificates
from courses.services.path_progress import count_course
from courses.services.percent import counted
from courses.services.webhook_data import enrolment_data
from courses.signals import course_completed
from notifications.enums import WebhookType
from notifications.services.webhooks import record_webhooks


def counting_lessons(course_id: UUID) -> Any:
    """Ids of the lessons that have to be done, as a subquery."""
    return Lesson.objects.counting().filter(module__course=course_id).values("pk")


def count_people(*, course: Course, enrolments: Sequence[Enrolment], now: datetime) -> int:
    """Counts these people's progress anew and returns how many completed the course by it.

    Each enrolment is locked by the caller, or not yet seen by anybody else. Announces `course_completed`, once for each
    person for ever. A constant number of queries.
    """
    # Read before the lessons are counted: a change in between leaves a number that asks for a recount.
    structure = Course.objects.values_list("structure", flat=True).get(pk=course.pk)
    ids = [row.pk for row in enrolments]
    total = counting_lessons(course.pk).count()
    done: dict[UUID, int] = dict(
        LessonProgress.objects.filter(enrolment__in=ids, state=LessonState.DONE, lesson__in=counting_lessons(course.pk))
        .order_by()
        .values_list("enrolment_id")
        .annotate(n=Count("pk"))
    )
    stored = {row.pk: row for row in CourseProgress.objects.filter(pk__in=ids)}
    rows, completed = [], []
    for enrolment in enrolments:
        row = stored.get(enrolment.pk) or CourseProgress(enrolment=enrolment)
        was = row.completed_at is not None
        new = counted(done=done.get(enrolment.pk, 0), total=total, highest=row.percent, was_complete=was)
        row.done, row.total, row.percent, row.structure = new.done, new.total, new.percent, structure
        if new.is_complete and not was:
            row.completed_at = now
            completed.append(enrolment)
        rows.append(row)
    CourseProgress.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["enrolment"],
        update_fields=["done", "total", "percent", "structure", "completed_at"],
    )
    _complete(course, completed, total, now)
    return len(completed)


def _complete(course: Course, enrolments: list[Enrolment], lessons: int, now: datetime) -> None:
    """Writes the fact, takes those who have none yet on along their paths, and announces it."""
    if not enrolments:
        return
    for enrolment in enrolments:
        enrolment.state, enrolment.completed_at = EnrolmentState.COMPLETED, enrolment.completed_at or now
    Enrolment.objects.bulk_update(enrolments, ["state", "completed_at"], batch_size=500)
    known = set(CourseCompletion.objects.filter(enrolment__in=enrolments).values_list("enrolment_id", flat=True))
    new = [row for row in enrolments if row.pk not in known]
    completions = [CourseCompletion(enrolment=row, completed_at=now, lessons=lessons) for row in new]
    CourseCompletion.objects.bulk_create(completions, batch_size=500)
    issue_certificates(course=course, completions=completions, now=now)
    count_course(course=course, students=[row.student_id for row in new], now=now)
    facts = [(str(row.pk), partial(enrolment_data, row.enrolment, course)) for row in completions]
    record_webhooks(type=WebhookType.ENROLMENT_COMPLETED, facts=facts, now=now)
    for row in new:
        announce(course_completed, enrolment_id=row.pk)
