"""A claim is a lease: ten minutes, renewed by every sign of work; after thirty idle minutes the paper is let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from common.errors import ConflictError, NotPermittedError
from evaluations.enums import Conflict, EvaluationState
from evaluations.models import Evaluation
from evaluations.selectors import pullable_by
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.selectors.eligibility import barred_exams, barrier_of, unbegun
from evaluations.selectors.next_paper import SAME_QUESTIONS
from evaluations.services.assignment import expected_seconds
from evaluations.services.measuring import paces_of
from evaluations.services.scheme_marks import place_given
from evaluations.services.seeding import next_seed
from evaluations.services.transitions import lock_evaluation, move

LEASE = timedelta(minutes=10)
IDLE = timedelta(minutes=30)
# Between two signs of work no more than this counts as time spent on the paper.
ACTIVE_GAP = timedelta(seconds=120)
LAPSE_BATCH = 500
#: A practice paper is its teacher's from the first; nobody else could have it, so it does not lapse.
CLAIMED = (EvaluationState.IN_PROGRESS, EvaluationState.PRACTICE)
WORDS: dict[str, str] = {
    Conflict.OWN: "You cannot mark your own paper.",
    Conflict.GUARDIAN: "You cannot mark a student you look after.",
    Conflict.FAMILY: "You cannot mark a student of your family.",
    Conflict.MARKED: "You marked this paper before; now somebody else does.",
    Conflict.PRACTICE: "Mark the practice papers of this exam first.",
    Conflict.PAUSED: "You are paused for this exam. Your queue says what to do.",
    Conflict.COURSE: "Only the teachers of its course mark a project.",
}


class ClaimError(ConflictError):
    """The paper is not the person's to work on now. `holder` in the details names who has it, if anybody."""


def claim_next(*, teacher: User, now: datetime) -> Evaluation | None:
    """Takes up the next paper: of those assigned to the teacher the nearest deadline, else of the waiting ones.

    Papers the teacher is already marking do not count: a teacher may have several in hand, and every call takes up one
    more. Returns None when nothing is left. Two calls at the same moment never get the same paper.
    Raises NotPermittedError unless the teacher is verified.
    """
    _require_verified(teacher)
    with transaction.atomic():
        group = _last_group(teacher)
        evaluation = _next_own(teacher, group) or _next_waiting(teacher, group)
        seed = next_seed(teacher, evaluation, now)
        if seed is not None:
            _renew(seed, now, state=seed.state, claimed_at=None)
            return seed
        if evaluation is None or _barrier(evaluation, teacher):
            return None
        _take(evaluation, teacher, now)
    return evaluation


def claim_evaluation(*, evaluation: Evaluation, teacher: User, now: datetime) -> Evaluation:
    """Takes up this paper, or renews the claim of whoever already has it (a second device of theirs is fine).

    Raises ClaimError saying who holds it, NotPermittedError when the teacher may not mark it.
    """
    _require_verified(teacher)
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        _refuse_other(locked, teacher)
        if locked.state in CLAIMED:
            _renew(locked, now)
            return locked
        if locked.state == EvaluationState.QUEUED:
            _require_may_mark(locked, teacher)
        if barrier := _barrier(locked, teacher):
            raise NotPermittedError(WORDS[barrier], "not_eligible")
        _take(locked, teacher, now)
    return locked


def claim_for_desk(*, evaluation: Evaluation, person: User, now: datetime) -> Evaluation:
    """Opening the desk is a claim for the teacher the paper is with, while there is something to mark.

    Everybody else who may look, and everybody once it is finished, gets the paper as it stands.
    """
    to_mark = evaluation.state in (EvaluationState.ASSIGNED, *CLAIMED)
    if evaluation.teacher_id != person.pk or not to_mark:
        return evaluation
    assert evaluation.teacher is not None
    _require_verified(evaluation.teacher)
    as_read = {name: getattr(evaluation, name) for name in ("state", "teacher_id", "lease_until", "active_seconds")}
    # Without a lock: should the row have changed since it was read, the update misses and the lock decides.
    if evaluation.state in CLAIMED and _renew(evaluation, now, **as_read):
        return evaluation
    return claim_evaluation(evaluation=evaluation, teacher=evaluation.teacher, now=now)


def renew_lease(*, evaluation: Evaluation, teacher: User, now: datetime) -> Evaluation:
    """A heartbeat: ten more minutes, and the time since the last sign of work counts (at most two minutes of it).

    Raises ClaimError when the teacher does not hold the claim any more.
    """
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, teacher)
        _renew(locked, now)
    return locked


def release_claim(*, evaluation: Evaluation, teacher: User, now: datetime) -> Evaluation:
    """Puts the paper down: it stays with the teacher, work kept."""
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, teacher)
        _let_go(locked, teacher, "Put down", now)
    return locked


def lapse_idle_claims(*, now: datetime) -> int:
    """Lets go of every claim without a sign of work for thirty minutes. Returns how many. Work is kept."""
    lapsed = 0
    with transaction.atomic():
        idle = Evaluation.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=EvaluationState.IN_PROGRESS, lease_until__lte=now - (IDLE - LEASE)
        )
        for evaluation in idle.order_by("lease_until")[:LAPSE_BATCH]:
            _let_go(evaluation, None, f"No sign of work for {IDLE.seconds // 60} minutes", now)
            lapsed += 1
    return lapsed


def lock_claimed(evaluation_id: UUID, teacher: User) -> Evaluation:
    """The row, locked, when `teacher` holds the claim. A lease that ran out but was not let go still holds.

    Raises ClaimError: "not_claimed", or "held" with who has it.
    """
    locked = lock_evaluation(evaluation_id)
    _refuse_other(locked, teacher)
    if locked.state not in CLAIMED:
        raise ClaimError("Claim the paper first.", "not_claimed", state=locked.state)
    return locked


def renewed_lease(evaluation: Evaluation, now: datetime) -> dict[str, Any]:
    """The fields of a renewed claim, so that a service which writes more can write them together."""
    active = evaluation.active_seconds
    if evaluation.lease_until is not None:
        since = now - (evaluation.lease_until - LEASE)
        active += round(max(timedelta(), min(since, ACTIVE_GAP)).total_seconds())
    # Two devices with requests overtaking each other must not shorten the lease.
    until = max(now + LEASE, evaluation.lease_until or now)
    # A practice paper is its teacher's before they have opened it.
    begun = {} if evaluation.claimed_at else {"claimed_at": now}
    return {"lease_until": until, "active_seconds": active, **begun}


def _renew(evaluation: Evaluation, now: datetime, **as_read: object) -> bool:
    """Renews the claim; False when the row is no longer `as_read`."""
    values = renewed_lease(evaluation, now)
    if not Evaluation.objects.filter(pk=evaluation.pk, **as_read).update(**values):
        return False
    for field, value in values.items():
        setattr(evaluation, field, value)
    return True


def _let_go(evaluation: Evaluation, actor: User | None, reason: str, now: datetime) -> None:
    move(evaluation, "lapse", actor=actor, now=now, reason=reason, changes={"claimed_at": None, "lease_until": None})


def _take(evaluation: Evaluation, teacher: User, now: datetime) -> None:
    changes: dict[str, object] = {"teacher": teacher, "claimed_at": now, "lease_until": now + LEASE}
    if evaluation.assigned_at is None:
        pace = paces_of([teacher.teacher_profile])[teacher.pk]
        changes |= {"assigned_at": now, "expected_seconds": expected_seconds(evaluation, pace)}
    move(evaluation, "claim", actor=teacher, now=now, changes=changes)
    place_given(evaluation, now=now)


def _last_group(teacher: User) -> UUID | None:
    """The questions that the teacher marked last, where these are marked together on every paper."""
    done = Evaluation.objects.filter(teacher=teacher, finalised_at__isnull=False).order_by("-finalised_at")
    return done.values_list("group_id", flat=True).first()


def _next_own(teacher: User, group: UUID | None) -> Evaluation | None:
    mine = Evaluation.objects.filter(teacher=teacher, state=EvaluationState.ASSIGNED)
    stuck = unbegun(mine.filter(attempt__exam__in=barred_exams(teacher)))
    return _next_of(mine.exclude(pk__in=stuck.values("pk")), group)


def _next_waiting(teacher: User, group: UUID | None) -> Evaluation | None:
    return _next_of(pullable_by(teacher), group)


def _next_of(rows: QuerySet[Evaluation], group: UUID | None) -> Evaluation | None:
    """The nearest deadline; the same questions on the next paper while nothing is due a day before that."""
    first = _first_free(rows)
    if first is None or group is None or first.group_id == group:
        return first
    return _first_free(rows.filter(group=group, due_at__lte=first.due_at + SAME_QUESTIONS)) or first


def _first_free(rows: QuerySet[Evaluation]) -> Evaluation | None:
    # On SQLite Django leaves the lock clause out; there the IMMEDIATE transaction lets one claim at a time through.
    # A paper that waits for its student can be opened from the list, but nobody is sent to it.
    rows = rows.filter(paused_at=None).select_related("attempt__paper", "attempt__exam")
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    found: Evaluation | None = locked.order_by("due_at", "id").first()
    return found


def _barrier(evaluation: Evaluation, teacher: User) -> str:
    """Why the teacher must not begin it, or "". What is begun is finished, whatever came meanwhile."""
    if not getattr(evaluation, "may_bar", True):
        return ""
    if (
        evaluation.state == EvaluationState.ASSIGNED
        and not unbegun(Evaluation.objects.filter(pk=evaluation.pk)).exists()
    ):
        return ""
    return barrier_of(evaluation.attempt.exam_id, teacher)


def _require_verified(teacher: User) -> None:
    profile = getattr(teacher, "teacher_profile", None) if teacher.is_teacher else None
    if profile is None or not profile.is_verified or not teacher.is_active:
        raise NotPermittedError("Only verified teachers mark papers.", "not_verified")


def _require_may_mark(evaluation: Evaluation, teacher: User) -> None:
    if not teacher.qualifications.filter(programme_id=evaluation.attempt.exam.programme_id).exists():
        raise NotPermittedError("You are not set up to mark this programme.", "not_qualified")
    found = conflicts_of([sitting_of(evaluation)])[evaluation.pk]
    if teacher.pk in found:
        raise NotPermittedError(WORDS[found[teacher.pk]], "conflict_of_interest")


def _refuse_other(evaluation: Evaluation, teacher: User) -> None:
    holder = evaluation.teacher
    if holder is None or holder.pk == teacher.pk:
        return
    doing = "is marking" if evaluation.state == EvaluationState.IN_PROGRESS else "has"
    raise ClaimError(f"{holder.name} {doing} this paper.", "held", holder=holder.name, state=evaluation.state)
