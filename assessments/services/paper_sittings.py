"""Exams written with a pen in a hall: the attempt of a student who never opened the exam page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.entitlements import consume_entitlement
from assessments.enums import AttemptState, ScanReason, SubmitReason
from assessments.models import Attempt, Exam
from assessments.selectors.accommodations import own_terms
from assessments.services.attempts import begin_attempt
from assessments.services.submission import finish_writing
from common.errors import DomainError

#: How long the sheets of a hall may come; after that what is here is handed in.
SHEETS_MAY_COME = timedelta(days=7)


class NotBegunError(DomainError):
    """A student without an attempt who cannot be given one now; `reason` is a ScanReason."""

    def __init__(self, message: str, reason: ScanReason) -> None:
        super().__init__(message, str(reason))
        self.reason = reason


def sit_on_paper(*, exam: Exam, student: User, starts_all: bool, actor: User, now: datetime) -> Attempt:
    """The attempt of `student` at `exam`; where there is none, one that was written on paper and is submitted.

    It uses up an exam of the plan and takes sheets for SHEETS_MAY_COME. `exam` with its paper. Questions answered on
    the screen count as not answered, so that a paper with some needs `starts_all`. Locks the student's row, as
    start_attempt does. Raises NotBegunError.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=student.pk)
        known = attempt_at(exam, student)
        if known is not None:
            return known
        _require_paper(exam, starts_all=starts_all, now=now)
        try:
            if exam.uses_plan:
                consume_entitlement(user=student, feature=Feature.EXAM_ATTEMPT, now=now)
        except DomainError as error:
            raise NotBegunError(error.message, ScanReason.NO_START) from error
        terms = own_terms(student=student, now=now).of(exam)
        # It was over when the hall was, and it is over by now.
        ends_at = min(terms.opens_at + terms.duration + terms.extra, now)
        started_at = ends_at - terms.duration - terms.extra
        assert exam.paper is not None
        attempt = begin_attempt(
            exam=exam,
            student=student,
            paper=exam.paper,
            times=(started_at, ends_at, now + SHEETS_MAY_COME),
            extra=terms.extra,
            now=now,
        )
        finish_writing(attempt, now=now)
        after = {"state": attempt.state, "submit_reason": SubmitReason(attempt.submit_reason).value}
        record_event(actor=actor, action="attempt.sat_on_paper", obj=attempt, after=after, now=now)
    return attempt


def attempt_at(exam: Exam, student: User) -> Attempt | None:
    """The latest attempt that counts."""
    rows = Attempt.objects.filter(exam=exam, student=student).exclude(state=AttemptState.CANCELLED)
    return rows.order_by("-id").first()


def _require_paper(exam: Exam, *, starts_all: bool, now: datetime) -> None:
    if exam.paper is None:
        message = _("Each student of this exam draws a paper of their own, so it cannot be sat on paper alone.")
        raise NotBegunError(message, ScanReason.NO_START)
    if not exam.paper.written_marks:
        raise NotBegunError(str(ScanReason.NO_SHEETS.label), ScanReason.NO_SHEETS)
    if now < exam.opens_at or not exam.is_published:
        message = _("This exam is not open yet, so nobody can have sat it.")
        raise NotBegunError(message, ScanReason.NO_START)
    if exam.paper.written_marks != exam.paper.total_marks and not starts_all:
        raise NotBegunError(str(ScanReason.NOT_BEGUN.label), ScanReason.NOT_BEGUN)
