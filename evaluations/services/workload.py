"""What there is to mark on a paper, by type of question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from assessments.models import Attempt, PaperQuestion, Response
from evaluations.enums import OPEN_STATES
from evaluations.models import Evaluation

BATCH = 500


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


def share_work(attempt: Attempt, numbers: Collection[int]) -> dict[str, Any]:
    """Of these numbers only."""
    written = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True, number__in=list(numbers))
    of: dict[int, tuple[str, float]] = {}
    for number, kind, marks in written.order_by("number", "alternative").values_list("number", "type", "marks"):
        of.setdefault(number, (kind, float(marks)))
    return _summed(of, ())


def work_to_do(evaluation: Evaluation) -> dict[str, Any]:
    """What is kept of the paper, or worked out where it is from before it was kept."""
    return evaluation.work if evaluation.work is not None else attempt_work(evaluation.attempt)
