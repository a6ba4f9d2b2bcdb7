"""Seeded scripts: now and then one of a teacher's papers has agreed marks, and looks like any other until it is
finished.

They come after papers that the teacher has finished, at the exam's rate and by a draw that can be played again
(`practice_rules.seeds_due`). No student waits for one, so none comes, or is taken up, while a paper is due soon, and
one that was not begun in time is taken back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import TeacherProfile, User
from evaluations.enums import EvaluationRole, EvaluationState, ScriptUse
from evaluations.models import Evaluation, ExamChecks, PracticePaper
from evaluations.models.evaluation import agreed_to_scans
from evaluations.selectors.calibration import scripts_open_to, seen_by
from evaluations.services.policies import promised_at
from evaluations.services.practice import give_script, take_back
from evaluations.services.practice_rules import in_drawn_order, seeds_due

#: While a paper is due in this time, as the board counts what is due soon, no seed comes before it.
NEAR = timedelta(hours=6)
WITH_A_TEACHER = (EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)
BATCH = 200
#: What is marked as a paper of its own; a re-mark is one question.
COUNTED = (EvaluationRole.RECORD, EvaluationRole.SHARE, EvaluationRole.SECOND)


def plant_seed(*, after: Evaluation, teacher: User, now: datetime) -> PracticePaper | None:
    """After a paper was finished for the first time: the seeded script that is due by then, if one is. Call it in the
    transaction that finished the paper."""
    checks = ExamChecks.objects.filter(pk=after.attempt.exam_id, seed_every__gt=0).select_related("exam").first()
    if checks is None or after.role not in COUNTED:
        return None
    # The profile's lock makes two papers that are finished at once come one after the other.
    profiles = TeacherProfile.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    profile = profiles.get(user=teacher)
    done = Evaluation.objects.filter(
        teacher=teacher, attempt__exam=checks.pk, role__in=COUNTED, is_shared=False, finalised_at__isnull=False
    )
    due = seeds_due(done.count(), every=checks.seed_every, exam=checks.pk, teacher=teacher.pk)
    had = PracticePaper.objects.filter(teacher=teacher, round=None, script__checks=checks)
    if due <= had.count() or _open_seeds(teacher).exists() or is_pressed(teacher, now):
        return None
    scripts = {one.pk: one for one in scripts_open_to(teacher, checks, ScriptUse.SEED)}
    fresh = set(scripts) - set(seen_by(teacher, scripts.values()))
    if not fresh:
        return None
    script = scripts[in_drawn_order(fresh, key=f"seed:{checks.pk}:{teacher.pk}")[0]]
    due_at = promised_at(policy=script.record.policy, submitted_at=now)
    return give_script(script=script, profile=profile, role=EvaluationRole.SEED, at_work=None, due_at=due_at, now=now)


def next_seed(teacher: User, first: Evaluation | None, now: datetime) -> Evaluation | None:
    """The seed that comes before `first`, the teacher's next paper; None where there is none, or where a paper is due
    soon. Locks it."""
    rows = _open_seeds(teacher).filter(claimed_at=None)
    rows = rows.order_by("due_at", "id").select_related("attempt__paper", "attempt__exam")
    seed: Evaluation | None = rows.select_for_update(skip_locked=True, of=("self",)).first()
    if seed is None or (first is not None and first.due_at < seed.due_at) or is_pressed(teacher, now):
        return None
    return seed


def is_pressed(teacher: User, now: datetime) -> bool:
    """Whether a paper of the teacher is due soon, or late."""
    mine = Evaluation.objects.filter(teacher=teacher, state__in=WITH_A_TEACHER, finalised_at=None)
    return mine.filter(due_at__lt=now + NEAR).exists()


def tend_practice(*, now: datetime) -> int:
    """Takes back seeds that were not begun in time, and what a student does not agree to any more. Returns how many.
    Repeatable."""
    is_open = PracticePaper.objects.filter(evaluation__state=EvaluationState.PRACTICE)
    late = is_open.filter(round=None, evaluation__claimed_at=None, evaluation__due_at__lt=now)
    unwilling = is_open.filter(~Exists(agreed_to_scans(OuterRef("evaluation__attempt__student"))))
    done = 0
    for rows, reason in ((late, "A seeded script that was not begun in time."), (unwilling, "Consent withdrawn.")):
        for paper in list(rows[:BATCH]):
            with transaction.atomic():
                take_back(paper=paper, reason=reason, now=now)
            done += 1
    return done


def _open_seeds(teacher: User) -> QuerySet[Evaluation]:
    """Whose student agrees."""
    agreed = Exists(agreed_to_scans(OuterRef("attempt__student")))
    rows = Evaluation.objects.filter(agreed, teacher=teacher, role=EvaluationRole.SEED)
    return rows.filter(state=EvaluationState.PRACTICE)
