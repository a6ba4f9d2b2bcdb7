"""Who marks a paper: the least-loaded teacher who may, with the reasons kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.enums import LinkState
from accounts.models import GuardianLink, Leave, TeacherProfile, User
from accounts.services.audit import record_event
from common.errors import DomainError
from common.templatetags.ui_times import clock_text
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.services import links
from evaluations.services.policies import promised_at, rung_moments
from evaluations.services.speeds import Pace
from evaluations.services.transitions import can_move, lock_evaluation, lock_evaluations, move
from evaluations.services.workload import paces_of, work_to_do
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

log = structlog.get_logger(__name__)

BATCH = 1000
WITH_A_TEACHER = (EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)


class AssignmentError(DomainError):
    """The paper cannot go to this teacher, or to any teacher now."""


@dataclass(frozen=True)
class Candidate:
    """A teacher who could mark the paper. `expected_seconds`: all their open work due before it, with it included."""

    teacher: User
    open_papers: int
    own_seconds: int
    expected_seconds: int
    cap: int


@dataclass(frozen=True)
class Pool:
    """The teachers qualified for a programme, sorted into who can have a paper and how many cannot and why."""

    candidates: tuple[Candidate, ...]
    conflicted: int
    away: int
    full: int


def expected_seconds(evaluation: Evaluation, pace: Pace) -> int:
    """Of the whole paper with a teacher of this pace."""
    return round(pace.seconds(work_to_do(evaluation)["marks"]))


def conflicted_teachers(student_id: UUID) -> set[UUID]:
    """People who never mark this student: their guardians (also invited ones) and the student."""
    links_of = GuardianLink.objects.filter(student_id=student_id).exclude(state=LinkState.ENDED)
    return {student_id, *links_of.values_list("guardian_id", flat=True)}


def assign_evaluation(*, evaluation: Evaluation, actor: User | None = None, now: datetime) -> AssignmentDecision:
    """Gives a waiting paper to the teacher with the least expected work before its deadline; tells them.

    Without anybody the paper stays in the queue, and the reason is stored unless it is the one stored last.
    Raises AssignmentError when the paper is no longer waiting.
    """
    decision, _ = _assign(evaluation.pk, actor, now)
    return decision


def assign_waiting(*, now: datetime) -> int:
    """Tries again for every waiting paper, the nearest deadline first. Returns how many found a teacher."""
    waiting = Evaluation.objects.filter(state=EvaluationState.QUEUED).order_by("due_at", "id")
    assigned = 0
    hopeless: set[UUID] = set()
    for pk, programme in list(waiting.values_list("pk", "attempt__exam__programme_id")[:BATCH]):
        if programme in hopeless:
            continue
        try:
            decision, pool = _assign(pk, None, now)
        except AssignmentError:
            continue
        assigned += decision.chosen_id is not None
        if decision.chosen_id is None and not pool.conflicted:
            hopeless.add(programme)
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
        for evaluation in moved:
            _require_allowed(evaluation, teacher, programmes)
            _hand_over(evaluation, teacher, expected_seconds(evaluation, pace), actor, reason, now)
    return len(moved)


def give_evaluation(
    *, evaluation: Evaluation, to: UUID | None = None, reason: str, now: datetime
) -> tuple[User | None, Pool]:
    """The system gives a paper that is not begun to another teacher: `to`, or the one with the least expected work.

    Cap, leave and all else that assignment heeds hold. Returns who has it now, or None where nobody (or not `to`) can
    have it, and the teachers that were looked at. Raises AssignmentError when the paper was begun, or went to somebody
    else, meanwhile.
    """
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.state != EvaluationState.ASSIGNED or locked.teacher_id != evaluation.teacher_id:
            raise AssignmentError("This paper is not where it was any more.", "not_there")
        pool = _pool(locked, now)
        others = (one for one in pool.candidates if one.teacher.pk != locked.teacher_id)
        best = next((one for one in others if to in (None, one.teacher.pk)), None)
        if best is None:
            return None, pool
        _hand_over(locked, best.teacher, best.own_seconds, None, reason, now, pool.candidates)
    return best.teacher, pool


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


def _assign(evaluation_id: UUID, actor: User | None, now: datetime) -> tuple[AssignmentDecision, Pool]:
    with transaction.atomic():
        evaluation = lock_evaluation(evaluation_id)
        if not can_move(evaluation.state, "assign"):
            raise AssignmentError("This paper is no longer waiting for a teacher.", "not_waiting")
        pool = _pool(evaluation, now)
        if not pool.candidates:
            return _note_nobody(evaluation, pool, now), pool
        best = pool.candidates[0]
        move(
            evaluation,
            "assign",
            actor=actor,
            now=now,
            changes={
                "teacher": best.teacher,
                "assigned_at": now,
                "expected_seconds": best.own_seconds,
                "remind_at": _remind_at(evaluation),
            },
        )
        decision = _decide(evaluation, best.teacher, pool.candidates, _why(best, len(pool.candidates)), now)
        _tell_teacher(evaluation, now)
    return decision, pool


def _pool(evaluation: Evaluation, now: datetime) -> Pool:
    """Loads and locks the teachers' profiles in the order of their ids, so that loads counted now stay true."""
    attempt = evaluation.attempt
    qualified = TeachingQualification.objects.filter(programme_id=attempt.exam.programme_id).values("teacher_id")
    profiles = list(
        TeacherProfile.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(user__in=qualified, user__is_active=True, user__is_teacher=True, verified_at__isnull=False)
        .order_by("pk")
    )
    conflicted = conflicted_teachers(attempt.student_id)
    free = [profile for profile in profiles if profile.pk not in conflicted]
    present = _present(free, evaluation, now)
    loads = _loads([profile.pk for profile in present], evaluation.due_at)
    able = [profile for profile in present if loads.get(profile.pk, (0, 0))[0] < profile.open_paper_cap]
    marks, paces = work_to_do(evaluation)["marks"], paces_of(able)
    candidates = [_candidate(profile, loads, paces[profile.pk].seconds(marks)) for profile in able]
    candidates.sort(key=lambda c: (c.expected_seconds, c.open_papers, c.teacher.pk))
    return Pool(
        candidates=tuple(candidates),
        conflicted=len(profiles) - len(free),
        away=len(free) - len(present),
        full=len(present) - len(able),
    )


def _candidate(profile: TeacherProfile, loads: dict[UUID, tuple[int, int]], own: float) -> Candidate:
    papers, seconds = loads.get(profile.pk, (0, 0))
    return Candidate(profile.user, papers, round(own), seconds + round(own), profile.open_paper_cap)


def _present(profiles: Sequence[TeacherProfile], evaluation: Evaluation, now: datetime) -> list[TeacherProfile]:
    """Those without leave until the due day; when there is none such, those who are at least not away today."""
    zone = ZoneInfo(evaluation.policy.calendar.time_zone)
    today: date = now.astimezone(zone).date()
    last = max(today, evaluation.due_at.astimezone(zone).date())
    away_today: set[UUID] = set()
    away_later: set[UUID] = set()
    leaves = Leave.objects.filter(teacher__in=[p.pk for p in profiles], starts_on__lte=last, ends_on__gte=today)
    for teacher_id, starts_on in leaves.values_list("teacher_id", "starts_on"):
        (away_today if starts_on <= today else away_later).add(teacher_id)
    here = [p for p in profiles if p.pk not in away_today]
    return [p for p in here if p.pk not in away_later] or here


def _loads(teachers: list[UUID], due_at: datetime) -> dict[UUID, tuple[int, int]]:
    """Per teacher: open papers, and the expected seconds of those due no later than `due_at`."""
    rows = (
        Evaluation.objects.filter(teacher__in=teachers, state__in=WITH_A_TEACHER)
        .order_by()
        .values("teacher_id")
        .annotate(papers=Count("pk"), seconds=Sum("expected_seconds", filter=Q(due_at__lte=due_at), default=0))
    )
    return {row["teacher_id"]: (row["papers"], row["seconds"]) for row in rows}


def _why(best: Candidate, count: int) -> str:
    minutes = max(1, round(best.expected_seconds / 60))
    if count == 1:
        return f"{best.teacher.name} is the only teacher available: about {minutes} min of work due by then."
    return (
        f"{best.teacher.name} has the least work due by then of {count} teachers: "
        f"about {minutes} min with this paper, {best.open_papers} open papers before it."
    )


def _note_nobody(evaluation: Evaluation, pool: Pool, now: datetime) -> AssignmentDecision:
    reasons = [
        f"{count} {words}"
        for count, words in (
            (pool.away, "on leave"),
            (pool.full, "at their limit of open papers"),
            (pool.conflicted, "not allowed to mark this student"),
        )
        if count
    ]
    why = "No teacher can take this paper: " + (", ".join(reasons) or "nobody is verified and qualified for it") + "."
    last = evaluation.decisions.first()
    if last is not None and last.chosen_id is None and last.reason == why:
        return last
    return _decide(evaluation, None, (), why, now)


def _decide(
    evaluation: Evaluation, chosen: User | None, candidates: Sequence[Candidate], reason: str, now: datetime
) -> AssignmentDecision:
    listed = [
        {
            "teacher": str(c.teacher.pk),
            "open_papers": c.open_papers,
            "expected_seconds": c.expected_seconds,
            "cap": c.cap,
        }
        for c in candidates
    ]
    return AssignmentDecision.objects.create(
        evaluation=evaluation, at=now, chosen=chosen, candidates=listed, reason=reason[:300]
    )


def _profile_of(teacher: User) -> TeacherProfile:
    profile: TeacherProfile | None = TeacherProfile.objects.filter(user=teacher, verified_at__isnull=False).first()
    if profile is None or not teacher.is_active or not teacher.is_teacher:
        raise AssignmentError(f"{teacher.name} is not a verified teacher.", "not_verified")
    return profile


def _require_allowed(evaluation: Evaluation, teacher: User, programmes: set[UUID]) -> None:
    name = f"Paper {evaluation.short_id}"
    if evaluation.attempt.exam.programme_id not in programmes:
        raise AssignmentError(f"{name}: {teacher.name} is not qualified for its programme.", "not_qualified")
    if teacher.pk in conflicted_teachers(evaluation.attempt.student_id):
        raise AssignmentError(f"{name}: {teacher.name} may not mark this student.", "conflict_of_interest")


def _remind_at(evaluation: Evaluation) -> datetime | None:
    """A new teacher is warned even if everything was told to the one before."""
    return evaluation.remind_at or evaluation.most_at


def _hand_over(
    evaluation: Evaluation,
    teacher: User,
    seconds: int,
    actor: User | None,
    reason: str,
    now: datetime,
    candidates: Sequence[Candidate] = (),
) -> None:
    before = {"teacher": evaluation.teacher_id, "state": evaluation.state}
    move(
        evaluation,
        "reassign",
        actor=actor,
        now=now,
        reason=reason,
        changes={
            "teacher": teacher,
            "assigned_at": now,
            "claimed_at": None,
            "lease_until": None,
            "expected_seconds": seconds,
            "remind_at": _remind_at(evaluation),
        },
    )
    by = f" by {actor.name}" if actor else ""
    _decide(evaluation, teacher, candidates, f"Given to {teacher.name}{by}: {reason}", now)
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
