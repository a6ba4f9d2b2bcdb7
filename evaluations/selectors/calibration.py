"""Which calibration scripts a teacher may have, how they stand with an exam, and how a practice paper is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Exam
from evaluations.enums import (
    CLEARED,
    PRACTICE_ROLES,
    EvaluationRole,
    EvaluationState,
    RoundState,
    ScriptState,
    StandingState,
)
from evaluations.models import (
    CalibrationScript,
    Evaluation,
    ExamChecks,
    MarkerStanding,
    MarkEvent,
    PracticePaper,
    PracticeRound,
)
from evaluations.models.evaluation import agreed_to_scans
from evaluations.selectors.conflicts import kin_of

#: So long after an exam has closed papers of it may still come.
MARKED_FOR = timedelta(days=30)
#: To be read with an evaluation whose exam is shown.
WITH_SCRIPT = ("practice__script__checks__exam",)


@dataclass(frozen=True)
class PracticeCard:
    """What a teacher is told of an exam that asks for practice. `kind`: "begin", "carry_on" or "again" (something to
    mark), "stuck" (all rounds used: the staff decide) or "paused" (nothing but the staff helps). `left`: papers of the
    round, `next`: the evaluation to open, where a round is open."""

    exam_id: UUID
    exam: str
    kind: str
    papers: int
    left: int = 0
    next: UUID | None = None
    is_paused: bool = False


def usable_scripts(checks: ExamChecks, use: str) -> QuerySet[CalibrationScript]:
    """Those in use whose student still agrees."""
    agreed = Exists(agreed_to_scans(OuterRef("record__attempt__student")))
    return CalibrationScript.objects.filter(agreed, checks=checks, use=use, state=ScriptState.READY)


def scripts_open_to(teacher: User, checks: ExamChecks, use: str) -> list[CalibrationScript]:
    """Of these such as the teacher may have: nobody of their family, and nothing they marked themselves. Two queries
    beside those for the family."""
    marked = MarkEvent.objects.filter(evaluation__attempt=OuterRef("record__attempt"), actor=teacher)
    rows = usable_scripts(checks, use).exclude(Exists(marked.exclude(evaluation__role__in=PRACTICE_ROLES)))
    rows = rows.exclude(record__attempt__student__in=list(kin_of({teacher.pk})[teacher.pk]))
    return list(rows.select_related("record__attempt__exam", "record__attempt__paper", "record__policy", "checks"))


def seen_by(teacher: User, scripts: Iterable[CalibrationScript]) -> list[UUID]:
    """Those of the scripts that the teacher has had, the last one last, each as often as they had it. By the paper, not
    by the script: a reference that was made anew is of pages they know."""
    of_record = {script.record_id: script.pk for script in scripts}
    had = PracticePaper.objects.filter(teacher=teacher, script__record__in=list(of_record)).order_by("given_at", "id")
    return [of_record[record] for record in had.values_list("script__record_id", flat=True)]


def practice_cards(teacher: User, now: datetime) -> list[PracticeCard]:
    """Of the exams of the teacher's programmes that are open, or were until lately, those that ask for practice, or of
    which they are paused, where there is something to say. Three queries, one while there is none."""
    own = MarkerStanding.objects.filter(checks=OuterRef("pk"), teacher=teacher)
    named = ExamChecks.moderators.through.objects.filter(examchecks=OuterRef("pk"), user=teacher)
    unpractised = ~Exists(own.filter(state__in=CLEARED)) & ~Exists(named)
    rows = ExamChecks.objects.filter(exam__programme__in=teacher.qualifications.values("programme_id"))
    rows = rows.filter(Q(exam__closes_at=None) | Q(exam__closes_at__gte=now - MARKED_FOR))
    asked = rows.filter(practice_papers__gt=0).filter(unpractised) if not teacher.is_staff else rows.none()
    paused = rows.filter(Exists(own.filter(paused_at__isnull=False)))
    found = list((asked | paused).select_related("exam").order_by("-exam_id")[:20])
    if not found:
        return []
    standings = {one.checks_id: one for one in MarkerStanding.objects.filter(checks__in=found, teacher=teacher)}
    rounds = PracticeRound.objects.filter(checks__in=found, teacher=teacher).order_by("number")
    open_rounds = {one.checks_id: one for one in rounds.prefetch_related("papers__evaluation") if one.ended_at is None}
    return [_card(one, standings.get(one.pk), open_rounds.get(one.pk)) for one in found]


def practised_exams(teacher: User) -> QuerySet[ExamChecks]:
    """The checks of exams that the teacher practises for, could, or did."""
    programmes = teacher.qualifications.values("programme_id")
    asked = ExamChecks.objects.filter(practice_papers__gt=0, exam__programme__in=programmes)
    stands = MarkerStanding.objects.filter(checks=OuterRef("pk"), teacher=teacher)
    return (asked | ExamChecks.objects.filter(Exists(stands))).select_related("exam")


def may_begin(checks: ExamChecks, standing: MarkerStanding | None) -> bool:
    """Whether there is a reason to practise, and a round left. Pure."""
    if checks.practice_papers == 0 or (standing and standing.state == StandingState.FAILED):
        return False
    return standing is None or standing.state not in CLEARED or standing.paused_at is not None


def _card(checks: ExamChecks, standing: MarkerStanding | None, at_work: PracticeRound | None) -> PracticeCard:
    is_paused = standing is not None and standing.paused_at is not None
    common = {"exam_id": checks.pk, "exam": checks.exam.title, "papers": checks.practice_papers, "is_paused": is_paused}
    if at_work is not None:
        open_ones = [one for one in at_work.papers.all() if one.evaluation.state == EvaluationState.PRACTICE]
        next_one = open_ones[0].evaluation_id if open_ones else None
        return PracticeCard(kind="carry_on", left=len(open_ones), next=next_one, **common)
    if not may_begin(checks, standing):
        return PracticeCard(kind="paused" if is_paused and not checks.practice_papers else "stuck", **common)
    tried = standing is not None and (standing.watched_from is not None or is_paused)
    return PracticeCard(kind="again" if tried else "begin", **common)


# --- As it is shown --------------------------------------------------------------------------------------------------
def shown_exam(evaluation: Evaluation) -> Exam:
    """The exam that the marker reads: a script may come from an earlier one."""
    if evaluation.role not in PRACTICE_ROLES:
        return evaluation.attempt.exam
    known = evaluation._state.fields_cache.get("practice")
    rows = PracticePaper.objects.filter(evaluation=evaluation).select_related("script__checks__exam")
    exam: Exam = (known or rows.get()).script.checks.exam
    return exam


def shown_name(evaluation: Evaluation, exam: Exam) -> str:
    """The student's name for the marker, empty where the exam hides names. A practice paper never shows one: where
    names are read a code stands in its place."""
    if exam.hide_names:
        return ""
    if evaluation.role in PRACTICE_ROLES:
        return _("Candidate %s") % sha256(evaluation.pk.bytes).hexdigest()[:6].upper()
    return evaluation.attempt.student.name


def is_practice(evaluation: Evaluation) -> bool:
    """Whether its marker knows that nobody waits for it."""
    return evaluation.role == EvaluationRole.PRACTICE


def rounds_used(checks: ExamChecks, teacher: User, standing: MarkerStanding) -> int:
    """Rounds that were not passed, of those that still count. One query."""
    rounds = PracticeRound.objects.filter(checks=checks, teacher=teacher, number__gt=standing.rounds_from)
    return rounds.filter(state=RoundState.FAILED).count()
