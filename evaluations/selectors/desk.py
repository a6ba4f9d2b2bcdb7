"""Everything a marker needs for one paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from assessments.models import PaperQuestion, ShownContent
from evaluations.enums import PRACTICE_ROLES
from evaluations.models import Evaluation, MarkEvent, QuestionMark, SchemeLook, SchemeRevision
from evaluations.selectors.calibration import shown_exam, shown_name
from evaluations.selectors.pictures import PictureView, picture_views
from evaluations.selectors.progress import Progress, measure_progress, written_questions
from evaluations.selectors.schemes import (
    Scheme,
    changes_in_words,
    histories_read,
    numbered_lines,
    revised_lines,
)
from evaluations.selectors.sheets import PageView, pages_of


@dataclass(frozen=True)
class StepView:
    """A step of the marking scheme; `part` and `alternative` place it in a case study ("iii", "a"). `method`: which of
    the complete solutions it belongs to; `number`: its number there. `follows`: the numbers, in the same method, of the
    steps whose value it builds on. `change`: "new" or "changed" since the paper was frozen, else empty."""

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
    change: str = ""


@dataclass(frozen=True)
class SchemeView:
    """A question's scheme as it is marked by. `number`: of its revision, 0 for the one it was frozen with; `said`: what
    is different from that, in words."""

    steps: list[StepView]
    number: int = 0
    is_given: bool = False
    said: tuple[str, ...] = ()


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
    methods of its scheme in order, as far as they have one. `look`: it is to be looked at again for a new step.
    `mark_version`: what a next change of the mark goes on from; above 0 without a mark where that was withdrawn."""

    id: UUID
    version: UUID
    section: str
    number: int
    alternative: str
    type: str
    marks: Decimal
    html: str
    parts: list[dict[str, Any]]
    model_answer_html: str
    scheme: SchemeView
    method_titles: list[str]
    look: bool
    mark: MarkView | None
    mark_version: int
    not_attempted: bool
    pages: list[UUID]

    @property
    def steps(self) -> list[StepView]:
        return self.scheme.steps

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
    attempt, exam = evaluation.attempt, shown_exam(evaluation)
    pages = pages_of(evaluation)
    events = MarkEvent.objects.filter(evaluation=evaluation, question=OuterRef("pk")).order_by("-version")
    seen = {"mark_version": Subquery(events.values("version")[:1])}
    rows = list(written_questions(evaluation).select_related("version").annotate(**seen))
    schemes = schemes_by_question(rows, None if evaluation.role in PRACTICE_ROLES else attempt.exam_id)
    looks = _looks(evaluation) if any(one.number for one in schemes.values()) else set()
    marks = {m.question_id: m for m in QuestionMark.objects.filter(evaluation=evaluation)}
    progress = measure_progress(rows, marks.values(), attempt.paper.written_marks)
    return Desk(
        evaluation=evaluation,
        exam_title=exam.title,
        paper_title=attempt.paper.title if exam == attempt.exam else exam.title,
        student_name=shown_name(evaluation, exam),
        pages=pages,
        questions=[
            _question(row, schemes[row.pk], marks.get(row.pk), progress, pages, row.pk in looks) for row in rows
        ],
        pictures=picture_views(evaluation.pk) if getattr(evaluation, "has_pictures", True) else [],
        progress=progress,
        written_max=attempt.paper.written_marks if evaluation.numbers is None else evaluation.max_marks,
    )


def schemes_by_question(
    questions: Sequence[PaperQuestion],
    exam_id: UUID | None,
    used: Mapping[UUID, SchemeRevision | None] | None = None,
) -> dict[UUID, SchemeView]:
    """The marking schemes of the questions, as they read on this paper, by the question's id: those of now, or with
    `used` the ones that marks were given by, where there is none the frozen one. One query; for those of now two where
    a scheme was changed."""
    histories, places = histories_read(None if used is not None else exam_id, questions)
    views = {}
    for row in questions:
        history = histories[row.version_id]
        frozen, scheme = history.schemes[0], history.now
        if used and (revision := used.get(row.pk)) is not None:
            scheme = Scheme(revised_lines(revision), revision)
        views[row.pk] = SchemeView(
            steps=_step_views(scheme, frozen, row.shown, places),
            number=scheme.number,
            is_given=scheme.is_given,
            said=tuple(changes_in_words(frozen, scheme)) if scheme.revision else (),
        )
    return views


def steps_by_question(questions: Sequence[PaperQuestion], exam_id: UUID | None) -> dict[UUID, list[StepView]]:
    """The steps of `schemes_by_question`; without an exam those of the frozen schemes."""
    return {key: view.steps for key, view in schemes_by_question(questions, exam_id).items()}


def _step_views(scheme: Scheme, frozen: Scheme, shown: ShownContent, places: Mapping[str, int]) -> list[StepView]:
    numbers, before = numbered_lines(scheme.lines), {line.id: line for line in frozen.lines}
    return [
        StepView(
            id=UUID(line.id),
            position=places.get(line.id, 0),
            part=line.part,
            alternative=line.alternative,
            kind=line.kind,
            # Words that nobody changed are those of the variant that was drawn.
            html=shown.step_html(places[line.id], line.html)
            if line.id in before and before[line.id].text == line.text
            else line.html,
            marks=line.marks,
            follows=list(line.follows),
            method=line.method,
            number=numbers[line.id],
            change="new" if line.id not in before else "changed" if before[line.id] != line else "",
        )
        for line in scheme.lines
    ]


def _looks(evaluation: Evaluation) -> set[UUID]:
    rows = SchemeLook.objects.filter(evaluation=evaluation, closed_at=None)
    return set(rows.values_list("question_id", flat=True))


def mark_view(mark: QuestionMark | None) -> MarkView | None:
    if mark is None:
        return None
    return MarkView(mark.version, mark.steps, mark.marks, mark.comment, mark.comment_html, mark.updated_at)


def _question(
    row: PaperQuestion,
    scheme: SchemeView,
    mark: QuestionMark | None,
    progress: Progress,
    pages: list[PageView],
    look: bool,
) -> DeskQuestion:
    shown = row.shown
    return DeskQuestion(
        id=row.pk,
        version=row.version_id,
        section=row.section,
        number=row.number,
        alternative=row.alternative,
        type=row.type,
        marks=row.marks,
        html=shown.text_html,
        parts=shown.parts,
        model_answer_html=shown.model_answer_html,
        scheme=scheme,
        method_titles=row.version.method_titles or [],
        look=look,
        mark=mark_view(mark),
        mark_version=mark.version if mark else getattr(row, "mark_version", None) or 0,
        not_attempted=row.number in progress.not_attempted,
        pages=[page.id for page in pages if row.number in page.questions],
    )
