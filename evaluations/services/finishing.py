"""The end of marking: final totals, the way back to the student, and what can still be corrected."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ReleasePolicy, RevealItem
from assessments.selectors.reveal import shown_by_exam
from common.errors import DomainError
from common.templatetags.ui import marks
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, Transition
from evaluations.selectors.progress import marking_progress
from evaluations.services import links
from evaluations.services.breaches import flag_if_late
from evaluations.services.claims import lock_claimed
from evaluations.services.corrections import family_of, note_changes_since_reopening, tell_of_changes
from evaluations.services.marked_papers import ask_after_release
from evaluations.services.measuring import learn_speed
from evaluations.services.pictures import require_no_open_picture, withdraw_open_pictures
from evaluations.services.sharing import close_shares, gather, main_marker
from evaluations.services.transitions import lock_evaluation, lock_with_record, move
from evaluations.services.webhook_data import released_data
from evaluations.services.written_marks import note_released, objective_marks
from notifications.enums import NotificationKind, WebhookType
from notifications.services.inbox import notify
from notifications.services.webhooks import record_webhook

# Names of the audit trail.
ACTIONS = {
    "finalise": "evaluation.finalised",
    "gather": "evaluation.gathered",
    "return": "evaluation.returned",
    "reopen": "evaluation.reopened",
    "release": "evaluation.released",
}


class UnfinishedError(DomainError):
    """Written questions without a mark; `numbers` in the details lists them."""


def finalise_evaluation(*, evaluation: Evaluation, actor: User, now: datetime) -> Evaluation:
    """Fixes the totals; with an exam that releases when marked, the paper goes back to the student at once. A share
    goes over to its record, and the last one finishes that.

    Numbers declared not attempted count 0. Raises UnfinishedError while others have no mark, PictureOpenError while a
    clearer picture is asked for, ClaimError unless `actor` holds the claim.
    """
    with transaction.atomic():
        lock_with_record(evaluation)
        locked = lock_claimed(evaluation.pk, actor)
        require_no_open_picture(locked)
        if locked.role == EvaluationRole.REMARK:
            raise DomainError("Say for each step what you decide, then the re-mark is finished.", "decision_needed")
        progress = marking_progress(locked)
        if progress.missing:
            raise UnfinishedError(_unmarked(progress.missing), "unmarked", numbers=progress.missing)
        flag_if_late(evaluation=locked, now=now)
        is_first = locked.finalised_at is None
        _conclude(locked, "finalise", progress.total, actor, now)
        if is_first:
            learn_speed(evaluation=locked, teacher=actor, now=now)
        if locked.role == EvaluationRole.SHARE and (record := gather(share=locked, now=now)) is not None:
            flag_if_late(evaluation=record, now=now)
            _conclude(record, "gather", marking_progress(record).total, actor, now)
    return locked


def _conclude(evaluation: Evaluation, name: str, written: Decimal, actor: User, now: datetime) -> None:
    """Fixes the totals of a locked evaluation; a record goes back to its student where the exam says so."""
    is_record = evaluation.role == EvaluationRole.RECORD
    # Read under the lock: a corrected key may have changed them while this waited for it.
    objective = objective_marks(evaluation) if is_record else Decimal(0)
    changes = {
        "written_marks": written,
        "total_marks": objective + written,
        # The promise is kept or missed by the first finish; a correction later does not move it.
        "finalised_at": evaluation.finalised_at or now,
        "claimed_at": None,
        "lease_until": None,
    }
    _move_audited(evaluation, name, ("written_marks", "total_marks"), actor=actor, now=now, changes=changes)
    if is_record and evaluation.attempt.exam.release == ReleasePolicy.WHEN_MARKED:
        _release(evaluation, None, now)


def release_evaluation(*, evaluation: Evaluation, actor: User | None, now: datetime) -> Evaluation:
    """Gives the marked paper back and tells the student and the guardians. Raises TransitionError unless finalised."""
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.role != EvaluationRole.RECORD:
            raise DomainError("Only the whole paper goes back to the student.", "not_the_record")
        _release(locked, actor, now)
    return locked


def return_evaluation(*, evaluation: Evaluation, actor: User, reason: str, now: datetime) -> Evaluation:
    """Sends a paper that cannot be read back to the student, saying why. For the teacher it is with, or staff."""
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk) if actor.is_staff else lock_claimed(evaluation.pk, actor)
        if locked.role != EvaluationRole.RECORD:
            raise DomainError(
                "Others mark questions of this paper too. Ask for a clearer picture, or tell the staff.", "shared"
            )
        withdraw_open_pictures(locked, actor=actor, now=now)
        for share in close_shares(record=locked, actor=actor, reason=reason, now=now):
            withdraw_open_pictures(share, actor=actor, now=now)
        flag_if_late(evaluation=locked, now=now)
        let_go = {"claimed_at": None, "lease_until": None}
        made = _move_audited(locked, "return", ("state",), actor=actor, now=now, reason=reason, changes=let_go)
        with translation.override(locked.attempt.student.language):
            title = _("%(exam)s: some pages cannot be read") % {"exam": locked.attempt.exam.title}
        notify(
            user=locked.attempt.student,
            kind=NotificationKind.PAPER_UNREADABLE,
            cause=f"transition:{made.pk}",
            title=title,
            body=reason,
            url=links.result_url(locked.attempt_id),
            now=now,
        )
    return locked


def reopen_evaluation(*, evaluation: Evaluation, actor: User, reason: str, now: datetime) -> Evaluation:
    """Opens a marked paper for correction: it goes back to its teacher, marks kept, and the student stops seeing it
    until it is finalised again. Audited. Raises TransitionError unless finalised or released, or without a reason."""
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.role != EvaluationRole.RECORD:
            raise DomainError("Open the whole paper again, not a part of it.", "not_the_record")
        # Of a paper that several teachers marked the one who marked most of it has it from now on.
        changes = {"teacher": locked.teacher or main_marker(locked), "is_shared": False} if locked.is_shared else {}
        made = _move_audited(
            locked, "reopen", ("state", "total_marks"), actor=actor, now=now, reason=reason, changes=changes
        )
        assert locked.teacher is not None
        with translation.override(locked.teacher.language):
            title = _("Opened again for correction: %(exam)s") % {"exam": locked.attempt.exam.title}
        notify(
            user=locked.teacher,
            kind=NotificationKind.PAPER_ASSIGNED,
            cause=f"transition:{made.pk}",
            title=title,
            body=reason,
            url=links.desk_url(locked.pk),
            now=now,
        )
    return locked


def _move_audited(
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


def _release(evaluation: Evaluation, actor: User | None, now: datetime) -> None:
    was_back, released_at = evaluation.released_at is not None, evaluation.released_at or now
    changes = {"released_at": released_at}
    made = _move_audited(evaluation, "release", ("total_marks",), actor=actor, now=now, changes=changes)
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


def _unmarked(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Question {numbers[0]} has no mark yet."
    return f"Questions {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} have no mark yet."
