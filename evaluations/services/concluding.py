"""The last steps of a paper, whoever made it whole: its totals, and the way back to the student."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ReleasePolicy, RevealItem
from assessments.selectors.reveal import shown_by_exam
from common.templatetags.ui import marks
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, Transition
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.totals import settled_total
from evaluations.services import links
from evaluations.services.breaches import flag_if_late
from evaluations.services.corrections import family_of, note_changes_since_reopening, tell_of_changes
from evaluations.services.marked_papers import ask_after_release
from evaluations.services.measuring import learn_speed
from evaluations.services.transitions import move
from evaluations.services.webhook_data import released_data
from evaluations.services.written_marks import note_released, objective_marks
from notifications.enums import NotificationKind, WebhookType
from notifications.services.inbox import notify
from notifications.services.webhooks import record_webhook

# Names of the audit trail.
ACTIONS = {
    "finalise": "evaluation.finalised",
    "gather": "evaluation.gathered",
    "hold": "evaluation.held",
    "moderate": "evaluation.to_moderate",
    "settle": "evaluation.settled",
    "close": "evaluation.closed",
    "return": "evaluation.returned",
    "reopen": "evaluation.reopened",
    "release": "evaluation.released",
}


def conclude(
    evaluation: Evaluation, name: str, written: Decimal, actor: User | None, now: datetime, reason: str = ""
) -> None:
    """Fixes the totals of a locked evaluation; a record goes back to its student where the exam says so."""
    is_record = evaluation.role == EvaluationRole.RECORD
    # Read under the lock: a corrected key may have changed them while this waited for it.
    objective = objective_marks(evaluation) if is_record else Decimal(0)
    changes = {
        "written_marks": written,
        "total_marks": settled_total(objective, written, evaluation.late_marks),
        # The promise is kept or missed by the first finish; a correction later does not move it.
        "finalised_at": evaluation.finalised_at or now,
        "claimed_at": None,
        "lease_until": None,
    }
    watched = ("written_marks", "total_marks")
    move_audited(evaluation, name, watched, actor=actor, now=now, reason=reason, changes=changes)
    if is_record and evaluation.attempt.exam.release == ReleasePolicy.WHEN_MARKED:
        give_back(evaluation, None, now)


def finish_held(record: Evaluation, actor: User | None, reason: str, now: datetime) -> None:
    """Finishes a locked record that waited, with its marks as they are now."""
    flag_if_late(evaluation=record, now=now)
    is_first = record.finalised_at is None
    conclude(record, "settle", marking_progress(record).total, actor, now, reason=reason)
    if is_first and record.teacher is not None and not record.is_shared:
        learn_speed(evaluation=record, teacher=record.teacher, now=now)


def move_audited(
    evaluation: Evaluation,
    name: str,
    watched: tuple[str, ...],
    *,
    actor: User | None,
    now: datetime,
    reason: str = "",
    changes: dict[str, Any] | None = None,
) -> Transition:
    """Makes the transition `name` and puts the `watched` fields, before and after, into the audit trail."""
    before = {field: getattr(evaluation, field) for field in watched}
    made = move(evaluation, name, actor=actor, now=now, reason=reason, changes=changes)
    after = {field: getattr(evaluation, field) for field in watched}
    record_event(actor=actor, action=ACTIONS[name], obj=evaluation, before=before, after=after, reason=reason, now=now)
    return made


def give_back(evaluation: Evaluation, actor: User | None, now: datetime) -> None:
    """Releases a locked record and tells the family. Raises TransitionError unless finalised."""
    was_back, released_at = evaluation.released_at is not None, evaluation.released_at or now
    changes = {"released_at": released_at}
    made = move_audited(evaluation, "release", ("total_marks",), actor=actor, now=now, changes=changes)
    changes_seen = note_changes_since_reopening(record=evaluation, actor=actor, now=now) if was_back else []
    note_released(evaluation)
    ask_after_release(evaluation=evaluation, now=now)
    sent = partial(released_data, evaluation)
    record_webhook(type=WebhookType.EVALUATION_RELEASED, cause=str(made.pk), data=sent, now=now)
    if changes_seen:
        tell_of_changes(evaluation, changes_seen, cause=f"transition:{made.pk}", now=now)
    else:
        _tell_family(evaluation, made, now)


def _tell_family(evaluation: Evaluation, made: Transition, now: datetime) -> None:
    attempt = evaluation.attempt
    shows_marks = RevealItem.MARKS in shown_by_exam([attempt.exam], now)[attempt.exam_id]
    for reader in family_of(attempt):
        with translation.override(reader.language):
            title, body = _returned_news(evaluation, reader, shows_marks)
        notify(
            user=reader,
            kind=NotificationKind.PAPER_RETURNED,
            cause=f"transition:{made.pk}",
            title=title,
            body=body,
            url=links.result_url(attempt.pk),
            now=now,
        )


def _returned_news(evaluation: Evaluation, reader: User, shows_marks: bool) -> tuple[str, str]:
    """Title and body, in the language that is active."""
    attempt = evaluation.attempt
    names = {"exam": attempt.exam.title, "name": attempt.student.name}
    own = reader.pk == attempt.student_id
    title = (_("%(exam)s: your paper is back") if own else _("%(exam)s: %(name)s's paper is back")) % names
    if not shows_marks:
        return title, _("It is marked. The paper itself says when the marks appear.")
    won = {"won": marks(evaluation.total_marks or Decimal(0)), "most": marks(evaluation.max_marks)}
    return title, _("%(won)s of %(most)s marks.") % won
