"""What a marker may want to compare with: the student's earlier marks, and who got a step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from assessments.models import MarkingStep, PaperQuestion
from evaluations.enums import PRACTICE_ROLES, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, QuestionMark

EARLIER = 8
#: More papers of an exam one teacher does not look through.
PAPERS = 200
READ = (EvaluationState.IN_PROGRESS, EvaluationState.FINALISED, EvaluationState.RELEASED, EvaluationState.ASSIGNED)


@dataclass(frozen=True)
class EarlierMark:
    """A mark that the student has had back; nothing in it says who they are."""

    exam: str
    number: int
    marks: Decimal
    out_of: Decimal
    at: datetime


@dataclass(frozen=True)
class StepPlace:
    """What a step got on a paper: "" for nothing. `is_open`: the paper can still be changed."""

    evaluation: UUID
    label: str
    number: int
    given: str
    is_open: bool


def earlier_marks(*, evaluation: Evaluation, question_id: UUID) -> list[EarlierMark]:
    """The student's marks on papers that came back before this one was handed in: of the same chapter, and of the same
    number of the same exam; the newest first. Two queries."""
    if evaluation.role in PRACTICE_ROLES:
        # Among them would be the paper itself, with the marks that are to be found.
        return []
    questions = PaperQuestion.objects.filter(paper=evaluation.attempt.paper_id, is_written=True)
    found = questions.filter(pk=question_id).values_list("number", "version__question__chapter").first()
    if found is None:
        return []
    number, chapter = found
    again = Q(evaluation__attempt__exam=evaluation.attempt.exam_id, question__number=number)
    rows = QuestionMark.objects.filter(
        again | Q(question__version__question__chapter=chapter),
        evaluation__role=EvaluationRole.RECORD,
        evaluation__state=EvaluationState.RELEASED,
        evaluation__attempt__student=evaluation.attempt.student_id,
        evaluation__submitted_at__lt=evaluation.submitted_at,
    ).select_related("question", "evaluation__attempt__exam")
    return [
        EarlierMark(
            exam=row.evaluation.attempt.exam.title,
            number=row.question.number,
            marks=row.marks,
            out_of=row.question.marks,
            at=row.evaluation.submitted_at,
        )
        for row in rows.order_by("-evaluation__submitted_at", "question__number")[:EARLIER]
    ]


def step_places(*, evaluation: Evaluation, reader: User, step_id: UUID) -> list[StepPlace]:
    """The papers of the exam that the reader marks or marked, with what the step got, the most first. Two queries."""
    on_paper = PaperQuestion.objects.filter(paper=evaluation.attempt.paper_id, is_written=True).values("version")
    version = MarkingStep.everywhere.filter(pk=step_id, version__in=on_paper).values_list("version", flat=True).first()
    if version is None:
        return []
    rows = QuestionMark.objects.filter(
        question__version=version,
        evaluation__attempt__exam=evaluation.attempt.exam_id,
        evaluation__teacher=reader,
        evaluation__state__in=READ,
    ).select_related("question", "evaluation")
    # Of a divided paper the share is what the reader marked; its record has the same marks.
    by_attempt: dict[UUID, QuestionMark] = {}
    for row in rows.order_by("evaluation__submitted_at", "evaluation__role")[:PAPERS]:
        known = by_attempt.get(row.evaluation.attempt_id)
        if known is None or known.evaluation.role == EvaluationRole.RECORD:
            by_attempt[row.evaluation.attempt_id] = row
    places = [
        StepPlace(
            evaluation=row.evaluation_id,
            label=row.evaluation.short_id,
            number=row.question.number,
            given=row.steps.get(str(step_id), ""),
            is_open=row.evaluation.state in (EvaluationState.IN_PROGRESS, EvaluationState.ASSIGNED),
        )
        for row in by_attempt.values()
    ]
    return sorted(places, key=lambda place: -Decimal(place.given or 0))
