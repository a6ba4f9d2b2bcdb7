"""Everything a marker needs for one paper."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.models import MarkingStep, PaperQuestion, ShownContent
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.pictures import PictureView, picture_views
from evaluations.selectors.progress import Progress, measure_progress, written_questions
from evaluations.selectors.sheets import PageView, pages_of


@dataclass(frozen=True)
class StepView:
    """A step of the marking scheme; `part` and `alternative` place it in a case study ("iii", "a"). `method`: which of
    the complete solutions it belongs to; `number`: its number there. `follows`: the numbers, in the same method, of the
    steps whose value it builds on."""

    id: UUID
    position: int
    part: str
    alternative: str
    kind: str
    html: str
    marks: Decimal
    follows: list[int]
    method: int
    number: int


@dataclass(frozen=True)
class MarkView:
    """The current mark. `steps`: {step id: "0.5"}; empty with marks above 0: free marks, explained in `comment`."""

    version: int
    steps: dict[str, str]
    marks: Decimal
    comment: str
    comment_html: str
    updated_at: datetime


@dataclass(frozen=True)
class DeskQuestion:
    """A written question. With internal choice two share `number`, alternatives "a" and "b". `method_titles`: of the
    methods of its scheme in order, as far as they have one."""

    id: UUID
    section: str
    number: int
    alternative: str
    type: str
    marks: Decimal
    html: str
    parts: list[dict[str, Any]]
    model_answer_html: str
    steps: list[StepView]
    method_titles: list[str]
    mark: MarkView | None
    not_attempted: bool
    pages: list[UUID]

    @property
    def label(self) -> str:
        return f"{self.number}{self.alternative}"


@dataclass(frozen=True)
class Desk:
    """`student_name` is empty where the exam hides names."""

    evaluation: Evaluation
    exam_title: str
    paper_title: str
    student_name: str
    pages: list[PageView]
    questions: list[DeskQuestion]
    pictures: list[PictureView]
    progress: Progress
    written_max: Decimal


def desk_data(evaluation: Evaluation) -> Desk:
    """Five queries, however many pages, questions and marks, when the evaluation is one of `with_paper`; one more where
    a clearer picture was asked for."""
    attempt = evaluation.attempt
    pages = pages_of(evaluation)
    rows = list(written_questions(evaluation).select_related("version"))
    steps = steps_by_question(rows)
    marks = {m.question_id: m for m in QuestionMark.objects.filter(evaluation=evaluation)}
    progress = measure_progress(rows, marks.values(), attempt.paper.written_marks)
    return Desk(
        evaluation=evaluation,
        exam_title=attempt.exam.title,
        paper_title=attempt.paper.title,
        student_name="" if attempt.exam.hide_names else attempt.student.name,
        pages=pages,
        questions=[_question(row, steps[row.pk], marks.get(row.pk), progress, pages) for row in rows],
        pictures=picture_views(evaluation.pk) if getattr(evaluation, "has_pictures", True) else [],
        progress=progress,
        written_max=attempt.paper.written_marks if evaluation.numbers is None else evaluation.max_marks,
    )


def steps_by_question(questions: list[PaperQuestion]) -> dict[UUID, list[StepView]]:
    """The marking schemes of the questions, as they read on this paper, by the question's id. One query."""
    schemes: dict[UUID, list[MarkingStep]] = defaultdict(list)
    versions = [q.version_id for q in questions]
    for step in MarkingStep.objects.filter(version__in=versions).order_by("version", "position"):
        schemes[step.version_id].append(step)
    return {row.pk: _step_views(schemes[row.version_id], row.shown) for row in questions}


def _step_views(steps: list[MarkingStep], shown: ShownContent) -> list[StepView]:
    numbers: Counter[int] = Counter()
    views = []
    for step in steps:
        method = step.method or 1
        numbers[method] += 1
        views.append(
            StepView(
                id=step.pk,
                position=step.position,
                part=step.part,
                alternative=step.alternative,
                kind=step.kind,
                html=shown.step_html(step.position, step.text_html),
                marks=step.marks,
                follows=step.follows or [],
                method=method,
                number=numbers[method],
            )
        )
    return views


def mark_view(mark: QuestionMark | None) -> MarkView | None:
    if mark is None:
        return None
    return MarkView(mark.version, mark.steps, mark.marks, mark.comment, mark.comment_html, mark.updated_at)


def _question(
    row: PaperQuestion,
    steps: list[StepView],
    mark: QuestionMark | None,
    progress: Progress,
    pages: list[PageView],
) -> DeskQuestion:
    shown = row.shown
    return DeskQuestion(
        id=row.pk,
        section=row.section,
        number=row.number,
        alternative=row.alternative,
        type=row.type,
        marks=row.marks,
        html=shown.text_html,
        parts=shown.parts,
        model_answer_html=shown.model_answer_html,
        steps=steps,
        method_titles=row.version.method_titles or [],
        mark=mark_view(mark),
        not_attempted=row.number in progress.not_attempted,
        pages=[page.id for page in pages if row.number in page.questions],
    )
