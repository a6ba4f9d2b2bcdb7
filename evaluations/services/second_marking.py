"""The blind second marking: which papers get one, and what comes of it.

A record that was just marked waits (SECOND) while an evaluation of its own, of role SECOND, goes to another teacher
like any paper, with what is left of the promise. Its teacher sees neither marks nor ink nor name of the first. When it
is finished, and all questions are within the tolerance, the record is finished; else it goes to a moderator
(`moderating`). A second marking never breaks a promise unsaid: without anybody, or without the time for it, it is left
out, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from courses.models import TeachingQualification
from evaluations.enums import OPEN_STATES, DoubleMarking, DoubleResult, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, ExamChecks, MarkPair, QuestionMark
from evaluations.selectors.agreement import mean_difference_of
from evaluations.selectors.conflicts import Sitting, conflicts_of
from evaluations.selectors.pairs import Pair, counted_pairs
from evaluations.services.concluding import finish_held, move_audited
from evaluations.services.double_marking import Difference, Risk, Tolerance, is_sampled, mean_in_halves
from evaluations.services.marking import place_mark
from evaluations.services.moderating import open_moderation, sides_of
from evaluations.services.policies import promised_at, rung_moments
from evaluations.services.scheme_marks import Given, history_of
from evaluations.services.transitions import lock_evaluation, record_opening
from evaluations.services.workload import work_to_do
from evaluations.services.written_marks import objective_marks

#: Differences are looked back at so far.
LOOKED_BACK = timedelta(days=30)
BATCH = 200
#: What is known of nobody in particular makes no marker new.
MANY = 1_000_000
#: Not begun: it can be left out without losing anybody's work.
NOT_BEGUN = (EvaluationState.QUEUED, EvaluationState.ASSIGNED)


@dataclass(frozen=True)
class Plan:
    """`note`: why a second marking is wanted; or, where it would be but is left out, why not."""

    is_wanted: bool = False
    note: str = ""


def plan_second(*, record: Evaluation, written: Decimal, now: datetime) -> Plan:
    """Whether a record with these written marks, that is about to be finished, is marked a second time first.

    What was finished before is not. The same record with the same history always gives the same answer.
    """
    checks = ExamChecks.objects.filter(exam=record.attempt.exam_id).exclude(double=DoubleMarking.OFF).first()
    if checks is None or record.finalised_at is not None:
        return Plan()
    why = _why(checks, record, written, now)
    if not why:
        return Plan()
    if record.due_at - now < timedelta(hours=checks.least_hours):
        left = f"less than {checks.least_hours} h of the promise are left"
        return Plan(note=f"No second marking ({why}): {left}.")
    if not _others(record):
        return Plan(note=f"No second marking ({why}): nobody else may mark it.")
    return Plan(True, f"Second marking: {why}.")


def open_second(
    *, record: Evaluation, why: str, actor: User, now: datetime, is_promised_anew: bool = False
) -> Evaluation:
    """The locked record waits from now on; returns its second marking, which waits for a teacher: with what is left of
    the promise, or, where that was kept already, with a promise of its own."""
    let_go = {"claimed_at": None, "lease_until": None, "remind_at": None}
    move_audited(record, "hold", ("state",), actor=actor, now=now, reason=why, changes=let_go)
    due_at, half_at, most_at = record.due_at, record.half_at, record.most_at
    if is_promised_anew:
        due_at = promised_at(policy=record.policy, submitted_at=now)
        half_at, most_at = rung_moments(policy=record.policy, submitted_at=now, due_at=due_at)
    second = Evaluation(
        attempt=record.attempt,
        role=EvaluationRole.SECOND,
        record=record,
        is_remark=True,
        policy=record.policy,
        submitted_at=now if is_promised_anew else record.submitted_at,
        due_at=due_at,
        half_at=half_at,
        most_at=most_at,
        remind_at=half_at if half_at is not None and half_at > now else most_at,
        work=work_to_do(record),
        max_marks=record.attempt.paper.written_marks,
    )
    second.save(force_insert=True)
    record_opening(second, now=now)
    return second


def settle_second(*, second: Evaluation, actor: User, now: datetime) -> None:
    """What comes of a second marking that was just finished; the caller has locked its record before it. Does nothing
    where the record does not wait any more."""
    assert second.record_id is not None
    record = lock_evaluation(second.record_id)
    if record.state != EvaluationState.SECOND:
        return
    checks = checks_of(record)
    pairs = counted_pairs(record, second)
    _keep_pairs(second, pairs, now)
    differences = [_difference(pair) for pair in pairs]
    broken = Tolerance(checks.tolerance_marks, checks.tolerance_percent).broken(differences)
    if broken:
        told = "The markings differ: " + ", ".join(map(str, broken))
        open_moderation(record=record, second=second, checks=checks, why=told, now=now)
        return
    if checks.result == DoubleResult.MEAN:
        _give_means(record, pairs, actor, now)
    finish_held(record, actor, "Both markings agree.", now)


def drop_second(*, record: Evaluation, actor: User | None, reason: str, now: datetime) -> Evaluation:
    """Finishes a record without the second marking it waits for, whose work is kept. Raises TransitionError when it
    does not wait for anything."""
    with transaction.atomic():
        locked = lock_evaluation(record.pk)
        open_ones = Evaluation.objects.with_paper().select_for_update(of=("self",)).filter(record=locked)
        for second in open_ones.filter(role=EvaluationRole.SECOND, state__in=OPEN_STATES).order_by("pk"):
            let_go = {"claimed_at": None, "lease_until": None}
            move_audited(second, "close", ("state",), actor=actor, now=now, reason=reason, changes=let_go)
        finish_held(locked, actor, reason, now)
    return locked


def drop_late_seconds(*, now: datetime) -> int:
    """Leaves out every second marking that nobody has begun while there was time for it. Returns how many."""
    dropped = 0
    for record_id, hours in _late(now):
        with transaction.atomic():
            record = lock_evaluation(record_id)
            # Begun, or finished, meanwhile?
            waits = Evaluation.objects.filter(record=record, role=EvaluationRole.SECOND, state__in=NOT_BEGUN).exists()
            if waits and record.state == EvaluationState.SECOND:
                reason = f"No second marking: nobody had begun it with {hours} h of the promise left."
                drop_second(record=record, actor=None, reason=reason, now=now)
                dropped += 1
    return dropped


def broken_numbers(moderation: Evaluation) -> set[int]:
    """On which numbers the two markings of a paper that is to be moderated differ too much."""
    checks, (first, second) = checks_of(moderation), sides_of(moderation)
    differences = map(_difference, counted_pairs(first, second))
    broken = Tolerance(checks.tolerance_marks, checks.tolerance_percent).broken(differences)
    return {one.number for one in broken}


def checks_of(record: Evaluation) -> ExamChecks:
    """As staff have set them, or as they would be at first: a row may have gone meanwhile."""
    known = ExamChecks.objects.filter(exam=record.attempt.exam_id).first()
    return known or ExamChecks(exam=record.attempt.exam)


# --- Which papers ----------------------------------------------------------------------------------------------------
def _why(checks: ExamChecks, record: Evaluation, written: Decimal, now: datetime) -> str:
    """Why this paper is to be marked twice, or nothing."""
    if checks.double == DoubleMarking.ALL:
        return "every paper of this exam"
    if checks.double == DoubleMarking.SAMPLE:
        return f"sample of {checks.sample_percent} %" if is_sampled(record.pk, checks.sample_percent) else ""
    reasons = _risk(record, written, now).reasons(
        pass_percent=checks.pass_percent,
        margin_percent=checks.margin_percent,
        new_papers=checks.new_papers,
        disagreement_percent=checks.disagreement_percent,
    )
    return "; ".join(reasons)


def _risk(record: Evaluation, written: Decimal, now: datetime) -> Risk:
    """Of a paper that several teachers marked by question only the total is looked at."""
    alone = record.teacher if not record.is_shared else None
    finished = Evaluation.objects.filter(teacher=alone, finalised_at__isnull=False) if alone else None
    return Risk(
        total=objective_marks(record) + written,
        most=record.max_marks,
        finished=finished.count() if finished is not None else MANY,
        disagreement=mean_difference_of(alone.pk, since=now - LOOKED_BACK) if alone else None,
    )


def _others(record: Evaluation) -> bool:
    """Whether there is anybody who may mark it a second time, on leave or busy as they may be."""
    qualified = TeachingQualification.objects.filter(
        programme=record.attempt.exam.programme_id,
        teacher__is_active=True,
        teacher__is_teacher=True,
        teacher__teacher_profile__verified_at__isnull=False,
    )
    barred = conflicts_of([Sitting(record.pk, record.attempt.student_id, record.attempt.exam_id, is_remark=True)])[
        record.pk
    ]
    return bool(set(qualified.values_list("teacher_id", flat=True)) - {*barred, record.teacher_id})


def _late(now: datetime) -> list[tuple[UUID, int]]:
    """The records whose second marking is not begun with too little time left, and the hours it should have had."""
    longest = ExamChecks.objects.aggregate(hours=Max("least_hours"))["hours"]
    if longest is None:
        return []
    rows = Evaluation.objects.filter(
        role=EvaluationRole.SECOND, state__in=NOT_BEGUN, paused_at=None, due_at__lt=now + timedelta(hours=longest)
    )
    found = rows.order_by("due_at", "id").values_list("record_id", "due_at", "attempt__exam__checks__least_hours")
    return [(record, hours) for record, due, hours in found[:BATCH] if due - now < timedelta(hours=hours or 0)]


# --- What comes of it ------------------------------------------------------------------------------------------------
def _difference(pair: Pair) -> Difference:
    return Difference(pair.number, pair.first.marks, pair.second.marks, pair.first.maximum)


def _keep_pairs(second: Evaluation, pairs: Collection[Pair], now: datetime) -> None:
    rows = [
        MarkPair(
            evaluation=second,
            question_id=pair.first.question,
            first_id=pair.first.actor,
            second_id=pair.second.actor,
            first_marks=pair.first.marks,
            second_marks=pair.second.marks,
            max_marks=pair.first.maximum,
            at=now,
        )
        for pair in pairs
    ]
    MarkPair.objects.bulk_create(rows, batch_size=BATCH)


def _give_means(record: Evaluation, pairs: Collection[Pair], actor: User, now: datetime) -> None:
    """Where two marks differ the record gets their mean, an event by who made it known; steps do not show a mean."""
    for pair in pairs:
        mean = mean_in_halves(pair.first.marks, pair.second.marks)
        if mean == pair.first.marks:
            continue
        known = QuestionMark.objects.select_related("question").get(evaluation=record, question=pair.first.question)
        words = f"{known.comment} Mean of two markings.".strip()[-1000:]
        scheme = history_of(record.attempt.exam_id, known.question).now
        place_mark(record, known.question_id, Given({}, mean, words, scheme), actor=actor, now=now)
