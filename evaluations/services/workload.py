"""What there is to mark on a paper, by type of question, and how fast each teacher is with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from math import exp
from typing import Any
from uuid import UUID

from django.db.models import Avg, F
from django.db.models.functions import Ln

from accounts.models import TeacherProfile
from assessments.models import Attempt, PaperQuestion, Response
from evaluations.enums import OPEN_STATES
from evaluations.models import Evaluation, MarkEvent, MarkingSpeed
from evaluations.services.speeds import PAPERS, Pace, Sign, Spent, measured_speed, time_spent, whole

BATCH = 500
#: The type under which the speed with whole papers is kept.
WHOLE = ""


# --- What there is to mark -------------------------------------------------------------------------------------------
def work_of(attempts: Iterable[tuple[UUID, UUID]]) -> dict[UUID, dict[str, Any]]:
    """`Evaluation.work` for each attempt, given as (attempt, paper). Two queries for each BATCH.

    A number with a choice counts once, as its first alternative; one declared not attempted does not count.
    """
    pairs = list(attempts)
    found: dict[UUID, dict[str, Any]] = {}
    for start in range(0, len(pairs), BATCH):
        found |= _work_of(dict(pairs[start : start + BATCH]))
    return found


def works_of(papers: Collection[Evaluation]) -> dict[UUID, dict[str, Any]]:
    """What there is to mark on each paper, by evaluation."""
    known = {paper.pk: paper.work for paper in papers if paper.work is not None}
    missing = {paper.attempt_id: paper for paper in papers if paper.work is None}
    worked_out = work_of((key, paper.attempt.paper_id) for key, paper in missing.items())
    return known | {missing[key].pk: work for key, work in worked_out.items()}


def marks_left(work: Mapping[str, Any], done: int) -> dict[str, float]:
    """Marks by type that are still to be given, when `done` questions have their mark."""
    share = 1 - min(1.0, done / work["questions"]) if work["questions"] else 0.0
    return {kind: marks * share for kind, marks in work["marks"].items()}


def fill_missing_work() -> int:
    """For open papers from before it was kept, some at a time. Returns for how many."""
    rows = list(
        Evaluation.objects.filter(state__in=OPEN_STATES, work__isnull=True)
        .select_related("attempt")
        .order_by("due_at", "id")[:BATCH]
    )
    known = work_of((row.attempt_id, row.attempt.paper_id) for row in rows)
    for row in rows:
        row.work = known[row.attempt_id]
    return Evaluation.objects.bulk_update(rows, ["work"], batch_size=BATCH) if rows else 0


def _work_of(papers: Mapping[UUID, UUID]) -> dict[UUID, dict[str, Any]]:
    written = PaperQuestion.objects.filter(paper__in=set(papers.values()), is_written=True)
    numbers: dict[UUID, dict[int, tuple[str, float]]] = defaultdict(dict)
    for paper, number, kind, marks in written.order_by("number", "alternative").values_list(
        "paper_id", "number", "type", "marks"
    ):
        numbers[paper].setdefault(number, (kind, float(marks)))
    said = Response.objects.filter(attempt__in=papers, question__is_written=True, answer__not_attempted=True)
    skipped: dict[UUID, set[int]] = defaultdict(set)
    for attempt, number in said.values_list("attempt_id", "question__number"):
        skipped[attempt].add(number)
    return {attempt: _summed(numbers[paper], skipped[attempt]) for attempt, paper in papers.items()}


def _summed(numbers: Mapping[int, tuple[str, float]], skipped: Collection[int]) -> dict[str, Any]:
    left = [one for number, one in numbers.items() if number not in skipped]
    marks: dict[str, float] = defaultdict(float)
    for kind, each in left:
        marks[kind] += each
    return {"questions": len(left), "marks": dict(marks)}


def attempt_work(attempt: Attempt) -> dict[str, Any]:
    return work_of([(attempt.pk, attempt.paper_id)])[attempt.pk]


def work_to_do(evaluation: Evaluation) -> dict[str, Any]:
    """What is kept of the paper, or worked out where it is from before it was kept."""
    return evaluation.work if evaluation.work is not None else attempt_work(evaluation.attempt)


# --- How fast each teacher is ----------------------------------------------------------------------------------------
def paces_of(profiles: Collection[TeacherProfile]) -> dict[UUID, Pace]:
    """The pace of each teacher. One query."""
    rows: dict[UUID, list[MarkingSpeed]] = defaultdict(list)
    for row in MarkingSpeed.objects.filter(teacher__in=[profile.pk for profile in profiles]):
        rows[row.teacher_id].append(row)
    return {profile.pk: _pace(profile, rows[profile.pk]) for profile in profiles}


def _pace(profile: TeacherProfile, rows: Iterable[MarkingSpeed]) -> Pace:
    known = {row.question_type: row for row in rows}
    spread = {"spread": known.pop(WHOLE).spread} if WHOLE in known else {}
    by_type = {kind: row.seconds_per_mark for kind, row in known.items()}
    return Pace(usual=float(profile.seconds_per_mark), by_type=by_type, **spread)


def measure_speeds(*, profile: TeacherProfile, now: datetime) -> int:
    """Works out a teacher's speeds from their last finished papers; returns how many types are known of.

    The same again changes nothing. The caller has locked the profile. What a type takes before it is measured: the
    teacher's seconds per mark, times what it takes others more than their own.
    """
    papers = _last_papers(profile)
    rates: dict[str, list[float]] = defaultdict(list)
    for spent in papers:
        for kind, one in spent.items():
            rates[kind].append(one.rate)
        rates[WHOLE].append(whole(spent.values()).rate)
    if not rates:
        return 0
    usual, factors = float(profile.seconds_per_mark), _type_factors(profile)
    rows = []
    for kind in sorted(rates):
        speed = measured_speed(rates[kind], prior=usual * factors.get(kind, 1.0))
        rows.append(
            MarkingSpeed(
                teacher=profile,
                question_type=kind,
                seconds_per_mark=speed.seconds_per_mark,
                spread=speed.spread,
                papers=speed.papers,
                updated_at=now,
            )
        )
    MarkingSpeed.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["teacher", "question_type"],
        update_fields=["seconds_per_mark", "spread", "papers", "updated_at"],
    )
    return len(rows)


def _last_papers(profile: TeacherProfile) -> list[dict[str, Spent]]:
    """The teacher's time on each of their last papers until it was finished first; corrections later do not count."""
    finished = Evaluation.objects.filter(teacher=profile.pk, finalised_at__isnull=False).order_by("-finalised_at", "id")
    last = list(finished.values_list("pk", flat=True)[:PAPERS])
    events = MarkEvent.objects.filter(evaluation__in=last, at__lte=F("evaluation__finalised_at")).order_by("at", "id")
    signs: dict[UUID, list[Sign]] = {paper: [] for paper in last}
    for paper, question, kind, marks, active, actor in events.values_list(
        "evaluation_id", "question_id", "question__type", "question__marks", "active_seconds", "actor_id"
    ):
        signs[paper].append(Sign(question, kind, float(marks), active, actor == profile.pk))
    return [spent for each in signs.values() if (spent := time_spent(each))]


def _type_factors(profile: TeacherProfile) -> dict[str, float]:
    """How much longer each type takes other teachers than their own marks do on the whole, on geometric average."""
    others = MarkingSpeed.objects.exclude(teacher=profile).exclude(question_type=WHOLE).order_by()
    effects = others.values("question_type").annotate(
        effect=Avg(Ln("seconds_per_mark") - Ln("teacher__seconds_per_mark"))
    )
    return {row["question_type"]: exp(row["effect"]) for row in effects}
