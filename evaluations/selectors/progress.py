"""How far the marking of a paper is: which written questions have a mark, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

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


def written_questions(evaluation: Evaluation) -> QuerySet[Any]:
    """The written questions of the paper, or of the share, in order, each with `skipped`: declared not attempted."""
    attempt = evaluation.attempt
    said = Response.objects.filter(attempt=attempt.pk, question=OuterRef("pk"), answer__not_attempted=True)
    rows = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True).annotate(skipped=Exists(said))
    rows = rows if evaluation.numbers is None else rows.filter(number__in=evaluation.numbers)
    return rows.order_by("number", "alternative")


def measure_progress(questions: Iterable[Any], marks: Iterable[QuestionMark], maximum: Decimal) -> Progress:
    """Pure: from the rows of `written_questions` and the marks given to them."""
    written = {q.pk: q for q in questions}
    marked = [MarkedQuestion(written[m.question_id].number, written[m.question_id].alternative, m.marks) for m in marks]
    return Progress(
        numbers=tuple(sorted({q.number for q in written.values()})),
        marked=frozenset(m.number for m in marked),
        not_attempted=frozenset(q.number for q in written.values() if q.skipped),
        total=paper_total(marked, maximum),
    )


def marking_progress(evaluation: Evaluation) -> Progress:
    """Two queries."""
    marks = QuestionMark.objects.filter(evaluation=evaluation)
    return measure_progress(written_questions(evaluation), marks, evaluation.attempt.paper.written_marks)
