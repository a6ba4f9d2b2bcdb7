"""The tasks have the names that beat and the queues use, and each does its one service call."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from assessments import tasks
from assessments.enums import AttemptState, PageState
from assessments.models import Attempt, SheetPage
from assessments.services.attempts import start_attempt
from assessments.services.sheet_processing import MAX_TRIES
from assessments.tests.sheets import receive
from common.storage import sheet_storage
from tests import factories

NOW = factories.NOW


@pytest.fixture
def attempt(cast):
    return start_attempt(exam=cast.exam, student=cast.student, now=NOW)


def overdue(attempt, *, hours, state):
    now = timezone.now()
    past = now - timedelta(hours=hours)
    Attempt.objects.update(started_at=past - timedelta(hours=1), ends_at=past, sheets_due_at=past, state=state)


def test_names_are_those_of_the_schedule():
    ours = {task.name for task in vars(tasks).values() if hasattr(task, "delay")}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    on_demand = {"assessments.process_sheet", "assessments.work_on_question_file", "assessments.work_on_scan"}
    assert ours - on_demand == {name for name in scheduled if name.startswith("assessments.")}


def test_overdue_attempt_is_submitted_and_then_handed_in(attempt):
    overdue(attempt, hours=1, state=AttemptState.IN_PROGRESS)
    assert (tasks.close_overdue_attempts(), tasks.close_overdue_attempts()) == (1, 0)
    assert Attempt.objects.get().state == AttemptState.SUBMITTED
    assert (tasks.hand_in_overdue_sheets(), tasks.hand_in_overdue_sheets()) == (1, 0)
    assert Attempt.objects.get().state == AttemptState.HANDED_IN


def test_process_sheet_takes_an_id_as_text(attempt):
    upload = receive(attempt)
    assert (tasks.process_sheet(str(upload.pk)), tasks.process_sheet(str(upload.pk))) == (1, 0)
    assert SheetPage.objects.get().state == PageState.READY


def test_process_waiting_sheets_finds_what_was_lost(attempt, django_capture_on_commit_callbacks):
    receive(attempt, now=NOW)
    SheetPage.objects.update(state=PageState.WAITING)
    attempt.uploads.update(verified_at=timezone.now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.process_waiting_sheets() == 1
    assert SheetPage.objects.get().state == PageState.READY


def test_lost_original_is_retried_and_then_given_up(attempt):
    upload = receive(attempt)
    sheet_storage().delete(upload.storage_key)
    for _ in range(MAX_TRIES):
        # Celery retries storage errors; each run counts.
        with pytest.raises(FileNotFoundError):
            tasks.process_sheet.run(str(upload.pk))
    assert tasks.process_sheet.run(str(upload.pk)) == 0
    assert SheetPage.objects.get().state == PageState.FAILED
