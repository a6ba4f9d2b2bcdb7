"""What a teacher reads after a practice paper, question by question, and the exam's practice as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.models import User
from evaluations.enums import EvaluationState, RoundState
from evaluations.models import (
    CalibrationMark,
    CalibrationPair,
    ExamChecks,
    MarkerStanding,
    PracticePaper,
    PracticeRound,
    QuestionMark,
)
from evaluations.selectors.calibration import may_begin
from evaluations.selectors.desk import StepView, steps_by_question


@dataclass(frozen=True)
class StepBeside:
    step: StepView
    given: Decimal
    reference: Decimal

    @property
    def differs(self) -> bool:
        return self.given != self.reference


@dataclass(frozen=True)
class Feedback:
    """One question: `given` and `reference` marks of `most`. `by_steps`: whether both were given by the scheme's steps.
    `words`: why the reference is so; `own_words`: the teacher's comment."""

    number: int
    alternative: str
    html: str
    given: Decimal
    reference: Decimal
    most: Decimal
    is_within: bool
    steps: list[StepBeside]
    by_steps: bool
    words: str
    own_words: str

    @property
    def difference(self) -> Decimal:
        return self.given - self.reference


def feedback_page(paper: PracticePaper) -> dict[str, Any]:
    """Of a finished paper; `script__checks__exam`, `round` and `evaluation` are at hand. Five queries."""
    pairs = list(
        CalibrationPair.objects.filter(paper=paper).select_related("question__version").order_by("question__number")
    )
    # With internal choice the teacher's alternative may be another one than the reference's.
    references = {
        mark.question.number: mark
        for mark in CalibrationMark.objects.filter(script=paper.script_id).select_related("question").order_by("marks")
    }
    own = {mark.question_id: mark for mark in QuestionMark.objects.filter(evaluation=paper.evaluation_id)}
    views = steps_by_question([pair.question for pair in pairs], None)
    questions = [_feedback(pair, references, own, views[pair.question_id]) for pair in pairs]
    return {
        "paper": paper,
        "checks": paper.script.checks,
        "exam": paper.script.checks.exam,
        "label": paper.evaluation.short_id,
        "questions": questions,
        "apart": sum(not one.is_within for one in questions),
        "round": paper.round,
        "next": _next_of(paper.round) if paper.round else None,
    }


def practice_page(*, checks: ExamChecks, teacher: User) -> dict[str, Any]:
    """All rounds of a teacher for an exam, the newest first. Three queries."""
    standing = MarkerStanding.objects.filter(checks=checks, teacher=teacher).first()
    rounds = list(
        PracticeRound.objects.filter(checks=checks, teacher=teacher)
        .prefetch_related("papers__evaluation")
        .order_by("-number")
    )
    used = sum(
        one.state == RoundState.FAILED and one.number > (standing.rounds_from if standing else 0) for one in rounds
    )
    at_work = next((one for one in rounds if one.state == RoundState.OPEN), None)
    return {
        "checks": checks,
        "exam": checks.exam,
        "standing": standing,
        "rounds": rounds,
        "left": max(0, checks.practice_rounds - used),
        "next": _next_of(at_work) if at_work else None,
        "may_begin": at_work is None and may_begin(checks, standing),
    }


def _next_of(at_work: PracticeRound) -> Any:
    """The id of the next evaluation of the round that is not finished, or None. One query."""
    open_ones = PracticePaper.objects.filter(round=at_work, evaluation__state=EvaluationState.PRACTICE)
    return open_ones.order_by("id").values_list("evaluation_id", flat=True).first()


def _feedback(
    pair: CalibrationPair,
    references: Mapping[int, CalibrationMark],
    own: Mapping[Any, QuestionMark],
    steps: list[StepView],
) -> Feedback:
    reference, mine = references[pair.question.number], own[pair.question_id]
    by_steps = bool(reference.steps or not reference.marks) and bool(mine.steps or not mine.marks)
    by_steps = by_steps and reference.question_id == pair.question_id
    return Feedback(
        number=pair.question.number,
        alternative=pair.question.alternative,
        html=pair.question.shown.text_html,
        given=pair.given,
        reference=pair.reference,
        most=pair.max_marks,
        is_within=pair.is_within,
        steps=[
            StepBeside(
                step, Decimal(mine.steps.get(str(step.id), "0")), Decimal(reference.steps.get(str(step.id), "0"))
            )
            for step in steps
        ]
        if by_steps
        else [],
        by_steps=by_steps,
        words=reference.words,
        own_words=mine.comment,
    )


def last_rounds(checks: ExamChecks) -> Any:
    """Rounds of an exam, each teacher's last one only."""
    newest = PracticeRound.objects.filter(checks=OuterRef("checks"), teacher=OuterRef("teacher")).order_by("-number")
    return PracticeRound.objects.filter(checks=checks, pk=Subquery(newest.values("pk")[:1]))
