"""How far the marking of a paper is: which written questions have a mark, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from assessments.models import PaperQuestion, Response
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.totals import MarkedQuestion, paper_total


@dataclass(frozen=True)
class Progress:
    """Written question numbers of a paper. A number is done when one of its alternatives has a mark, or when the
    student declared it not attempted."""

    numbers: tuple[int, ...]
    marked: frozenset[int]
    not_attempted: frozenset[int]
    total: Decimal

    @property
    def missing(self) -> list[int]:
        return [n for n in self.numbers if n not in self.marked and n not in self.not_attempted]


def not_attempted_numbers(attempt_id: UUID) -> frozenset[int]:
    """Numbers of the written questions that the student declared not attempted."""
    said = Response.objects.filter(attempt=attempt_id, question__is_written=True).select_related("question")
    return frozenset(r.question.number for r in said if r.answer.get("not_attempted") is True)


def measure_progress(
    questions: Iterable[PaperQuestion],
    marks: Iterable[QuestionMark],
    not_attempted: frozenset[int],
    maximum: Decimal,
) -> Progress:
    """Pure: from rows that are already loaded."""
    written = {q.pk: q for q in questions if q.is_written}
    marked = [
        MarkedQuestion(written[m.question_id].number, written[m.question_id].alternative, m.marks)
        for m in marks
        if m.question_id in written
    ]
    return Progress(
        numbers=tuple(sorted({q.number for q in written.values()})),
        marked=frozenset(m.number for m in marked),
        not_attempted=not_attempted,
        total=paper_total(marked, maximum),
    )


def marking_progress(evaluation: Evaluation) -> Progress:
    """Three queries."""
    paper = evaluation.attempt.paper
    return measure_progress(
        PaperQuestion.objects.filter(paper=paper, is_written=True),
        QuestionMark.objects.filter(evaluation=evaluation),
        not_attempted_numbers(evaluation.attempt_id),
        paper.written_marks,
    )
