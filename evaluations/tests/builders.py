"""Rows that the tests of evaluations start from."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module

from django.apps import apps

from accounts.models import User
from assessments.enums import AttemptState, PageState, SubmitReason, UploadState
from assessments.models import Attempt, Exam, MarkingStep, PageQuestion, PaperQuestion, Response, SheetPage, SheetUpload
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, SlaPolicy
from tests import factories
from tests.factories import NOW


def hand_in(
    exam: Exam, student: User, *, pages: int = 2, at: datetime = NOW, objective: str = "3", ready: bool = True
) -> Attempt:
    """An attempt handed in at `at` with `pages` verified photos; page 1 carries questions 4 and 5."""
    attempt = Attempt.objects.create(
        exam=exam,
        paper=exam.paper,
        student=student,
        state=AttemptState.HANDED_IN,
        started_at=at - timedelta(hours=1),
        ends_at=at - timedelta(minutes=10),
        sheets_due_at=at,
        submitted_at=at - timedelta(minutes=10),
        submit_reason=SubmitReason.STUDENT,
        handed_in_at=at,
        objective_marks=Decimal(objective),
        objective_max=Decimal(4),
    )
    for number in range(1, pages + 1):
        add_page(attempt, number, ready=ready)
    return attempt


def add_page(attempt: Attempt, number: int, *, ready: bool = True, state: str = UploadState.VERIFIED) -> SheetPage:
    upload = SheetUpload.objects.create(
        attempt=attempt,
        client_id=uuid.uuid4(),
        page_number=number,
        sha256="0" * 64,
        size=1000,
        content_type="image/jpeg",
        storage_key=f"uploads/{uuid.uuid4().hex}",
        state=state,
        intended_at=NOW,
        verified_at=NOW if state == UploadState.VERIFIED else None,
    )
    page = SheetPage.objects.create(
        upload=upload,
        state=PageState.READY if ready else PageState.WAITING,
        screen_key=f"pages/{uuid.uuid4().hex}.jpg" if ready else "",
        thumb_key=f"pages/{uuid.uuid4().hex}.jpg" if ready else "",
        width=1240,
        height=1754,
    )
    if number == 1:
        for question in (4, 5):
            PageQuestion.objects.create(page=page, number=question)
    return page


def default_policy() -> SlaPolicy:
    """The default promise of the migration; an earlier test with real transactions may have emptied the table."""
    if not SlaPolicy.objects.filter(is_default=True).exists():
        import_module("evaluations.migrations.0003_default_policies").create_defaults(apps, None)
    return SlaPolicy.objects.get(is_default=True)


def evaluation_of(
    attempt: Attempt,
    *,
    teacher: User | None = None,
    state: str | None = None,
    due_in: timedelta = timedelta(hours=48),
    expected_seconds: int = 0,
    **fields: object,
) -> Evaluation:
    """An evaluation row in any state, without the history that would have led to it."""
    default = EvaluationState.ASSIGNED if teacher else EvaluationState.QUEUED
    return Evaluation.objects.create(
        attempt=attempt,
        policy=default_policy(),
        state=state or default,
        teacher=teacher,
        submitted_at=NOW,
        due_at=NOW + due_in,
        max_marks=attempt.paper.total_marks,
        expected_seconds=expected_seconds,
        **fields,
    )


def marking(exam: Exam, student: User, teacher: User, **fields: object) -> Evaluation:
    """A paper that `teacher` is marking since NOW."""
    return evaluation_of(
        hand_in(exam, student),
        teacher=teacher,
        state=EvaluationState.IN_PROGRESS,
        assigned_at=NOW,
        claimed_at=NOW,
        lease_until=NOW + timedelta(minutes=10),
        **fields,
    )


def written(exam: Exam, number: int, alternative: str = "") -> PaperQuestion:
    return PaperQuestion.objects.get(paper=exam.paper, number=number, alternative=alternative)


def step_ids(question: PaperQuestion) -> list[str]:
    return [str(pk) for pk in question.version.steps.order_by("position").values_list("pk", flat=True)]


def add_method(question: PaperQuestion, *marks: str, method: int = 2) -> list[str]:
    """One more complete solution in the scheme of the question; the ids of its steps, the second follows the first."""
    position = question.version.steps.count()
    return [
        str(
            MarkingStep.objects.create(
                version=question.version,
                position=position + number,
                method=method,
                marks=Decimal(one),
                text_source=f"Way {method}, step {number}",
                text_html=f"<p>Way {method}, step {number}</p>",
                follows=[1] if number == 2 else None,
            ).pk
        )
        for number, one in enumerate(marks, start=1)
    ]


def declare_not_attempted(attempt: Attempt, number: int) -> None:
    for question in PaperQuestion.objects.filter(paper=attempt.paper, number=number):
        Response.objects.create(attempt=attempt, question=question, seq=1, answer={"not_attempted": True}, saved_at=NOW)


def more_students(count: int) -> list[User]:
    return [factories.StudentFactory() for _ in range(count)]
