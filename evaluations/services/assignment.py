"""Who marks a paper: the teacher with the least expected work in time, with all that counted kept for replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from common.errors import DomainError
from courses.models import TeachingQualification
from evaluations.enums import NOT_ELIGIBLE, Conflict, EvaluationState
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.services.assignment_news import tell_taken_back, tell_teachers
from evaluations.services.choosing import HOLDER, NOT_MEANT, Ranking, barred, choose, why_best, why_nobody
from evaluations.services.measuring import paces_of
from evaluations.services.policies import promised_at, rung_moments
from evaluations.services.sharing import divide
from evaluations.services.speeds import Pace
from evaluations.services.staffroom import Staffroom, enter_staffroom
from evaluations.services.transitions import (
    can_move,
    lock_evaluation,
    lock_evaluations,
    lock_waiting,
    move,
    move_many,
)
from evaluations.services.workload import work_to_do

#: In one transaction, while which the teachers' rows are locked, as many papers are given out as take HELD seconds:
#: FIRST of them in the first one, then as it measures, from FEWEST to BATCH. A run ends after RUN seconds, or MOST
#: papers.
FEWEST, FIRST, BATCH, MOST = 20, 100, 500, 20_000
HELD, RUN = 0.5, 45


NOT_NOW: dict[str, str] = {
    Conflict.PAUSED: "is paused for this exam",
    Conflict.PRACTICE: "has practice papers to mark first",
    Conflict.COURSE: "does not teach the course of this project",
}


class AssignmentError(DomainError):
    """The paper cannot go to this teacher, or to any teacher now."""


@dataclass(frozen=True)
class Handover:
    """`evaluation` is to go to `teacher`, because of `reason`."""

    evaluation: Evaluation
    teacher: User
    reason: str


def expected_seconds(evaluation: Evaluation, pace: Pace) -> int:
    """Of the whole paper with a teacher of this pace."""
    return round(pace.seconds(work_to_do(evaluation)["marks"]))


def assign_evaluation(*, evaluation: Evaluation, actor: User | None = None, now: datetime) -> AssignmentDecision:
    """Gives a waiting paper to the teacher with the least expected work before its deadline; tells them.

    Without anybody the paper stays in the queue, and the reason is stored unless it is the one stored last.
    Raises AssignmentError when the paper is no longer waiting.
    """
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if not can_move(locked.state, "assign"):
            raise AssignmentError("This paper is no longer waiting for a teacher.", "not_waiting")
        return _give_out([locked], set(), actor, now)[0]


def assign_shares(*, shares: Collection[Evaluation], now: datetime) -> int:
    """Gives what waits of a paper, its shares or its second marking, out together; returns how many found a teacher."""
    with transaction.atomic():
        decisions = _give_out(lock_waiting(share.pk for share in shares), set(), None, now)
    return sum(decision.chosen_id is not None for decision in decisions)


def assign_waiting(*, now: datetime, clock: Callable[[], float] = monotonic) -> int:
    """Tries again for every waiting paper, the nearest deadline first; returns how many found a teacher.

    Papers are given out in short transactions, as if one after the other; a teacher is told of all of a transaction at
    once. Papers on which somebody else works at this moment are left to the next run. `clock`: seconds, for measuring.
    """
    waiting = Evaluation.objects.filter(state=EvaluationState.QUEUED).order_by("due_at", "id")
    found = list(waiting.values_list("pk", "attempt__exam__programme_id")[:MOST])
    assigned, hopeless, size, start = 0, set[UUID](), FIRST, 0
    began = clock()
    while start < len(found) and clock() - began < RUN:
        ids = [pk for pk, programme in found[start : start + size] if programme not in hopeless]
        start += size
        if ids:
            before = clock()
            with transaction.atomic():
                decisions = _give_out(lock_waiting(ids), hopeless, None, now)
            assigned += sum(decision.chosen_id is not None for decision in decisions)
            size = _next_size(len(ids), clock() - before)
    return assigned


def _next_size(papers: int, seconds: float) -> int:
    """How many papers would have taken HELD seconds; at most twice as many as it was measured for."""
    fitting = papers * HELD / seconds if seconds > 0 else BATCH
    return int(min(max(fitting, FEWEST), max(FIRST, 2 * papers), BATCH))


def reassign_evaluations(
    *, evaluations: Collection[Evaluation], teacher: User, actor: User, reason: str, now: datetime
) -> int:
    """Staff give papers to `teacher`; as `hand_over_all`."""
    moves = [Handover(evaluation, teacher, reason) for evaluation in evaluations]
    return hand_over_all(moves=moves, actor=actor, now=now)


def hand_over_all(*, moves: Collection[Handover], actor: User, now: datetime) -> int:
    """Staff give papers to teachers: all of them or, when one cannot go there, none. Returns how many moved.

    Verification, qualification and conflicts of interest hold; cap and leave are the staff's to overrule. Marks given
    so far stay. Who gets and who loses papers is told once. Raises AssignmentError or TransitionError naming the paper.
    """
    wanted = {one.evaluation.pk: one for one in moves}
    with transaction.atomic():
        locked = lock_evaluations(wanted)
        profiles = {teacher: _profile_of(teacher) for teacher in {one.teacher for one in moves}}
        paces = paces_of(list(profiles.values()))
        qualified = TeachingQualification.objects.filter(teacher__in=list(profiles))
        programmes = set(qualified.values_list("teacher_id", "programme_id"))
        moved = [
            e for e in locked if not (e.teacher_id == wanted[e.pk].teacher.pk and e.state == EvaluationState.ASSIGNED)
        ]
        givers = {evaluation.pk: evaluation.teacher for evaluation in moved}
        conflicts = conflicts_of([sitting_of(evaluation) for evaluation in moved])
        for evaluation in moved:
            taker, reason = wanted[evaluation.pk].teacher, wanted[evaluation.pk].reason
            _require_allowed(evaluation, taker, programmes, conflicts[evaluation.pk])
            seconds = expected_seconds(evaluation, paces[profiles[taker].pk])
            _hand_over(evaluation, taker, seconds, actor, reason, now)
        tell_teachers(moved, now, givers=givers)
    return len(moved)


def give_evaluation(
    *, evaluation: Evaluation, to: UUID | None = None, reason: str, now: datetime
) -> tuple[User | None, Ranking]:
    """The system gives a paper that is not begun to another teacher: `to`, or the one with the least expected work.

    Cap, leave and all else that assignment heeds hold. Returns who has it now, or None where nobody (or not `to`) can
    have it, and the teachers that were looked at. Raises AssignmentError when the paper was begun, or went to somebody
    else, meanwhile.
    """
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.state != EvaluationState.ASSIGNED or locked.teacher_id != evaluation.teacher_id:
            raise AssignmentError("This paper is not where it was any more.", "not_there")
        room = enter_staffroom([locked], now)
        options = room.options(locked)
        if to is not None:
            options = [one if one.teacher == to else barred(one, NOT_MEANT) for one in options]
        ranking = choose([barred(one, HOLDER) if one.teacher == locked.teacher_id else one for one in options])
        best = ranking.best
        if best is None:
            return None, ranking
        taker = room.colleagues[best.teacher].user
        looked_at = _LookedAt(ranking, room.unqualified[locked.attempt.exam.programme_id])
        _hand_over(locked, taker, best.own_seconds, None, reason, now, looked_at)
        tell_teachers([locked], now)
    return taker, ranking


def requeue_evaluations(*, evaluations: Collection[Evaluation], actor: User, reason: str, now: datetime) -> int:
    """Staff take papers from their teachers; the next assignment run gives them out. Returns how many.

    A paper that was returned to the student is a new promise: its clock starts now.
    """
    taken: dict[User, list[Evaluation]] = defaultdict(list)
    with transaction.atomic():
        locked = lock_evaluations(e.pk for e in evaluations)
        for evaluation in locked:
            if evaluation.teacher is not None and evaluation.state != EvaluationState.RETURNED:
                taken[evaluation.teacher].append(evaluation)
            before = {"teacher": evaluation.teacher_id, "state": evaluation.state, "due_at": evaluation.due_at}
            changes: dict[str, object] = {
                "teacher": None,
                "assigned_at": None,
                "claimed_at": None,
                "lease_until": None,
                "expected_seconds": 0,
            }
            was_shared = evaluation.is_shared
            changes |= {"is_shared": False} if was_shared else {}
            if evaluation.state == EvaluationState.RETURNED:
                due_at = promised_at(policy=evaluation.policy, submitted_at=now)
                half_at, most_at = rung_moments(policy=evaluation.policy, submitted_at=now, due_at=due_at)
                changes |= {"submitted_at": now, "due_at": due_at}
                changes |= {"half_at": half_at, "most_at": most_at, "remind_at": half_at}
            move(evaluation, "requeue", actor=actor, now=now, reason=reason, changes=changes)
            if was_shared:
                divide(record=evaluation, now=now)
            record_event(
                actor=actor,
                action="evaluation.requeued",
                obj=evaluation,
                before=before,
                after={"teacher": None, "due_at": evaluation.due_at},
                reason=reason,
                now=now,
            )
        tell_taken_back(taken, now)
    return len(locked)


@dataclass(frozen=True)
class _LookedAt:
    """What a decision keeps of those it chose among."""

    ranking: Ranking
    unqualified: int


def _give_out(
    papers: Collection[Evaluation], hopeless: set[UUID], actor: User | None, now: datetime
) -> list[AssignmentDecision]:
    """Gives locked, waiting papers out in this order, each as if it were the only one; returns their decisions.

    A programme of which nobody can have any paper now goes into `hopeless`, and its other papers are passed over.
    """
    if not papers:
        return []
    room = enter_staffroom(papers, now)
    given: list[tuple[Evaluation, dict[str, Any]]] = []
    made: list[AssignmentDecision] = []
    nobody: list[AssignmentDecision] = []
    for paper in papers:
        programme = paper.attempt.exam.programme_id
        if programme in hopeless:
            continue
        ranking = choose(room.options(paper))
        looked_at = _LookedAt(ranking, room.unqualified[programme])
        if ranking.best is None:
            nobody.append(_decision(paper, None, looked_at, why_nobody(ranking), now))
            if not ranking.conflicted and not ranking.count(NOT_MEANT):
                hopeless.add(programme)
            continue
        teacher, seconds = _take(room, paper, ranking)
        given.append((paper, _given_to(paper, teacher, seconds, now)))
        made.append(_decision(paper, teacher, looked_at, why_best(ranking, teacher.name), now))
    move_many(
        [paper for paper, _changes in given],
        "assign",
        actor=actor,
        now=now,
        changes={paper.pk: changes for paper, changes in given},
    )
    room.keep_settled()
    AssignmentDecision.objects.bulk_create(made, batch_size=BATCH)
    tell_teachers([paper for paper, _changes in given], now)
    return [*made, *_note_nobody(nobody)]


def _take(room: Staffroom, paper: Evaluation, ranking: Ranking) -> tuple[User, int]:
    """The best has the paper from now on, also for the papers that follow."""
    best = ranking.able[0]
    return room.give(best.teacher, paper, best.own_seconds), best.own_seconds


def _given_to(evaluation: Evaluation, teacher: User, seconds: int, now: datetime) -> dict[str, Any]:
    """The fields of a paper that is with `teacher` from now on; a new teacher is warned even if everything was told."""
    return {
        "teacher": teacher,
        "assigned_at": now,
        "expected_seconds": seconds,
        "remind_at": evaluation.remind_at or evaluation.most_at,
    }


def _note_nobody(decisions: list[AssignmentDecision]) -> list[AssignmentDecision]:
    """Stores those with another reason than the one stored last; returns what stands now for each."""
    if not decisions:
        return []
    last: dict[UUID, AssignmentDecision] = {}
    for known in AssignmentDecision.objects.filter(evaluation__in=[one.evaluation_id for one in decisions]):
        last.setdefault(known.evaluation_id, known)
    standing = [
        known
        if (known := last.get(one.evaluation_id)) and (known.chosen_id, known.reason) == (None, one.reason)
        else one
        for one in decisions
    ]
    fresh = [one for one in standing if one._state.adding]
    AssignmentDecision.objects.bulk_create(fresh, batch_size=BATCH)
    return standing


def _decision(
    evaluation: Evaluation, chosen: User | None, looked_at: _LookedAt | None, reason: str, now: datetime
) -> AssignmentDecision:
    return AssignmentDecision(
        evaluation=evaluation,
        at=now,
        chosen=chosen,
        candidates=looked_at.ranking.stored() if looked_at else [],
        unqualified=looked_at.unqualified if looked_at else None,
        reason=reason[:300],
    )


def _profile_of(teacher: User) -> TeacherProfile:
    profile: TeacherProfile | None = TeacherProfile.objects.filter(user=teacher, verified_at__isnull=False).first()
    if profile is None or not teacher.is_active or not teacher.is_teacher:
        raise AssignmentError(f"{teacher.name} is not a verified teacher.", "not_verified")
    return profile


def _require_allowed(
    evaluation: Evaluation, teacher: User, programmes: Collection[tuple[UUID, UUID]], conflicts: Mapping[UUID, str]
) -> None:
    name = f"Paper {evaluation.short_id}"
    if (teacher.pk, evaluation.attempt.exam.programme_id) not in programmes:
        raise AssignmentError(f"{name}: {teacher.name} is not qualified for its programme.", "not_qualified")
    if conflicts.get(teacher.pk) in NOT_ELIGIBLE:
        why = NOT_NOW[conflicts[teacher.pk]]
        raise AssignmentError(f"{name}: {teacher.name} {why}.", "not_eligible")
    if teacher.pk in conflicts:
        raise AssignmentError(f"{name}: {teacher.name} may not mark this student.", "conflict_of_interest")


def _hand_over(
    evaluation: Evaluation,
    teacher: User,
    seconds: int,
    actor: User | None,
    reason: str,
    now: datetime,
    looked_at: _LookedAt | None = None,
) -> None:
    before = {"teacher": evaluation.teacher_id, "state": evaluation.state}
    changes = _given_to(evaluation, teacher, seconds, now) | {"claimed_at": None, "lease_until": None}
    move(evaluation, "reassign", actor=actor, now=now, reason=reason, changes=changes)
    by = f" by {actor.name}" if actor else ""
    _decision(evaluation, teacher, looked_at, f"Given to {teacher.name}{by}: {reason}", now).save()
    record_event(
        actor=actor,
        action="evaluation.reassigned",
        obj=evaluation,
        before=before,
        after={"teacher": teacher.pk, "state": evaluation.state},
        reason=reason,
        now=now,
    )
