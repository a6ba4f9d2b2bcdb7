"""The end of marking: final totals, the way back to the student, and what can still be corrected."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError
from evaluations.enums import PRACTICE_ROLES, EvaluationRole
from evaluations.models import Evaluation
from evaluations.selectors.progress import marking_progress
from evaluations.services import links
from evaluations.services.assignment import assign_shares
from evaluations.services.breaches import flag_if_late
from evaluations.services.claims import lock_claimed
from evaluations.services.concluding import conclude, give_back, move_audited
from evaluations.services.measuring import learn_speed, lock_profiles
from evaluations.services.pictures import require_no_open_picture, withdraw_open_pictures
from evaluations.services.practice import finish_practice
from evaluations.services.project_work import ask_revision
from evaluations.services.scheme_runs import open_looks
from evaluations.services.second_marking import open_second, plan_second, settle_second
from evaluations.services.seeding import plant_seed
from evaluations.services.sharing import close_shares, gather, main_marker
from evaluations.services.transitions import lock_evaluation, lock_with_record
from evaluations.services.watching import watch_marker
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


class UnfinishedError(DomainError):
    """Written questions without a mark; `numbers` in the details lists them."""


def finalise_evaluation(*, evaluation: Evaluation, actor: User, now: datetime) -> Evaluation:
    """Fixes the totals; with an exam that releases when marked, the paper goes back to the student at once. A share
    goes over to its record, and the last one finishes that. A paper that is to be marked twice waits for that instead.
    A practice paper is laid beside its reference, and nothing else.

    Numbers declared not attempted count 0. Raises UnfinishedError while others have no mark, PictureOpenError while a
    clearer picture is asked for, ClaimError unless `actor` holds the claim.
    """
    with transaction.atomic():
        if evaluation.role not in PRACTICE_ROLES:
            lock_with_record(evaluation)
        locked = lock_claimed(evaluation.pk, actor)
        require_no_open_picture(locked)
        if locked.role == EvaluationRole.REMARK:
            raise DomainError("Say for each step what you decide, then the re-mark is finished.", "decision_needed")
        progress = marking_progress(locked)
        if progress.missing:
            raise UnfinishedError(_unmarked(progress.missing), "unmarked", numbers=progress.missing)
        if locked.role in PRACTICE_ROLES:
            paper = finish_practice(evaluation=locked, written=progress.total, actor=actor, now=now)
            if paper.round_id is None:
                watch_marker(checks=paper.script.checks, teacher=actor, now=now)
            return locked
        if looks := list(open_looks(locked)):
            told = _("Question %s has a new step in its scheme. Look at it again, then finish.") % looks[0]
            raise UnfinishedError(told, "look_again", numbers=looks)
        flag_if_late(evaluation=locked, now=now)
        is_first = locked.finalised_at is None
        second = _finish(locked, progress.total, actor, now)
        if is_first:
            plant_seed(after=locked, teacher=actor, now=now)
    if second is not None:
        assign_shares(shares=[second], now=now)
    return locked


def _finish(locked: Evaluation, written: Decimal, actor: User, now: datetime) -> Evaluation | None:
    """By what the evaluation is for; returns a second marking that waits for a teacher, if one was opened."""
    is_first = locked.finalised_at is None
    if locked.role == EvaluationRole.RECORD:
        return _finish_record(locked, "finalise", written, actor, now)
    if locked.role == EvaluationRole.SECOND:
        # Two speeds are learnt from it; their rows are taken in one order, as assignment takes them.
        assert locked.record is not None
        lock_profiles({actor.pk, locked.record.teacher_id})
    conclude(locked, "finalise", written, actor, now)
    if is_first:
        learn_speed(evaluation=locked, teacher=actor, now=now)
    if locked.role == EvaluationRole.SECOND:
        settle_second(second=locked, actor=actor, now=now)
    elif locked.role == EvaluationRole.SHARE and (record := gather(share=locked, now=now)) is not None:
        flag_if_late(evaluation=record, now=now)
        return _finish_record(record, "gather", marking_progress(record).total, actor, now)
    return None


def _finish_record(record: Evaluation, name: str, written: Decimal, actor: User, now: datetime) -> Evaluation | None:
    """The record is concluded, or waits for its second marking, which is returned."""
    is_first = record.finalised_at is None
    plan = plan_second(record=record, written=written, now=now)
    if plan.is_wanted:
        return open_second(record=record, why=plan.note, actor=actor, now=now)
    conclude(record, name, written, actor, now, reason=plan.note)
    if is_first and name == "finalise":
        learn_speed(evaluation=record, teacher=actor, now=now)
    return None


def release_evaluation(*, evaluation: Evaluation, actor: User | None, now: datetime) -> Evaluation:
    """Gives the marked paper back and tells the student and the guardians. Raises TransitionError unless finalised."""
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.role != EvaluationRole.RECORD:
            raise DomainError("Only the whole paper goes back to the student.", "not_the_record")
        give_back(locked, actor, now)
    return locked


def return_evaluation(*, evaluation: Evaluation, actor: User, reason: str, now: datetime) -> Evaluation:
    """Sends a paper that cannot be read back to the student, saying why; a project for revision. For the teacher it
    is with, or staff."""
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
        made = move_audited(locked, "return", ("state",), actor=actor, now=now, reason=reason, changes=let_go)
        if locked.attempt.exam.is_project:
            ask_revision(record=locked, reason=reason, cause=made.pk, now=now)
            return locked
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
        made = move_audited(
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


def _unmarked(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Question {numbers[0]} has no mark yet."
    return f"Questions {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} have no mark yet."
