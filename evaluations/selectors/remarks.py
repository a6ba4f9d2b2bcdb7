"""Re-marks: what is left of the tokens, what was asked and decided, and which other papers are marked alike."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Attempt, Exam, PaperQuestion
from assessments.selectors.attempts import shown_numbers
from evaluations.enums import EvaluationRole, EvaluationState, RemarkState, TokenKind
from evaluations.models import (
    AfterMarksPolicy,
    Evaluation,
    MarkEvent,
    QuestionMark,
    RemarkRequest,
    RemarkToken,
)
from evaluations.selectors.clarification_pages import box_of, picture_of
from evaluations.selectors.desk import steps_by_question
from evaluations.selectors.sheets import page_number

#: So many papers are looked through, and so many shown.
LOOKED, MOST = 5000, 200


@dataclass(frozen=True)
class StepRow:
    """A step that was pointed at, as the scheme has it; of the whole answer `html` is empty."""

    id: UUID
    step: UUID | None
    number: int
    html: str
    most: Decimal
    before: Decimal
    after: Decimal | None
    is_upheld: bool | None
    words: str


@dataclass(frozen=True)
class RemarkView:
    """`events`: {"icon", "text", "at", "state"} of the timeline, the first thing first."""

    request: RemarkRequest
    label: str
    steps: list[StepRow]
    events: list[dict[str, Any]]


def tokens_left(*, student: User, exam: Exam, policy: AfterMarksPolicy) -> int:
    """What the rules give for the exam, less what was spent, and what was given back. One query."""
    rows = RemarkToken.objects.filter(student=student, exam=exam)
    spent, back = Q(kind=TokenKind.SPENT), Q(kind=TokenKind.REFUNDED)
    found = rows.aggregate(spent=Count("pk", filter=spent), back=Count("pk", filter=back))
    return max(policy.remark_tokens - int(found["spent"]) + int(found["back"]), 0)


def remark_views(record: Evaluation, attempt: Attempt) -> list[RemarkView]:
    """What was marked again on a paper, for its family. Two queries, or one where nothing was."""
    rows = list(
        RemarkRequest.objects.filter(evaluation=record)
        .select_related("question__version", "remark", "evaluation__attempt")
        .prefetch_related("steps__step")
        .order_by("-id")
    )
    numbers = shown_numbers(attempt) if rows and attempt.exam.is_shuffled else {}
    return [
        RemarkView(
            request=row,
            label=f"{numbers.get(row.question_id, row.question.number)}{row.question.alternative}",
            steps=step_rows(row),
            events=_events(row),
        )
        for row in rows
    ]


def step_rows(asked: RemarkRequest) -> list[StepRow]:
    rows = list(asked.steps.all())
    views = {}
    if any(row.step_id for row in rows):
        exam = asked.evaluation.attempt.exam_id
        views = {view.id: view for view in steps_by_question([asked.question], exam)[asked.question.pk]}
    return [
        StepRow(
            id=row.pk,
            step=row.step_id,
            number=views[row.step_id].number if row.step_id in views else 0,
            html=views[row.step_id].html if row.step_id in views else "",
            most=views[row.step_id].marks if row.step_id in views else asked.question.marks,
            before=row.before,
            after=row.after,
            is_upheld=row.is_upheld,
            words=row.words,
        )
        for row in rows
    ]


def pointed_at(evaluation: Evaluation) -> dict[str, Any] | None:
    """What a re-mark is about, for whoever marks again; None for any other paper. Four queries."""
    if evaluation.role != EvaluationRole.REMARK:
        return None
    asked = RemarkRequest.objects.select_related("question__version", "page__upload", "evaluation__attempt").get(
        remark=evaluation
    )
    return {
        "request": asked,
        "steps": step_rows(asked),
        "page": page_number(asked.page) if asked.page else 0,
        "page_id": str(asked.page_id) if asked.page_id else "",
        "region": asked.region,
        "box": box_of(asked.region),
        **picture_of(asked.page),
    }


def steps_to_point_at(question: PaperQuestion, mark: QuestionMark) -> list[StepRow]:
    """The steps of the scheme that have less than full marks."""
    given = {key: Decimal(value) for key, value in mark.steps.items()}
    return [
        StepRow(
            view.id, view.id, view.number, view.html, view.marks, given.get(str(view.id), Decimal(0)), None, None, ""
        )
        for view in steps_by_question([question], mark.evaluation.attempt.exam_id)[question.pk]
        if mark.steps and given.get(str(view.id), Decimal(0)) < view.marks
    ]


def alike(asked: RemarkRequest) -> list[QuestionMark]:
    """Marks on other released papers, by the same marker, that gave an upheld step what it had here before. Two queries
    beside those for the steps."""
    wrong = {str(row.step_id): row.before for row in asked.steps.all() if row.is_upheld and row.step_id}
    if not wrong or asked.first_marker_id is None:
        return []
    events = MarkEvent.objects.filter(evaluation=OuterRef("evaluation"), question=OuterRef("question"))
    known = RemarkRequest.objects.filter(question__version=asked.question.version_id)
    rows = (
        QuestionMark.objects.filter(
            question__version=asked.question.version_id,
            evaluation__role=EvaluationRole.RECORD,
            evaluation__state=EvaluationState.RELEASED,
        )
        .exclude(evaluation=asked.evaluation_id)
        .annotate(marker=Subquery(events.order_by("-id").values("actor")[:1]))
        .filter(marker=asked.first_marker_id)
        .select_related("evaluation__attempt__exam", "question")
        .order_by("-updated_at")[:LOOKED]
    )
    seen = set(known.values_list("evaluation_id", "question_id"))
    return [
        mark
        for mark in rows
        # A mark given without steps says nothing of a step.
        if mark.steps
        and (mark.evaluation_id, mark.question_id) not in seen
        and any(Decimal(mark.steps.get(step, "0")) == before for step, before in wrong.items())
    ][:MOST]


def _events(row: RemarkRequest) -> list[dict[str, Any]]:
    """Asked, with another teacher, decided."""
    asked = _("Your institute looks at it again") if row.is_recheck else _("A re-mark was asked for")
    decided = {RemarkState.UPHELD: _("Upheld"), RemarkState.REFUSED: _("Not upheld")}
    is_open = row.state == RemarkState.WAITING
    teacher = row.remark.teacher_id is not None
    return [
        {"icon": "check", "text": asked, "at": row.asked_at, "state": "done"},
        {
            "icon": "clock" if is_open else "check",
            "text": _("With another teacher") if teacher else _("Waits for another teacher"),
            "at": row.remark.assigned_at,
            "due": row.remark.due_at if is_open else None,
            "state": "now" if is_open else "done",
        },
        {
            "icon": "circle" if is_open else "check" if row.state == RemarkState.UPHELD else "minus",
            "text": decided.get(RemarkState(row.state), _("Decision")),
            "at": row.decided_at,
            "state": "todo" if is_open else "done",
        },
    ]
