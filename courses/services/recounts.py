"""Everybody's progress counted again when what has to be done changes: in the background, in batches, resumable."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from courses import tasks
from courses.models import Course, Enrolment, ProgressRecount
from courses.services.counting import count_people, counting_lessons

BATCH = 200
#: A recount untouched for so long lost its worker.
PATIENCE = timedelta(minutes=2)


def restructure(*, course: Course, now: datetime) -> None:
    """Called under the course's lock after its lessons changed: numbers the change and has progress counted again.

    One recount of a course is open at a time; a change while it runs makes it begin anew.
    """
    course.structure += 1
    course.required_total = counting_lessons(course.pk).count()
    course.save(update_fields=["structure", "required_total"])
    people = Enrolment.objects.filter(course=course).inside().count()
    if not people:
        return
    recount, _made = ProgressRecount.objects.update_or_create(
        course=course,
        finished_at=None,
        defaults={"structure": course.structure, "total": people, "done": 0, "touched_at": now},
        create_defaults={"structure": course.structure, "total": people, "started_at": now, "touched_at": now},
    )
    # If the broker cannot be reached the sweep finds the row.
    transaction.on_commit(partial(tasks.recount_progress.delay, str(recount.pk)), robust=True)


def work_on(*, recount_id: UUID, now: datetime) -> int:
    """Counts batch after batch until nobody is left; returns how many people. Two workers share the work."""
    people = 0
    while (batch := _next_batch(recount_id, now)) is not None:
        people += batch
    return people


def tend_recounts(*, now: datetime) -> int:
    """Starts recounts again whose worker was lost; returns how many."""
    lost = ProgressRecount.objects.filter(finished_at=None, touched_at__lt=now - PATIENCE)
    ids = list(lost.values_list("pk", flat=True)[:100])
    for recount_id in ids:
        tasks.recount_progress.delay(str(recount_id))
    return len(ids)


def _next_batch(recount_id: UUID, now: datetime) -> int | None:
    """One batch in one transaction; None when there is nothing left to do, or another worker is at it."""
    with transaction.atomic():
        recount = (
            ProgressRecount.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("course")
            .filter(pk=recount_id, finished_at=None)
            .first()
        )
        if recount is None:
            return None
        behind = Enrolment.objects.filter(course=recount.course_id).inside()
        behind = behind.filter(Q(progress__isnull=True) | Q(progress__structure__lt=recount.structure))
        ids = list(behind.order_by("pk").values_list("pk", flat=True)[:BATCH])
        recount.touched_at = now
        if not ids:
            recount.done, recount.finished_at = recount.total, now
            recount.save(update_fields=["touched_at", "done", "finished_at"])
            return None
        rows = list(Enrolment.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
        count_people(course=recount.course, enrolments=rows, now=now)
        recount.done = min(recount.total, recount.done + len(rows))
        recount.save(update_fields=["touched_at", "done"])
        return len(rows)
