"""Sample rows of what sitting says about the bank: of questions by everybody who may write one, flagged by many."""

from datetime import timedelta

from django.db import models

from assessments.enums import AttemptState, QuestionState, QuestionType
from assessments.models import (
    Attempt,
    FlagKind,
    ItemStatistics,
    KeyCorrection,
    MarkedAttempt,
    PaperQuestion,
    QuestionFlag,
    RescoredAttempt,
)
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    versions = [
        factories.question_version(QuestionType.SINGLE_CHOICE, "1", author=author, state=QuestionState.DRAFT)
        for author in (cast.teacher, cast.newcomer, cast.staff, cast.student)
    ]
    attempt = Attempt.objects.create(
        exam=cast.exam,
        paper=cast.exam.paper,
        student=cast.student,
        state=AttemptState.SUBMITTED,
        started_at=factories.NOW,
        ends_at=factories.NOW + timedelta(hours=1),
        sheets_due_at=factories.NOW + timedelta(hours=2),
    )
    question = PaperQuestion.objects.filter(paper=cast.exam.paper).first()
    assert question is not None
    corrections = [
        KeyCorrection.objects.create(
            version=version, number=1, answer={}, previous={}, reason="x", actor=cast.staff, at=factories.NOW
        )
        for version in versions
    ]
    flags = [
        QuestionFlag.objects.create(
            question=question, version=version, person=person, kind=FlagKind.TYPO, created_at=factories.NOW
        )
        for version in versions
        for person in (cast.student, cast.classmate, cast.colleague, cast.newcomer)
    ]
    return {
        ItemStatistics: [ItemStatistics.objects.create(version=version) for version in versions],
        MarkedAttempt: [MarkedAttempt.objects.create(attempt=attempt)],
        QuestionFlag: list(flags),
        KeyCorrection: list(corrections),
        RescoredAttempt: [
            RescoredAttempt.objects.create(
                correction=corrections[0], attempt=attempt, question=question, question_after=1, before=0, after=1
            )
        ],
    }
