"""Sample rows of the bank: a question of everybody who may write one, and papers sat, set and unseen."""

from datetime import timedelta

from django.db import models

from assessments.enums import QuestionState, QuestionType
from assessments.models import (
    Attempt,
    Blueprint,
    BlueprintSection,
    BlueprintSlot,
    MarkingStep,
    Paper,
    PaperDraft,
    PaperQuestion,
    Question,
    QuestionBand,
    QuestionDigest,
    QuestionDraft,
    QuestionPicture,
    QuestionReview,
    QuestionVersion,
    Tag,
)
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    versions = [
        factories.question_version(QuestionType.SHORT_ANSWER, "3", ("1", "2"), author=author, state=state)
        # The student's question shows that an author who does not teach gets nothing from it.
        for author in (cast.teacher, cast.newcomer, cast.staff, cast.student)
        for state in (QuestionState.DRAFT, QuestionState.ACTIVE)
    ]
    questions = [version.question for version in versions]
    unseen = factories.small_paper()
    Attempt.objects.create(
        exam=cast.exam,
        paper=cast.exam.paper,
        student=cast.student,
        started_at=factories.NOW,
        ends_at=factories.NOW + timedelta(hours=1),
        sheets_due_at=factories.NOW + timedelta(hours=2),
    )
    section = _blueprint_section(cast)
    return {
        Question: questions,
        QuestionBand: [QuestionBand.objects.create(question=question, value=1) for question in questions],
        QuestionDigest: [QuestionDigest.objects.create(question=question, words="x") for question in questions],
        QuestionDraft: [
            QuestionDraft.objects.create(author=author, question=question, updated_at=factories.NOW)
            for author, question in ((cast.teacher, questions[0]), (cast.newcomer, None), (cast.staff, None))
        ],
        QuestionPicture: [
            QuestionPicture.objects.create(sha256="0" * 64, media_type="image/png", width=9, height=9, size=99)
        ],
        QuestionReview: [
            QuestionReview.objects.create(
                question=version.question,
                version=version,
                before=QuestionState.DRAFT,
                after=QuestionState.IN_REVIEW,
                actor=cast.staff,
                created_at=factories.NOW,
            )
            for version in versions
        ],
        QuestionVersion: list(versions),
        MarkingStep: list(MarkingStep.objects.filter(version__in=versions)),
        Tag: [Tag.objects.create(name="Board 2024", folded="board 2024")],
        Blueprint: [section.blueprint],
        BlueprintSection: [section],
        BlueprintSlot: list(section.slots.all()),
        PaperDraft: [
            PaperDraft.objects.create(owner=owner, blueprint=section.blueprint, seed=1, drawn_at=factories.NOW)
            for owner in (cast.teacher, cast.staff)
        ],
        Paper: [cast.exam.paper, unseen],
        PaperQuestion: list(PaperQuestion.objects.filter(paper__in=[cast.exam.paper, unseen])),
    }


def _blueprint_section(cast: Cast) -> BlueprintSection:
    blueprint = Blueprint.objects.create(
        programme=cast.cohort.programme, slug="short", name="Short", duration_minutes=60, total_marks=1
    )
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="Section A")
    BlueprintSlot.objects.create(
        section=section, number=1, unit=factories.UnitFactory(), types=[QuestionType.SINGLE_CHOICE], marks=1
    )
    return section
