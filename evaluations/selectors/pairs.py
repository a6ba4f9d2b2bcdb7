"""Two markings of the same paper beside each other, number by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from evaluations.models import Evaluation, MarkEvent, QuestionMark
from evaluations.selectors.totals import MarkedQuestion, counted_alternatives


@dataclass(frozen=True)
class CountedMark:
    """What counts of one number: with internal choice its better alternative. `actor`: who gave it."""

    number: int
    question: UUID
    marks: Decimal
    maximum: Decimal
    actor: UUID


@dataclass(frozen=True)
class Pair:
    number: int
    first: CountedMark
    second: CountedMark

    @property
    def difference(self) -> Decimal:
        return self.second.marks - self.first.marks


def counted_marks(evaluation: Evaluation) -> dict[int, CountedMark]:
    """By number, as the marks stand. Two queries."""
    marks = list(QuestionMark.objects.filter(evaluation=evaluation).select_related("question"))
    events = MarkEvent.objects.filter(evaluation=evaluation).order_by("id")
    actors = dict(events.values_list("question_id", "actor_id"))
    counts = counted_alternatives(_marked(marks))
    return {
        mark.question.number: CountedMark(
            number=mark.question.number,
            question=mark.question_id,
            marks=mark.marks,
            maximum=mark.question.marks,
            actor=actors[mark.question_id],
        )
        for mark in marks
        if counts[mark.question.number] == mark.question.alternative
    }


def counted_pairs(first: Evaluation, second: Evaluation) -> list[Pair]:
    """The numbers that both have marked, in order. Four queries."""
    ours, theirs = counted_marks(first), counted_marks(second)
    return [Pair(number, ours[number], theirs[number]) for number in sorted(ours.keys() & theirs.keys())]


def _marked(marks: Iterable[QuestionMark]) -> list[MarkedQuestion]:
    return [MarkedQuestion(mark.question.number, mark.question.alternative, mark.marks) for mark in marks]
