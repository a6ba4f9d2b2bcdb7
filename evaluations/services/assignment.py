"""Who marks a paper: the teacher with the least expected work in time, with all that counted kept for replay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from common.errors import DomainError
from common.templatetags.ui_times import clock_text
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.services import links
from evaluations.services.assignment_news import tell_teachers
from evaluations.services.choosing import HOLDER, NOT_MEANT, Ranking, barred, choose, why_best, why_nobody
from evaluations.services.measuring import paces_of
from evaluations.services.policies import promised_at, rung_moments
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
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

#: So many papers are given out in one transaction, and so many in one run.
BATCH, MOST = 500, 20_000


class AssignmentError(DomainError):
    """The paper cannot go to this teacher, or to any teacher now."""


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


def assign_waiting(*, now: datetime) -> int:
    """Tries again for every waiting paper, the nearest deadline first; returns how many found a teacher.

    BATCH papers are given out in one transaction, as if one after the other; a teacher is told of all of a batch at
    once. Papers on which somebody else works at this moment are left to the next run.
    """
    waiting = Evaluation.objects.filter(state=EvaluationState.QUEUED).order_by("due_at", "id")
    found = list(waiting.values_list("pk", "attempt__exam__programme_id")[:MOST])
    assigned, hopeless = 0, set[UUID]()
    for start in range(0, len(found), BATCH):
        ids = [pk for pk, programme in found[start : start + BATCH] if programme not in hopeless]
        if ids:
            with transaction.atomic():
                decisions = _give_out(lock_waiting(ids), hopeless, None, now)
            assigned += sum(decision.chosen_id is not None for decision in decisions)
    return assigned


def reassign_evaluations(
    *, evaluations: Collection[Evaluation], teacher: User, actor: User, reason: str, now: datetime
) -> int:
    """Staff give papers to `teacher`: all of them or, when one cannot go there, none. Returns how many moved.

    Verification, qualification and conflicts of interest hold; cap and leave are the staff's to overrule. Marks given
    so far stay. Raises AssignmentError or TransitionError naming the paper.
    """
    with transaction.atomic():
        locked = lock_evaluations(e.pk for e in evaluations)
        profile = _profile_of(teacher)
        pace = paces_of([profile])[profile.pk]
        programmes = set(TeachingQualification.objects.filter(teacher=teacher).values_list("programme_id", flat=True))
        moved = [e for e in locked if not (e.teacher_id == teacher.pk and e.state == EvaluationState.ASSIGNED)]
        conflicts = conflicts_of([sitting_of(evaluation) for evaluation in moved])
        for evaluation in moved:
            _require_allowed(evaluation, teacher, programmes, conflicts[evaluation.pk])
            _hand_over(evaluation, teacher, expected_seconds(evaluation, pace), actor, reason, now)
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
    return taker, ranking


def requeue_evaluations(*, evaluations: Collection[Evaluation], actor: User, reason: str, now: datetime) -> int:
    """Staff take papers from their teachers; the next assignment run gives them out. Returns how many.

    A paper that was returned to the student is a new promise: its clock starts now.
    """
    with transaction.atomic():
        locked = lock_evaluations(e.pk for e in evaluations)
        for evaluation in locked:
            before = {"teacher": evaluation.teacher_id, "state": evaluation.state, "due_at": evaluation.due_at}
            changes: dict[str, object] = {
                "teacher": None,
                "assigned_at": None,
                "claimed_at": None,
                "lease_until": None,
                "expected_seconds": 0,
            }
            if evaluation.state == EvaluationState.RETURNED:
                due_at = promised_at(policy=evaluation.policy, submitted_at=now)
                half_at, most_at = rung_moments(policy=evaluation.policy, submitted_at=now, due_at=due_at)
                changes |= {"submitted_at": now, "due_at": due_at}
                changes |= {"half_at": half_at, "most_at": most_at, "remind_at": half_at}
            move(evaluation, "requeue", actor=actor, now=now, reason=reason, changes=changes)
            record_event(
                actor=actor,
                action="evaluation.requeued",
                obj=evaluation,
                before=before,
                after={"teacher": None, "due_at": evaluation.due_at},
                reason=reason,
                now=now,
            )
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
            if not ranking.conflicted:
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


def _require_allowed(evaluation: Evaluation, teacher: User, programmes: set[UUID], conflicts: Collection[UUID]) -> None:
    name = f"Paper {evaluation.short_id}"
    if evaluation.attempt.exam.programme_id not in programmes:
        raise AssignmentError(f"{name}: {teacher.name} is not qualified for its programme.", "not_qualified")
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
    _tell_teacher(evaluation, now)


def _tell_teacher(evaluation: Evaluation, now: datetime) -> None:
    assert evaluation.teacher is not None
    due = evaluation.due_at.astimezone(ZoneInfo(evaluation.teacher.time_zone))
    with translation.override(evaluation.teacher.language):
        title = _("A paper to mark: %(exam)s") % {"exam": evaluation.attempt.exam.title}
        body = _("Due by %(day)s, %(clock)s.") % {"day": date_format(due, "D j M"), "clock": clock_text(due)}
    notify(
        user=evaluation.teacher,
        kind=NotificationKind.PAPER_ASSIGNED,
        cause=f"evaluation:{evaluation.pk}",
        title=title,
        body=body,
        url=links.desk_url(evaluation.pk),
        now=now,
    )
