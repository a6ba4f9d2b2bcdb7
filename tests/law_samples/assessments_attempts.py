"""Sample rows of sitting: exams set and unset, and attempts of everybody with answers and tagged pages."""

import uuid
from datetime import timedelta

from django.db import models

from assessments.enums import AttemptState, ExamPurpose, FlightEvent, UploadState
from assessments.models import (
    Attempt,
    AttemptEvent,
    Exam,
    PageQuestion,
    PhoneLink,
    Response,
    SheetPage,
    SheetUpload,
    Try,
)
from courses.models import Cohort, CohortMembership
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    other = Cohort.objects.get(name="X B")
    mixed = factories.CohortFactory(name="X C")
    # The student also sits with a batch that the teacher does not teach: what is set for it only is not the teacher's.
    CohortMembership.objects.create(cohort=mixed, user=cast.student)
    exams = [
        cast.exam,
        factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[cast.cohort], is_published=False),
        factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[other]),
        factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[cast.cohort, other]),
        factories.ExamFactory(paper=cast.exam.paper, for_cohorts=[mixed]),
        factories.ExamFactory(paper=cast.exam.paper),
        # Rehearsed by a teacher, and by somebody who is also a student with a guardian.
        *(_rehearsal(cast.exam, person) for person in (cast.teacher, cast.student)),
    ]
    set_here, set_elsewhere, shared, set_for_mixed = exams[0], exams[2], exams[3], exams[4]
    attempts = [
        _attempt(set_here, cast.student),
        _attempt(set_here, cast.classmate),
        _attempt(set_for_mixed, cast.student),
        _attempt(set_elsewhere, cast.outsider),
        _attempt(shared, cast.outsider),
        _attempt(shared, cast.student, AttemptState.IN_PROGRESS),
        _attempt(shared, cast.classmate, AttemptState.IN_PROGRESS),
        _attempt(exams[-2], cast.teacher, AttemptState.IN_PROGRESS),
        _attempt(exams[-1], cast.student),
    ]
    responses, tries, uploads, pages, tags = [], [], [], [], []
    for attempt in attempts:
        question = attempt.paper.questions.first()
        responses.append(Response.objects.create(attempt=attempt, question=question, saved_at=factories.NOW))
        tries.append(
            Try.objects.create(attempt=attempt, question=question, number=1, answer={}, marks=0, made_at=factories.NOW)
        )
        uploads.append(_upload(attempt))
        pages.append(SheetPage.objects.create(upload=uploads[-1]))
        tags.append(PageQuestion.objects.create(page=pages[-1], number=4))
    return {
        Exam: exams,
        Attempt: attempts,
        AttemptEvent: [
            AttemptEvent.objects.create(attempt=attempt, kind=FlightEvent.STARTED, at=factories.NOW)
            for attempt in attempts
        ],
        Response: responses,
        Try: tries,
        SheetUpload: uploads,
        SheetPage: pages,
        PageQuestion: tags,
        PhoneLink: [
            PhoneLink.objects.create(
                attempt=attempt, token_hash=uuid.uuid4().hex, made_at=factories.NOW, opens_until=factories.NOW
            )
            for attempt in attempts
        ],
    }


def _rehearsal(exam: Exam, person: models.Model) -> Exam:
    return factories.ExamFactory(
        purpose=ExamPurpose.REHEARSAL, rehearses=exam, rehearsed_by=person, paper=exam.paper, is_published=False
    )


def _attempt(exam: Exam, student: models.Model, state: str = AttemptState.SUBMITTED) -> Attempt:
    return Attempt.objects.create(
        exam=exam,
        paper=exam.paper,
        student=student,
        state=state,
        started_at=factories.NOW,
        ends_at=factories.NOW + timedelta(hours=1),
        sheets_due_at=factories.NOW + timedelta(hours=1),
    )


def _upload(attempt: Attempt) -> SheetUpload:
    return SheetUpload.objects.create(
        attempt=attempt,
        client_id=uuid.uuid4(),
        page_number=1,
        sha256="0" * 64,
        size=1,
        content_type="image/jpeg",
        storage_key=f"attempts/{attempt.pk}/sample/original",
        state=UploadState.VERIFIED,
        intended_at=factories.NOW,
    )
