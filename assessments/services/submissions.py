"""Handing in a project: begun, filled with files or a link, handed in, replaced while nobody has taken it up.

A submission is an attempt without a clock: from its beginning it waits for sheets, and everything about files is theirs
(sheets, sheet_files). The evaluation that follows belongs to evaluations, which say when a submission may be replaced
and when there may be another one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import AttemptState, PageState, SubmitReason, UploadState
from assessments.models import Attempt, Exam, PageQuestion, Project, SheetPage, SheetUpload, Submission
from assessments.services.hand_in import hand_in
from assessments.services.late_work import marks_off
from assessments.services.project_links import checked_link
from assessments.services.submission import cancelled, lock_attempt, require_student
from common.errors import DomainError, NotPermittedError
from courses.models import Lesson
from courses.services.progress import open_lesson

#: So long after the due moment work is taken where the project names no end.
TAKEN_FOR = timedelta(days=365)
#: So long an address for sending a file works.
ON_THE_WAY = timedelta(minutes=15)


def last_moment(project: Project) -> datetime:
    """Until when work is taken."""
    return project.exam.closes_at or project.due_at + TAKEN_FOR


def begin_submission(*, project: Project, student: User, now: datetime) -> Submission:
    """The student's open submission, begun where there is none. Repeatable.

    Raises DomainError: not_for_you, project_closed, with_teacher (one is with the teachers or marked), and those of
    lessons: not_enrolled, lesson_locked, lesson_not_yet, course_closed.
    """
    exam = project.exam
    if not student.is_student or not Exam.objects.visible_to(student).filter(pk=exam.pk, is_published=True).exists():
        raise NotPermittedError(_("This project is not set for you."), "not_for_you")
    with transaction.atomic():
        # A double click or a second tab waits here and then finds the first one's.
        User.objects.select_for_update(no_key=True).get(pk=student.pk)
        latest = latest_submission(exam.pk, student)
        if latest is not None and latest.attempt.state == AttemptState.SUBMITTED:
            return latest
        if now >= last_moment(project):
            raise DomainError(_("Nothing is taken for this project any more."), "project_closed")
        lesson = Lesson.objects.select_related("module").get(pk=project.lesson_id)
        open_lesson(lesson=lesson, student=student, now=now)
        revises = None
        if latest is not None and latest.attempt.state == AttemptState.HANDED_IN:
            revises = _revised(latest)
        return _begin(project, student, latest, revises, now)


def latest_submission(exam_id: UUID, student: User) -> Submission | None:
    rows = Submission.objects.filter(attempt__exam=exam_id, attempt__student=student)
    return rows.select_related("attempt__exam", "attempt__paper").order_by("-number").first()


def set_link(*, submission: Submission, link: str, actor: User) -> Submission:
    """Keeps the link of an open submission, "" for none. Raises DomainError: bad_link, no_links, already_handed_in."""
    require_student(submission.attempt, actor)
    checked = checked_link(link)
    with transaction.atomic():
        attempt = _lock_open(submission)
        if checked and not attempt.exam.project.takes_link:
            raise DomainError(_("This project takes no link."), "no_links")
        submission.link = checked
        submission.save(update_fields=["link"])
    return submission


def hand_in_work(*, submission: Submission, actor: User, now: datetime) -> Submission:
    """Hands in what is there: every page that has arrived belongs to the task. Repeating it changes nothing.

    Raises DomainError: nothing_there, page_not_verified, page_failed, project_closed, attempt_cancelled.
    """
    require_student(submission.attempt, actor)
    with transaction.atomic():
        attempt = lock_attempt(submission.attempt_id)
        if attempt.state == AttemptState.HANDED_IN:
            return Submission.objects.select_related("attempt").get(pk=submission.pk)
        if attempt.state == AttemptState.CANCELLED:
            raise cancelled()
        if now >= attempt.sheets_due_at:
            raise DomainError(_("Nothing is taken for this project any more."), "project_closed")
        _require_arrived(attempt, now)
        pages = SheetPage.objects.filter(upload__attempt=attempt, upload__state=UploadState.VERIFIED)
        link = Submission.objects.values_list("link", flat=True).get(pk=submission.pk)
        if not link and not pages.exists():
            raise DomainError(_("Add a file or a link first."), "nothing_there")
        PageQuestion.objects.filter(page__upload__attempt=attempt).delete()
        PageQuestion.objects.bulk_create(PageQuestion(page=page, number=1) for page in pages)
        hand_in(attempt, late=UploadState.REMOVED, now=now)
    return Submission.objects.select_related("attempt").get(pk=submission.pk)


def late_marks(attempt: Attempt) -> Decimal | None:
    """What being late takes off; None of an exam, and of work that came in time."""
    if not attempt.exam.is_project:
        return None
    percent = Submission.objects.values_list("late_percent", flat=True).get(pk=attempt.pk)
    return marks_off(maximum=attempt.paper.total_marks, percent=percent) if percent else None


def is_empty(attempt: Attempt) -> bool:
    """Neither a file has arrived nor a link is kept."""
    arrived = SheetUpload.objects.filter(attempt=attempt, state=UploadState.VERIFIED)
    return not arrived.exists() and not Submission.objects.filter(pk=attempt.pk).exclude(link="").exists()


def withdraw_submission(*, submission: Submission, actor: User, now: datetime) -> None:
    """Takes back what nobody has taken up. Only evaluations know whether that is so: they call this. Audited."""
    require_student(submission.attempt, actor)
    with transaction.atomic():
        attempt = lock_attempt(submission.attempt_id)
        if attempt.state != AttemptState.HANDED_IN:
            raise DomainError(_("This is not handed in."), "not_handed_in")
        attempt.state = AttemptState.CANCELLED
        attempt.save(update_fields=["state"])
        record_event(actor=actor, action="project.withdrawn", obj=attempt, after={"state": attempt.state}, now=now)


def _revised(latest: Submission) -> Submission:
    """The submission that a new one revises. Whether it came back is written down by `allow_revision` alone."""
    if not latest.is_returned:
        raise DomainError(_("Your work is with the teachers, or marked already."), "with_teacher")
    return latest


def allow_revision(*, attempt_id: UUID) -> None:
    """Evaluations say that the work came back for revision: its student may hand in anew. Raises DomainError
    no_revision_left."""
    with transaction.atomic():
        attempt = lock_attempt(attempt_id)
        submission = Submission.objects.get(pk=attempt_id)
        returned = Submission.objects.filter(
            attempt__exam=attempt.exam_id, attempt__student=attempt.student_id, is_returned=True
        )
        if returned.exclude(pk=submission.pk).count() >= attempt.exam.project.revisions:
            message = _("This work has come back as often as the project allows. Mark it as it is.")
            raise DomainError(message, "no_revision_left")
        submission.is_returned = True
        submission.save(update_fields=["is_returned"])


def _begin(
    project: Project, student: User, latest: Submission | None, revises: Submission | None, now: datetime
) -> Submission:
    assert project.exam.paper is not None
    if revises is None and latest is not None:
        # Taken back: what is handed in instead revises what that did.
        revises = latest.revises
        Submission.objects.filter(pk=latest.pk).update(revises=None)
    attempt = Attempt.objects.create(
        exam=project.exam,
        paper=project.exam.paper,
        student=student,
        state=AttemptState.SUBMITTED,
        started_at=now,
        ends_at=now + timedelta(seconds=1),
        sheets_due_at=max(last_moment(project), now + timedelta(seconds=2)),
        submitted_at=now,
        submit_reason=SubmitReason.STUDENT,
        objective_marks=Decimal(0),
        objective_max=Decimal(0),
    )
    number = 1 + (latest.number if latest else 0)
    return Submission.objects.create(attempt=attempt, number=number, revises=revises)


def _lock_open(submission: Submission) -> Attempt:
    attempt = lock_attempt(submission.attempt_id)
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if attempt.state != AttemptState.SUBMITTED:
        raise DomainError(_("Your work is handed in. Nothing can be changed now."), "already_handed_in")
    return attempt


def _require_arrived(attempt: Attempt, now: datetime) -> None:
    # What was announced longer ago can no longer arrive by that announcement.
    on_the_way = SheetUpload.objects.filter(attempt=attempt, state=UploadState.INTENDED)
    if on_the_way.filter(intended_at__gt=now - ON_THE_WAY).exists():
        raise DomainError(_("A file is still on its way. Wait until it is sent, or take it out."), "page_not_verified")
    pages = SheetPage.objects.filter(upload__attempt=attempt, upload__state=UploadState.VERIFIED)
    if pages.filter(state=PageState.FAILED).exists():
        raise DomainError(_("A page cannot be read by us. Take it out and send it again."), "page_failed")
