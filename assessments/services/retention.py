"""What assessments let go of: pictures of answer sheets after their time, and rehearsals that nobody needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet

from accounts.enums import RetentionKind
from accounts.models import DoomedFile
from accounts.services.erasure import delete_doomed
from accounts.services.personal import ERASED, own_key
from accounts.services.retention import BATCH, Job, note_pruned, register_job
from assessments.enums import ExamPurpose, ScanPageState
from assessments.models import (
    Attempt,
    AttemptEvent,
    Exam,
    Paper,
    PaperQuestion,
    PhoneLink,
    ScanFile,
    ScanPage,
    SheetPage,
    SheetUpload,
    Try,
)
from assessments.selectors.rehearsals import OPEN
from assessments.services.own_data import page_keys, scan_page_keys, upload_keys
from common.append_only import gate


def old_sheets(before: datetime) -> QuerySet[SheetUpload]:
    """Uploads whose pictures were received longer ago and are still there."""
    old = SheetUpload.objects.filter(Q(verified_at__lt=before) | Q(verified_at=None, intended_at__lt=before))
    return old.exclude(storage_key__startswith=f"{ERASED}/").order_by("pk")


def prune_sheets(keys: list[Any], now: datetime) -> int:
    """Their pictures go, the rows and the marks stay. A scan of a class goes with the last of its pages."""
    uploads = SheetUpload.objects.filter(pk__in=keys).prefetch_related("pages")
    with transaction.atomic():
        doomed = [key for upload in uploads for key in upload_keys(upload)]
        doomed += [key for upload in uploads for page in upload.pages.all() for key in page_keys(page)]
        scanned = ScanPage.objects.filter(upload__in=keys)
        doomed += [key for page in scanned for key in scan_page_keys(page)]
        files = ScanFile.objects.filter(pages__upload__in=keys).distinct()
        waiting = Q(pages__state__in=(ScanPageState.READ, ScanPageState.WAITING))
        doomed += [file.storage_key for file in files.exclude(waiting)]
        _doom(doomed, now)
        gone = f"{ERASED}/page"
        SheetPage.objects.filter(upload__in=keys).update(screen_key=gone, thumb_key=gone, treatment=None)
        with gate(SheetUpload._meta.db_table):
            SheetUpload.objects.filter(pk__in=keys).update(storage_key=own_key(ERASED))
        note_pruned(kind=RetentionKind.SCANS, count=len(keys), now=now)
    delete_doomed()
    return len(keys)


def old_rehearsals(before: datetime) -> QuerySet[Attempt]:
    """Rehearsals that were begun longer ago and are over."""
    rows = Attempt.objects.filter(exam__purpose=ExamPurpose.REHEARSAL, started_at__lt=before)
    return rows.exclude(state__in=OPEN).order_by("pk")


def prune_rehearsals(keys: list[Any], now: datetime) -> int:
    """With everything that hangs on them: pages, answers, the hidden exam, and the paper that was drawn for them."""
    with transaction.atomic():
        _doom([key for one in SheetUpload.objects.filter(attempt__in=keys) for key in upload_keys(one)], now)
        pages = SheetPage.objects.filter(upload__attempt__in=keys)
        _doom([key for page in pages for key in page_keys(page)], now)
        exams = list(Attempt.objects.filter(pk__in=keys).values_list("exam_id", flat=True))
        papers = list(Attempt.objects.filter(pk__in=keys).values_list("paper_id", flat=True))
        gated = [model._meta.db_table for model in (Try, AttemptEvent, SheetUpload)]
        with gate(*gated):
            for model in (Try, AttemptEvent, PhoneLink):
                model._default_manager.filter(attempt__in=keys).delete()
            pages.delete()
            SheetUpload.objects.filter(attempt__in=keys).delete()
            Attempt.objects.filter(pk__in=keys).delete()
        Exam.objects.filter(pk__in=exams, purpose=ExamPurpose.REHEARSAL, attempts=None).delete()
        drawn = Paper.objects.filter(pk__in=papers, is_rehearsal=True, attempts=None, exams=None)
        for paper in drawn:
            _delete_paper(paper)
        note_pruned(kind=RetentionKind.REHEARSALS, count=len(keys), now=now)
    delete_doomed()
    return len(keys)


def _delete_paper(paper: Paper) -> None:
    """A paper of which somebody flagged a question stays with its flag."""
    try:
        with transaction.atomic(), gate(Paper._meta.db_table, PaperQuestion._meta.db_table):
            PaperQuestion.objects.filter(paper=paper).delete()
            paper.delete()
    except ProtectedError:
        return


def _doom(keys: list[str], now: datetime) -> None:
    rows = [DoomedFile(key=key, at=now) for key in sorted({key for key in keys if key})]
    DoomedFile.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def contribute() -> None:
    """Called when the app is ready."""
    register_job(Job(RetentionKind.SCANS, old_sheets, prune_sheets))
    register_job(Job(RetentionKind.REHEARSALS, old_rehearsals, prune_rehearsals))
