"""A marked paper as the student (and guardians, and the markers) read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.enums import AttemptState, UploadState
from assessments.models import Attempt, PaperQuestion, Response, SheetPage
from assessments.services.keys import keys_of, with_corrected_keys
from assessments.services.scoring import ScoredPart
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.desk import StepView, steps_by_question
from evaluations.selectors.result_answers import scored_parts
from evaluations.selectors.sheets import PageView, page_views
from evaluations.selectors.totals import ZERO, MarkedQuestion, counted_alternatives

# States of a result that are not states of an evaluation.
NOT_HANDED_IN = "not_handed_in"
OPENING = "opening"
OBJECTIVE_ONLY = "objective_only"


@dataclass(frozen=True)
class ResultStep:
    step: StepView
    awarded: Decimal


@dataclass(frozen=True)
class ResultQuestion:
    """One question with its mark. `awarded` None: written and never marked (not attempted). `counts` is False for the
    alternative of an internal choice that gave less. `answer` and `key` only of objective questions; `scored` has how
    each blank or pair was marked."""

    id: UUID
    section: str
    number: int
    alternative: str
    type: str
    is_written: bool
    marks: Decimal
    awarded: Decimal | None
    counts: bool
    html: str
    options: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    answer: dict[str, Any]
    scored: list[ScoredPart]
    is_correct: bool | None
    key: dict[str, Any]
    explanation_html: str
    model_answer_html: str
    steps: list[ResultStep]
    comment: str
    pages: list[UUID]

    @property
    def label(self) -> str:
        return f"{self.number}{self.alternative}"


@dataclass(frozen=True)
class Result:
    """`is_ready` False: only the state and the promise are known; marks, questions and pages are left out.

    `state` is the evaluation's, or "not_handed_in", "opening" (the evaluation is about to be made) or "objective_only".
    """

    attempt: Attempt
    evaluation: Evaluation | None
    state: str
    is_ready: bool
    due_at: datetime | None
    released_at: datetime | None
    objective_marks: Decimal | None
    objective_max: Decimal | None
    written_marks: Decimal | None
    written_max: Decimal
    total_marks: Decimal | None
    max_marks: Decimal
    questions: list[ResultQuestion]
    pages: list[PageView]


def result_data(attempt: Attempt) -> Result:
    """Without an evaluation the objective marks are the result. Six queries, however large the paper, when the attempt
    came with its paper and evaluation."""
    evaluation: Evaluation | None = getattr(attempt, "evaluation", None)
    state = _state(attempt, evaluation)
    ready = state in (EvaluationState.RELEASED, OBJECTIVE_ONLY)
    pages = page_views(attempt.pk, evaluation.pk if evaluation else None) if ready else []
    questions = _questions(attempt, evaluation, pages) if ready else []
    objective = (attempt.objective_marks or ZERO) if ready else None
    written = ((evaluation.written_marks if evaluation else None) or ZERO) if ready else None
    return Result(
        attempt=attempt,
        evaluation=evaluation,
        state=state,
        is_ready=ready,
        due_at=evaluation.due_at if evaluation else None,
        released_at=evaluation.released_at if evaluation and ready else None,
        objective_marks=objective,
        objective_max=attempt.objective_max,
        written_marks=written,
        written_max=attempt.paper.written_marks,
        total_marks=objective + written if objective is not None and written is not None else None,
        max_marks=attempt.paper.total_marks,
        questions=questions,
        pages=pages,
    )


def _state(attempt: Attempt, evaluation: Evaluation | None) -> str:
    if evaluation is not None:
        return evaluation.state
    if attempt.state != AttemptState.HANDED_IN:
        return NOT_HANDED_IN
    pages = SheetPage.objects.filter(upload__attempt=attempt.pk, upload__state=UploadState.VERIFIED)
    return OPENING if attempt.paper.written_marks > 0 and pages.exists() else OBJECTIVE_ONLY


def _questions(attempt: Attempt, evaluation: Evaluation | None, pages: list[PageView]) -> list[ResultQuestion]:
    rows = list(
        with_corrected_keys(
            PaperQuestion.objects.filter(paper=attempt.paper_id)
            .select_related("version")
            .order_by("number", "alternative")
        )
    )
    steps = steps_by_question([row for row in rows if row.is_written])
    keys = keys_of(row for row in rows if not row.is_written)
    responses = {r.question_id: r for r in Response.objects.filter(attempt=attempt)}
    marks = {m.question_id: m for m in QuestionMark.objects.filter(evaluation=evaluation)} if evaluation else {}
    counted = counted_alternatives(
        MarkedQuestion(row.number, row.alternative, marks[row.pk].marks) for row in rows if row.pk in marks
    )
    made = []
    for row in rows:
        counts = counted.get(row.number, row.alternative) == row.alternative
        tagged = [page.id for page in pages if row.number in page.questions]
        if row.is_written:
            made.append(_written(row, steps[row.pk], marks.get(row.pk), counts, tagged))
        else:
            made.append(_objective(row, responses.get(row.pk), keys[row.pk], tagged))
    return made


def _written(
    row: PaperQuestion, steps: list[StepView], mark: QuestionMark | None, counts: bool, pages: list[UUID]
) -> ResultQuestion:
    given = mark.steps if mark else {}
    return _base(
        row,
        pages,
        awarded=mark.marks if mark else None,
        counts=counts,
        steps=[ResultStep(step, Decimal(given.get(str(step.id), "0"))) for step in steps],
        comment=mark.comment if mark else "",
    )


def _objective(row: PaperQuestion, response: Response | None, key: dict[str, Any], pages: list[UUID]) -> ResultQuestion:
    answer, shown = response.answer if response else {}, row.shown
    return _base(
        row,
        pages,
        scored=scored_parts(row.type, row.marks, key, answer, shown.parts),
        awarded=(response.marks if response and response.marks is not None else ZERO),
        answer=answer,
        is_correct=response.is_correct if response else False,
        key=key,
    )


def _base(row: PaperQuestion, pages: list[UUID], **known: Any) -> ResultQuestion:
    shown = row.shown
    empty: dict[str, Any] = {
        "counts": True,
        "answer": {},
        "scored": [],
        "is_correct": None,
        "key": {},
        "steps": [],
        "comment": "",
    }
    return ResultQuestion(
        id=row.pk,
        section=row.section,
        number=row.number,
        alternative=row.alternative,
        type=row.type,
        is_written=row.is_written,
        marks=row.marks,
        html=shown.text_html,
        options=shown.options,
        parts=shown.parts,
        explanation_html=shown.explanation_html,
        model_answer_html=shown.model_answer_html,
        pages=pages,
        **{**empty, **known},
    )
