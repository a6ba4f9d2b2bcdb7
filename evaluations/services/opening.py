"""From a handed-in attempt to an evaluation in the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessments.enums import AttemptState, MarkingMode, UploadState
from assessments.models import Attempt, SheetPage, Submission
from assessments.services.submissions import is_empty, late_marks
from common.errors import DomainError
from common.templatetags.ui_times import clock_text
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation
from evaluations.services import links
from evaluations.services.assignment import assign_evaluation, assign_shares
from evaluations.services.policies import choose_policy, promised_at, rung_moments
from evaluations.services.sharing import divide
from evaluations.services.transitions import record_opening
from evaluations.services.workload import attempt_work
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

log = structlog.get_logger(__name__)

# What was handed in longer ago and has no evaluation is not a dropped delivery any more.
SWEEP_WINDOW = timedelta(days=30)
BATCH = 200


def open_evaluation(*, attempt_id: UUID, now: datetime) -> Evaluation | None:
    """Puts a handed-in attempt into the queue and tries to give it to a teacher. Repeatable.

    Returns the evaluation, or None when there is nothing to mark by hand: a rehearsal, not handed in, no verified
    page, or no marks for written answers. The promise starts at the moment of handing in.
    """
    attempt = Attempt.objects.select_related("exam", "paper", "student").filter(pk=attempt_id).first()
    if attempt is None or attempt.exam.is_rehearsal:
        return None
    if attempt.state != AttemptState.HANDED_IN or attempt.handed_in_at is None:
        return None
    if attempt.paper.written_marks <= 0 or not _has_work(attempt):
        return None
    with transaction.atomic():
        evaluation, created = _queue(attempt, now)
        shares = divide(record=evaluation, now=now) if created and _is_shared(attempt) else []
    if shares:
        assign_shares(shares=shares, now=now)
    elif created:
        try:
            assign_evaluation(evaluation=evaluation, now=now)
        except DomainError as error:
            # Somebody pulled it between the two transactions; the sweep finds it if nobody did.
            log.info("evaluation_not_assigned", evaluation=str(evaluation.pk), code=error.code)
        evaluation.refresh_from_db()
    return evaluation


def open_missing_evaluations(*, now: datetime) -> int:
    """Opens what a lost delivery left unopened. Returns how many."""
    pages = SheetPage.objects.filter(upload__attempt=OuterRef("pk"), upload__state=UploadState.VERIFIED)
    links = Submission.objects.filter(attempt=OuterRef("pk")).exclude(link="")
    missing = Attempt.objects.counted().filter(
        Exists(pages) | Exists(links),
        ~Exists(Evaluation.objects.records().filter(attempt=OuterRef("pk"))),
        state=AttemptState.HANDED_IN,
        handed_in_at__gte=now - SWEEP_WINDOW,
        paper__written_marks__gt=0,
    )
    opened = 0
    for attempt_id in list(missing.order_by("handed_in_at").values_list("pk", flat=True)[:BATCH]):
        try:
            opened += open_evaluation(attempt_id=attempt_id, now=now) is not None
        except DomainError as error:
            log.error("evaluation_not_opened", attempt=str(attempt_id), code=error.code, message=error.message)
    return opened


def _is_shared(attempt: Attempt) -> bool:
    return attempt.exam.marking == MarkingMode.BY_QUESTION


def _has_work(attempt: Attempt) -> bool:
    """A page has arrived, or the link of a project."""
    pages = SheetPage.objects.filter(upload__attempt=attempt, upload__state=UploadState.VERIFIED)
    return pages.exists() or (attempt.exam.is_project and not is_empty(attempt))


def _queue(attempt: Attempt, now: datetime) -> tuple[Evaluation, bool]:
    known = Evaluation.objects.records().filter(attempt=attempt).first()
    if known is not None:
        return known, False
    assert attempt.handed_in_at is not None
    policy = choose_policy(student=attempt.student, now=attempt.handed_in_at)
    due_at = promised_at(policy=policy, submitted_at=attempt.handed_in_at)
    half_at, most_at = rung_moments(policy=policy, submitted_at=attempt.handed_in_at, due_at=due_at)
    # The constraint decides between two that open at the same moment; get_or_create returns the winner's.
    evaluation, created = Evaluation.objects.get_or_create(
        attempt=attempt,
        role=EvaluationRole.RECORD,
        defaults={
            "policy": policy,
            "submitted_at": attempt.handed_in_at,
            "due_at": due_at,
            "half_at": half_at,
            "most_at": most_at,
            "remind_at": half_at,
            "max_marks": attempt.paper.total_marks,
            "late_marks": late_marks(attempt),
            "work": attempt_work(attempt),
        },
    )
    if created:
        record_opening(evaluation, now=now)
        _tell_student(evaluation, now)
    return evaluation, created


def _tell_student(evaluation: Evaluation, now: datetime) -> None:
    attempt = evaluation.attempt
    due = timezone.localtime(evaluation.due_at, timezone.get_default_timezone())
    with translation.override(attempt.student.language):
        said = (
            _("%(exam)s: your work is with us") if attempt.exam.is_project else _("%(exam)s: your sheets are with us")
        )
        title = said % {"exam": attempt.exam.title}
        day, clock = date_format(due, "D j M"), clock_text(due)
        body = _("You get it back, marked, by %(day)s, %(clock)s.") % {"day": day, "clock": clock}
    notify(
        user=attempt.student,
        kind=NotificationKind.PAPER_RECEIVED,
        cause=f"attempt:{attempt.pk}",
        title=title,
        body=body,
        url=links.result_url(attempt.pk),
        now=now,
    )
