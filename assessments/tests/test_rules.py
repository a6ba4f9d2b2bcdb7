"""Who may read an attempt while it is written. Everything else about viewing is in tests/test_law_permissions.py."""

import uuid

import pytest

from assessments.enums import AttemptState, UploadState
from assessments.models import Attempt, PageQuestion, Response, SheetPage, SheetUpload
from tests import factories


@pytest.fixture
def belongings(attempt):
    """What belongs to a running attempt: an answer, and a sheet that was sent early."""
    upload = SheetUpload.objects.create(
        attempt=attempt, client_id=uuid.uuid4(), page_number=1, sha256="0" * 64, size=1, content_type="image/jpeg",
        storage_key="attempts/sample/original", state=UploadState.VERIFIED, intended_at=factories.NOW,
    )  # fmt: skip
    page = SheetPage.objects.create(upload=upload)
    question = attempt.paper.questions.get(number=1)
    response = Response.objects.create(attempt=attempt, question=question, saved_at=factories.NOW)
    return [response, upload, page, PageQuestion.objects.create(page=page, number=4)]


def allowed(cast, row):
    """Everybody for whom the rule says yes; fails unless `visible_to` says the same."""
    permission = f"assessments.view_{row._meta.model_name}"
    by_rule = {name for name, person in cast.people.items() if person.has_perm(permission, row)}
    found = {
        name for name, person in cast.people.items() if type(row).objects.visible_to(person).filter(pk=row.pk).exists()
    }
    assert by_rule == found
    return by_rule


def readers(cast, attempt):
    by_rule = {name for name, person in cast.people.items() if person.has_perm("assessments.read_attempt", attempt)}
    found = {
        name
        for name, person in cast.people.items()
        if Attempt.objects.readable_by(person).filter(pk=attempt.pk).exists()
    }
    assert by_rule == found
    return by_rule


CONCERNED = {"student", "guardian", "teacher", "staff"}


def test_only_student_and_staff_read_what_is_being_written(cast, attempt, belongings):
    assert readers(cast, attempt) == {"student", "staff"}
    for row in belongings:
        assert allowed(cast, row) == {"student", "staff"}


def test_guardian_and_teacher_still_see_that_somebody_is_writing(cast, attempt):
    assert allowed(cast, attempt) == CONCERNED


@pytest.mark.parametrize("state", [AttemptState.SUBMITTED, AttemptState.HANDED_IN, AttemptState.CANCELLED])
def test_all_concerned_read_what_is_no_longer_written(cast, attempt, belongings, state):
    Attempt.objects.filter(pk=attempt.pk).update(state=state)
    attempt.refresh_from_db()
    assert readers(cast, attempt) == CONCERNED
    for row in belongings:
        assert allowed(cast, type(row).objects.get(pk=row.pk)) == CONCERNED
