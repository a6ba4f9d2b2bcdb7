"""Practice: a teacher marks calibration scripts at the desk before the first paper of an exam, and reads how it went.

Each script is an evaluation of role PRACTICE with states of its own (PRACTICE, PRACTISED): it has no promise, nobody is
told, no speed is learnt, it is in no number. Seeded scripts (`seeding`) are finished here too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError
from evaluations.enums import (
    EvaluationRole,
    EvaluationState,
    RoundState,
    ScriptUse,
    StandingState,
)
from evaluations.models import (
    CalibrationMark,
    CalibrationPair,
    CalibrationScript,
    Evaluation,
    ExamChecks,
    MarkerStanding,
    PracticePaper,
    PracticeRound,
)
from evaluations.selectors.calibration import may_begin, rounds_used, scripts_open_to, seen_by
from evaluations.selectors.pairs import CountedMark, counted_marks
from evaluations.selectors.totals import MarkedQuestion, counted_alternatives
from evaluations.services.calibration_news import tell_staff_no_scripts, tell_staff_stuck
from evaluations.services.double_marking import Difference, Tolerance
from evaluations.services.measuring import paces_of
from evaluations.services.practice_rules import Verdict, judge, scripts_for_round
from evaluations.services.transitions import move, record_opening
from evaluations.services.workload import attempt_work, share_work

#: Practice has no promise; the column wants a moment.
NEVER = timedelta(days=3650)


class PracticeError(DomainError):
    """There is nothing to practise now, and why."""


def begin_practice(*, checks: ExamChecks, teacher: User, now: datetime) -> PracticeRound:
    """The teacher's open round of the exam, or the next one with its papers. Two at once get the same one.

    Raises NotPermittedError (not verified, not qualified), PracticeError (passed, no round left, no scripts).
    """
    with transaction.atomic():
        profile = _lock_profile(teacher, checks)
        known: PracticeRound | None = PracticeRound.objects.filter(
            checks=checks, teacher=teacher, state=RoundState.OPEN
        ).first()
        if known is not None:
            return known
        standing = standing_of(checks, teacher, now)
        if standing.state == StandingState.FAILED:
            raise PracticeError(_("All rounds are used. The office decides how it goes on."), "no_round_left")
        if not may_begin(checks, standing):
            raise PracticeError(_("You need no practice for this exam."), "not_needed")
        scripts = {one.pk: one for one in scripts_open_to(teacher, checks, ScriptUse.PRACTICE)}
        chosen = scripts_for_round(
            scripts, seen=seen_by(teacher, scripts.values()), wanted=checks.practice_papers,
            exam=checks.pk, teacher=teacher.pk,
        )  # fmt: skip
        if chosen:
            last = checks.rounds.filter(teacher=teacher).aggregate(last=Max("number"))["last"] or 0
            made = PracticeRound.objects.create(checks=checks, teacher=teacher, number=last + 1, started_at=now)
            for key in chosen:
                give_script(
                    script=scripts[key], profile=profile, role=EvaluationRole.PRACTICE, at_work=made,
                    due_at=now + NEVER, now=now,
                )  # fmt: skip
            return made
        # Said to the staff, and kept: so not refused before the transaction has ended.
        tell_staff_no_scripts(checks, teacher, now)
    raise PracticeError(_("No practice paper is ready for you. The office has been told."), "no_scripts")


def give_script(
    *,
    script: CalibrationScript,
    profile: TeacherProfile,
    role: str,
    at_work: PracticeRound | None,
    due_at: datetime,
    now: datetime,
) -> PracticePaper:
    """The script with a teacher whose profile the caller has locked, in a marking of its own."""
    record = script.record
    work = attempt_work(record.attempt) if script.numbers is None else share_work(record.attempt, script.numbers)
    seconds = paces_of([profile])[profile.pk].seconds(work["marks"])
    evaluation = Evaluation(
        attempt=record.attempt,
        role=role,
        record=record,
        numbers=script.numbers,
        is_remark=True,
        policy=record.policy,
        state=EvaluationState.PRACTICE,
        teacher=profile.user,
        submitted_at=now,
        due_at=due_at,
        work=work,
        expected_seconds=round(seconds),
        max_marks=Decimal(str(sum(work["marks"].values()))) or record.attempt.paper.written_marks,
    )
    evaluation.save(force_insert=True)
    record_opening(evaluation, now=now)
    return PracticePaper.objects.create(
        evaluation=evaluation, script=script, teacher=profile.user, round=at_work, given_at=now
    )


def finish_practice(*, evaluation: Evaluation, written: Decimal, actor: User, now: datetime) -> PracticePaper:
    """Lays a finished, locked practice paper beside its reference; the last one of a round decides it. Its marks are
    kept and nothing else happens to them."""
    locked: PracticePaper = PracticePaper.objects.select_related("script__checks__exam", "round").get(
        evaluation=evaluation
    )
    checks = locked.script.checks
    let_go = {"lease_until": None, "written_marks": written, "total_marks": written}
    move(evaluation, "practised", actor=actor, now=now, changes=let_go)
    references = {mark.number: mark for mark in _references(locked.script)}
    given = counted_marks(evaluation)
    both = [(references[number], given[number]) for number in sorted(references.keys() & given.keys())]
    tolerance = Tolerance(checks.tolerance_marks, checks.tolerance_percent)
    verdict = judge([_difference(*pair) for pair in both], tolerance)
    CalibrationPair.objects.bulk_create(
        CalibrationPair(
            paper=locked,
            question_id=mine.question,
            teacher=actor,
            given=mine.marks,
            reference=reference.marks,
            max_marks=reference.maximum,
            is_within=tolerance.allows(_difference(reference, mine)),
            at=now,
        )
        for reference, mine in both
    )
    locked.finished_at, locked.questions, locked.within = now, verdict.questions, verdict.within
    locked.bias = verdict.bias
    locked.save(update_fields=["finished_at", "questions", "within", "bias"])
    if locked.round is not None:
        settle_round(round_id=locked.round_id, now=now)
    return locked


def settle_round(*, round_id: object, now: datetime) -> PracticeRound:
    """Ends a round whose papers are all finished, or were taken back, and says what it means for the teacher. Does
    nothing while one is open. Call it in a transaction."""
    rounds = PracticeRound.objects.select_for_update(of=("self",)).select_related("checks__exam")
    at_work: PracticeRound = rounds.get(pk=round_id)
    states = at_work.papers.values_list("evaluation__state", flat=True)
    if at_work.state != RoundState.OPEN or EvaluationState.PRACTICE in states:
        return at_work
    checks = at_work.checks
    verdict = _verdict(at_work)
    passed = verdict.is_passed(least_share=checks.practice_share, most_bias=checks.practice_bias)
    ended = {"state": RoundState.PASSED if passed else RoundState.FAILED, "ended_at": now}
    PracticeRound.objects.filter(pk=at_work.pk).update(**ended, share=verdict.share, bias=verdict.bias)
    at_work.refresh_from_db(fields=["state", "ended_at", "share", "bias"])
    standing = standing_of(checks, at_work.teacher, now)
    if passed:
        changes = {"state": StandingState.PASSED, "paused_at": None, "watched_from": at_work.started_at}
        change_standing(standing, changes, actor=None, reason="Practice passed.", now=now)
    elif rounds_used(checks, at_work.teacher, standing) >= checks.practice_rounds:
        changes = {"state": StandingState.FAILED}
        change_standing(standing, changes, actor=None, reason="No round of practice is left.", now=now)
        tell_staff_stuck(checks, at_work.teacher, now)
    return at_work


def take_back(*, paper: PracticePaper, reason: str, now: datetime) -> None:
    """Ends a practice paper that is not finished: a script whose student does not agree any more, or a seed that was
    not begun in time. Call it in a transaction."""
    locked = Evaluation.objects.with_paper().select_for_update(of=("self",)).get(pk=paper.evaluation_id)
    if locked.state != EvaluationState.PRACTICE:
        return
    move(locked, "close", actor=None, now=now, reason=reason, changes={"lease_until": None})
    if paper.round_id is not None:
        settle_round(round_id=paper.round_id, now=now)


def standing_of(checks: ExamChecks, teacher: User, now: datetime) -> MarkerStanding:
    """The locked row of a teacher and an exam, made where there is none."""
    MarkerStanding.objects.get_or_create(checks=checks, teacher=teacher, defaults={"updated_at": now})
    locked: MarkerStanding = MarkerStanding.objects.select_for_update().get(checks=checks, teacher=teacher)
    return locked


def change_standing(
    standing: MarkerStanding, changes: Mapping[str, object], *, actor: User | None, reason: str, now: datetime
) -> None:
    """Writes what changes of a locked standing, with why, and the audit trail."""
    before = {name: getattr(standing, name) for name in changes}
    for name, value in {**changes, "reason": reason[:300], "by": actor, "updated_at": now}.items():
        setattr(standing, name, value)
    standing.save()
    after = {**changes, "teacher": standing.teacher_id}
    record_event(
        actor=actor, action="standing.changed", obj=standing, before=before, after=after, reason=reason[:300], now=now
    )


def _lock_profile(teacher: User, checks: ExamChecks) -> TeacherProfile:
    profiles = TeacherProfile.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    profile: TeacherProfile | None = profiles.filter(user=teacher).first()
    if profile is None or not profile.is_verified or not teacher.is_teacher or not teacher.is_active:
        raise NotPermittedError(_("Only verified teachers mark papers."), "not_verified")
    if not teacher.qualifications.filter(programme=checks.exam.programme_id).exists():
        raise NotPermittedError(_("You are not set up to mark this programme."), "not_qualified")
    return profile


def _verdict(at_work: PracticeRound) -> Verdict:
    """Of all questions of the round together."""
    pairs = CalibrationPair.objects.filter(paper__round=at_work).order_by()
    sums = pairs.aggregate(given=Sum("given"), reference=Sum("reference"), most=Sum("max_marks"))
    questions, within = pairs.count(), pairs.filter(is_within=True).count()
    bias = float(100 * (sums["given"] - sums["reference"]) / sums["most"]) if sums["most"] else 0.0
    return Verdict(questions, within, bias)


def _references(script: CalibrationScript) -> Collection[CountedMark]:
    """By number what counts of the reference: with internal choice its better alternative."""
    rows = list(CalibrationMark.objects.filter(script=script).select_related("question"))
    counts = counted_alternatives(
        [MarkedQuestion(row.question.number, row.question.alternative, row.marks) for row in rows]
    )
    return [
        CountedMark(row.question.number, row.question_id, row.marks, row.question.marks, script.chosen_by_id)
        for row in rows
        if counts[row.question.number] == row.question.alternative
    ]


def _difference(reference: CountedMark, given: CountedMark) -> Difference:
    return Difference(reference.number, reference.marks, given.marks, reference.maximum)
