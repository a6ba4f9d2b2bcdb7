"""What was kept long enough goes, and nothing else; the audit trail stays whole where its beginning was cut off."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.enums import RetentionKind
from accounts.models import AuditEvent, RetentionRule
from accounts.services.audit import record_event, seal_events, verify_seals
from accounts.services.exports import ask_export, make_export
from accounts.services.retention import DEFAULTS, due_counts, run_retention
from assessments.enums import AttemptState
from assessments.models import Attempt, Exam, Paper, SheetUpload
from assessments.services.attempts import start_attempt
from assessments.services.rehearsals import start_rehearsal
from assessments.tests.sheets import receive
from common.storage import sheet_storage
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_pictures_go_after_36_months_and_marks_stay(cast: Any) -> None:
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    upload = receive(attempt)
    key = upload.storage_key
    Attempt.objects.update(objective_marks=3, state=AttemptState.HANDED_IN)
    assert run_retention(now=NOW + days(1090))["scans"] == 0
    assert sheet_storage().exists(key)
    later = NOW + days(1098)
    assert due_counts(now=later)["scans"] == 1
    assert run_retention(now=later)["scans"] == 1
    assert not sheet_storage().exists(key)
    assert run_retention(now=later)["scans"] == 0
    assert Attempt.objects.get().objective_marks == 3
    assert SheetUpload.objects.count() == 1
    assert AuditEvent.objects.filter(action="retention.pruned").count() == 1


def test_rehearsals_go_with_their_papers(cast: Any) -> None:
    attempt = start_rehearsal(exam=cast.exam, actor=cast.teacher, now=NOW)
    receive(attempt)
    papers, exams = Paper.objects.count(), Exam.objects.count()
    later = NOW + days(40)
    assert run_retention(now=later)["rehearsals"] == 0  # not over
    Attempt.objects.update(state=AttemptState.HANDED_IN)
    assert run_retention(now=later)["rehearsals"] == 1
    assert not Attempt.objects.exists()
    assert Exam.objects.count() == exams - 1
    assert Paper.objects.count() == papers  # that of the exam itself


def test_audit_trail_is_cut_between_seals(cast: Any) -> None:
    for _ in range(2):
        record_event(actor=cast.staff, action="old", obj=cast.exam, now=NOW)
        seal_events(now=timezone.now() + timedelta(minutes=1))
    record_event(actor=cast.staff, action="new", obj=cast.exam, now=NOW)
    seal_events(now=timezone.now() + days(3000))
    later = timezone.now() + days(2600)
    assert run_retention(now=later)["audit"] > 1
    assert not AuditEvent.objects.filter(action="old").exists()
    assert AuditEvent.objects.filter(action="new").exists()
    assert verify_seals() is None
    seal_events(now=timezone.now() + days(3001))
    assert verify_seals() is None
    assert run_retention(now=later)["audit"] == 0


def test_copies_go_after_seven_days(cast: Any) -> None:
    row = ask_export(person=cast.student, actor=cast.student, now=NOW)
    make_export(export_id=row.pk, now=NOW)
    row.refresh_from_db()
    assert run_retention(now=NOW + days(6))["exports"] == 0
    assert run_retention(now=NOW + days(8))["exports"] == 1
    assert not sheet_storage().exists(row.storage_key)


def test_reminder_of_unused_accounts_is_off_until_it_is_wanted(
    cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    later = timezone.now() + days(800)
    assert run_retention(now=later)["inactive"] == 0
    RetentionRule.objects.create(kind=RetentionKind.INACTIVE, days=700)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert run_retention(now=later)["inactive"] > 0
    assert Notification.objects.filter(user=cast.student, kind="data_news").count() == 1


def test_dry_run_counts_and_deletes_nothing(cast: Any, capsys: Any) -> None:
    upload = receive(start_attempt(exam=cast.exam, student=cast.student, now=NOW))
    SheetUpload.objects.update(verified_at=timezone.now() - days(2000))
    call_command("retention", "--dry-run")
    told = capsys.readouterr().out
    assert "scans: 1 would go (kept 1096 days)" in told
    assert "inactive: 0 would go (off)" in told
    assert sheet_storage().exists(upload.storage_key)
    assert set(due_counts(now=NOW)) == {str(kind) for kind in DEFAULTS}
