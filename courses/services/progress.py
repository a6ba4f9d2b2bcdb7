"""What a person does in a lesson: opening it, spending time, finishing. Progress only grows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from courses.enums import CompletionRule, CourseState, LessonState
from courses.models import CourseProgress, Enrolment, Lesson, LessonProgress, ModulePrerequisite
from courses.services.checks import CourseError
from courses.services.counting import count_people

MOST_SECONDS = 2**31 - 1


def open_lesson(*, lesson: Lesson, student: User, now: datetime) -> LessonProgress:
    """Notes that a person in the course opened a lesson: where they carry on, and from when its time counts.

    Raises CourseError: not_enrolled, course_closed, lesson_locked, lesson_not_yet.
    """
    with transaction.atomic():
        enrolment = _lock_enrolment(lesson, student)
        _require_open(lesson, enrolment, now)
        progress = _begun(enrolment, lesson, now)
        CourseProgress.objects.filter(pk=enrolment.pk).update(last_lesson=lesson, last_at=now)
    return progress


def note_time(*, lesson: Lesson, student: User, seconds: Any, video_at: Any = None, now: datetime) -> LessonProgress:
    """Keeps the most seconds that any device told, no more than have passed since the lesson was opened, and where the
    video stands. A lesson that is done by time is done when there are enough. Raises CourseError, also: bad_seconds."""
    told, place = _whole(seconds), None if video_at is None else _whole(video_at)
    with transaction.atomic():
        enrolment = _lock_enrolment(lesson, student)
        _require_open(lesson, enrolment, now)
        progress = _begun(enrolment, lesson, now)
        passed = max(0, int((now - progress.begun_at).total_seconds()))
        progress.seconds = max(progress.seconds, min(told, passed))
        progress.video_at = progress.video_at if place is None else place
        progress.save(update_fields=["seconds", "video_at"])
        if lesson.completion == CompletionRule.TIME and progress.seconds >= lesson.seconds_needed:
            _finish(enrolment, progress, now)
    return progress


def finish_lesson(*, lesson: Lesson, student: User, now: datetime) -> LessonProgress:
    """The person says that they are done. Doing it again changes nothing.

    Raises CourseError: not_enrolled, course_closed, lesson_locked, lesson_not_yet, time_missing, done_elsewhere.
    """
    with transaction.atomic():
        enrolment = _lock_enrolment(lesson, student)
        _require_open(lesson, enrolment, now)
        progress = _begun(enrolment, lesson, now)
        if progress.state < LessonState.DONE:
            _require_rule(lesson, progress)
            _finish(enrolment, progress, now)
    return progress


def complete_target(*, kind: str, target: UUID, student: User, passed: bool, now: datetime) -> list[LessonProgress]:
    """A higher app says that `student` handed in the thing `target` (an exam, a project, an external assessment), and
    whether it is passed by now. Completes every lesson that leads to it and asks for no more; returns those.

    May be called any number of times, and for people or things that no lesson knows. Never raises for them. In a course
    that is archived nothing is counted, as its pages say; once it is out again the sweeps of the higher apps find what
    was handed in meanwhile (`undone_targets`).
    """
    lessons = Lesson.objects.published().filter(kind=kind, target=target, module__course__state=CourseState.PUBLISHED)
    lessons = lessons.select_related("module")
    done = []
    for lesson in lessons.order_by("pk"):
        if lesson.completion == CompletionRule.PASSED and not passed:
            continue
        with transaction.atomic():
            enrolment = _locked(lesson, student)
            if enrolment is None or not enrolment.is_inside:
                continue
            progress = _begun(enrolment, lesson, now)
            if progress.state < LessonState.DONE:
                _finish(enrolment, progress, now)
            done.append(progress)
    return done


# --- Inside ----------------------------------------------------------------------------------------------------------
def _locked(lesson: Lesson, student: User) -> Enrolment | None:
    """The enrolment with its row locked: everything that a person does in a course happens one after the other."""
    rows = Enrolment.objects.select_for_update(of=("self",), no_key=True).select_related("course")
    found: Enrolment | None = rows.filter(course=lesson.module.course_id, student=student).first()
    return found


def _lock_enrolment(lesson: Lesson, student: User) -> Enrolment:
    enrolment = _locked(lesson, student)
    if enrolment is None or not enrolment.is_inside:
        raise CourseError(_("You are not in this course. Enrol first."), "not_enrolled")
    return enrolment


def _require_open(lesson: Lesson, enrolment: Enrolment, now: datetime) -> None:
    if enrolment.course.state != CourseState.PUBLISHED:
        raise CourseError(
            _("This course is closed. You can still read it; nothing is counted any more."), "course_closed"
        )
    moments = (lesson.unlock_at, lesson.module.unlock_at)
    if lesson.current_id is None or any(moment and moment > now for moment in moments):
        raise CourseError(_("This lesson is not open yet."), "lesson_not_yet")
    if _is_locked(lesson, enrolment):
        raise CourseError(_("Something has to be done before this lesson."), "lesson_locked")


def _is_locked(lesson: Lesson, enrolment: Enrolment) -> bool:
    """Whether a lesson that counts is left in a module that comes before this one."""
    required = ModulePrerequisite.objects.filter(module=lesson.module_id).values("required")
    done = LessonProgress.objects.filter(enrolment=enrolment, state=LessonState.DONE).values("lesson")
    return bool(Lesson.objects.counting().filter(module__in=required).exclude(pk__in=done).exists())


def _begun(enrolment: Enrolment, lesson: Lesson, now: datetime) -> LessonProgress:
    progress, _made = LessonProgress.objects.get_or_create(
        enrolment=enrolment, lesson=lesson, defaults={"begun_at": now}
    )
    return progress


def _require_rule(lesson: Lesson, progress: LessonProgress) -> None:
    if lesson.completion == CompletionRule.TIME and progress.seconds < lesson.seconds_needed:
        left = -(-(lesson.seconds_needed - progress.seconds) // 60)
        raise CourseError(_("Stay with this lesson for %d min more.") % left, "time_missing")
    if lesson.completion == CompletionRule.PASSED:
        raise CourseError(_("This lesson is done when you have passed what it leads to."), "done_elsewhere")
    if lesson.completion == CompletionRule.SUBMITTED:
        raise CourseError(_("This lesson is done when you have handed in what it leads to."), "done_elsewhere")


def _finish(enrolment: Enrolment, progress: LessonProgress, now: datetime) -> None:
    progress.state, progress.done_at = LessonState.DONE, progress.done_at or now
    progress.save(update_fields=["state", "done_at"])
    count_people(course=enrolment.course, enrolments=[enrolment], now=now)


def _whole(seconds: Any) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= MOST_SECONDS:
        raise CourseError(_("“seconds” must be a whole number from 0."), "bad_seconds")
    return seconds
