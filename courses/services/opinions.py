"""What students note for themselves beside a lesson, and what they say of a course."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import ConflictError, NotPermittedError
from courses.enums import ReviewState
from courses.models import Course, CourseReview, Enrolment, Lesson, LessonNote
from courses.services.checks import CourseError

MOST_NOTES = 20_000
MOST_REVIEW = 2_000
#: Who has seen less of a course does not judge it yet.
REVIEW_PERCENT = 20


def save_note(*, lesson: Lesson, text: str, seen: int, student: User, now: datetime) -> LessonNote:
    """Keeps the person's notes. `seen` is the version this tab last had, 0 for none.

    Raises ConflictError with `version` and `text` as they are kept by now, and CourseError too_long.
    """
    kept = text.replace("\x00", "")
    if len(kept) > MOST_NOTES:
        raise CourseError(_("Notes have at most %d characters.") % MOST_NOTES, "too_long")
    try:
        with transaction.atomic():
            mine = LessonNote.objects.select_for_update(of=("self",)).filter(lesson=lesson, student=student)
            stored: LessonNote | None = mine.first()
            if stored is None:
                return LessonNote.objects.create(lesson=lesson, student=student, text=kept, updated_at=now)
            if stored.text == kept:
                return stored
            if stored.version != seen:
                raise _stale(stored)
            stored.text, stored.version, stored.updated_at = kept, seen + 1, now
            stored.save(update_fields=["text", "version", "updated_at"])
            return stored
    except IntegrityError as error:
        # Another tab was first.
        raise _stale(LessonNote.objects.get(lesson=lesson, student=student)) from error


def review_course(*, course: Course, stars: int, text: str, student: User, now: datetime) -> CourseReview:
    """What the person says of the course: their one review, read by staff before others see it, also when it changes.

    Raises CourseError: too_early (before 20 % of the course), stars_invalid, too_long.
    """
    kept = text.replace("\x00", "").strip()
    if not 1 <= stars <= 5:
        raise CourseError(_("Give 1 to 5 stars."), "stars_invalid")
    if len(kept) > MOST_REVIEW:
        raise CourseError(_("A review has at most %d characters.") % MOST_REVIEW, "too_long")
    mine = Enrolment.objects.filter(course=course, student=student).inside()
    if not mine.filter(progress__percent__gte=REVIEW_PERCENT).exists():
        raise CourseError(_("Do %d %% of the course first.") % REVIEW_PERCENT, "too_early")
    with transaction.atomic():
        review, _made = CourseReview.objects.update_or_create(
            course=course,
            student=student,
            defaults={"stars": stars, "text": kept, "state": ReviewState.WAITING, "updated_at": now},
            create_defaults={"stars": stars, "text": kept, "created_at": now, "updated_at": now},
        )
    return review


def moderate_review(*, review: CourseReview, show: bool, actor: User, now: datetime) -> CourseReview:
    """Staff show a review or hide it."""
    if not actor.has_perm("courses.moderate_review", review):
        raise NotPermittedError(_("Only staff read reviews before they are shown."), "not_permitted")
    with transaction.atomic():
        locked: CourseReview = CourseReview.objects.select_for_update().get(pk=review.pk)
        before, locked.state = locked.state, ReviewState.SHOWN if show else ReviewState.HIDDEN
        if before != locked.state:
            locked.moderated_by = actor
            locked.save(update_fields=["state", "moderated_by"])
            record_event(
                actor=actor, action="review.moderated", obj=locked, before={"state": before},
                after={"state": locked.state}, now=now,
            )  # fmt: skip
    return locked


def _stale(stored: LessonNote) -> ConflictError:
    said = _("These notes were changed in another place.")
    return ConflictError(said, "note_stale", version=stored.version, text=stored.text)
