"""What becomes of a project between its student and its teachers: taken back, or given back for revision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Submission
from assessments.services.submissions import allow_revision, withdraw_submission
from common.errors import DomainError
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.project_page import UNTOUCHED
from evaluations.services import links
from evaluations.services.assignment_news import tell_withdrawn
from evaluations.services.concluding import move_audited
from evaluations.services.transitions import lock_evaluation
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def withdraw_work(*, submission: Submission, actor: User, now: datetime) -> None:
    """The student takes their work back, to hand in something else, while nobody has taken it up.

    Raises DomainError: taken_up, not_handed_in.
    """
    with transaction.atomic():
        record = Evaluation.objects.records().filter(attempt=submission.attempt_id).first()
        if record is not None:
            locked = lock_evaluation(record.pk)
            if not is_untouched(locked):
                message = _("A teacher has taken your work up. It can no longer be replaced.")
                raise DomainError(message, "taken_up")
            let_go = {"claimed_at": None, "lease_until": None}
            reason = _("Taken back by the student.")
            move_audited(locked, "close", ("state",), actor=actor, now=now, reason=reason, changes=let_go)
            tell_withdrawn(locked, now)
        withdraw_submission(submission=submission, actor=actor, now=now)


def is_untouched(record: Evaluation) -> bool:
    """Whether the work may still be replaced."""
    if record.state not in UNTOUCHED or record.active_seconds:
        return False
    return not QuestionMark.objects.filter(evaluation=record).exists()


def ask_revision(*, record: Evaluation, reason: str, cause: UUID, now: datetime) -> None:
    """Of a locked record that has just been returned: its student may hand in anew, and is told why. The marks that
    were given stay with it. Raises DomainError no_revision_left."""
    allow_revision(attempt_id=record.attempt_id)
    student = record.attempt.student
    with translation.override(student.language):
        title = _("%(project)s: back for revision") % {"project": record.attempt.exam.title}
    notify(
        user=student,
        kind=NotificationKind.WORK_RETURNED,
        cause=f"transition:{cause}",
        title=title,
        body=reason,
        url=links.project_url(record.attempt.exam_id),
        now=now,
    )
