"""Whether a teacher may mark an exam, as a person decides it: without practice, again, paused, going on. With a
reason."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from common.errors import ConflictError, DomainError
from evaluations.enums import CLEARED, StandingState
from evaluations.models import ExamChecks, MarkerStanding, PracticeRound
from evaluations.services.calibration_news import tell_goes_on, tell_paused
from evaluations.services.practice import change_standing, standing_of


class Decision(StrEnum):
    WAIVE = "waive"  # marks without having practised
    AGAIN = "again"  # as many rounds as at the beginning
    PAUSE = "pause"
    LIFT = "lift"


class StandingError(DomainError):
    """This cannot be decided of this teacher."""


def decide_standing(
    *, checks: ExamChecks, teacher: User, decision: Decision, reason: str, actor: User, now: datetime
) -> MarkerStanding:
    """Staff decide how a teacher goes on with an exam; audited, and the teacher is told. Papers that are not begun
    leave
    a paused teacher with the next scan (`rebalancing`). Raises StandingError without a reason, ConflictError where it
    is so already."""
    reason = reason.strip()
    if not reason or len(reason) > 300:
        raise StandingError(_("Give a reason, in at most 300 characters."), "reason_missing")
    with transaction.atomic():
        standing = lock_standing(checks, teacher, now)
        cause = f"standing:{standing.pk}:{now.isoformat()}"
        if decision == Decision.PAUSE:
            pause(standing, actor=actor, reason=reason, cause=cause, now=now)
            return standing
        changes = _changes(standing, decision, now)
        change_standing(standing, changes, actor=actor, reason=reason, now=now)
        if decision != Decision.AGAIN:
            tell_goes_on(checks, teacher, cause, now)
    return standing


def lock_standing(checks: ExamChecks, teacher: User, now: datetime) -> MarkerStanding:
    """The profile first, as assignment locks it: what is being given out to the teacher is given before the pause, or
    not at all."""
    if not TeacherProfile.objects.select_for_update(no_key=True).filter(user=teacher).exists():
        raise StandingError(_("This person is not a teacher."), "not_a_teacher")
    return standing_of(checks, teacher, now)


def pause(standing: MarkerStanding, *, actor: User | None, reason: str, cause: str, now: datetime) -> None:
    """A locked standing is paused: no new papers; what is begun stays. With practice papers a fresh set of rounds is
    open, and passing one ends the pause."""
    if standing.paused_at is not None:
        raise ConflictError(_("This teacher is paused already."), "paused_already")
    changes: dict[str, object] = {"paused_at": now, "rounds_from": _last_round(standing)}
    change_standing(standing, changes, actor=actor, reason=reason, now=now)
    tell_paused(standing.checks, standing.teacher, cause, now)


def _changes(standing: MarkerStanding, decision: Decision, now: datetime) -> dict[str, object]:
    if decision == Decision.LIFT:
        if standing.paused_at is None:
            raise ConflictError(_("This teacher is not paused."), "not_paused")
        return {"paused_at": None, "watched_from": now}
    if decision == Decision.WAIVE:
        if standing.state in CLEARED:
            raise ConflictError(_("This teacher may mark the exam already."), "cleared_already")
        return {"state": StandingState.WAIVED, "watched_from": now}
    state = standing.state if standing.state in CLEARED else StandingState.PRACTISING
    return {"state": state, "rounds_from": _last_round(standing)}


def _last_round(standing: MarkerStanding) -> int:
    rounds = PracticeRound.objects.filter(checks=standing.checks_id, teacher=standing.teacher_id)
    return int(rounds.aggregate(last=Max("number"))["last"] or 0)
