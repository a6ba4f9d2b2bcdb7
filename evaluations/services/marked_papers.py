"""Marked papers as files: asked for, made by the worker, found again when a task was lost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState
from assessments.models import Attempt
from assessments.selectors.reveal import Shown, shown_by_exam
from common.errors import DomainError
from common.storage import sheet_storage
from evaluations.enums import FileState
from evaluations.models import Evaluation, MarkedPaper
from evaluations.selectors.marked_papers import (
    MarkedDocument,
    marked_document,
    marked_file,
    read_variant,
    retakes_of,
    variant_of,
)
from evaluations.selectors.results import result_data, result_showing
from evaluations.services.marked_pdf import draw_marked_paper
from evaluations.tasks import make_marked_paper as make_task

log = structlog.get_logger(__name__)

MAX_TRIES = 5
STALE_AFTER = timedelta(minutes=2)
ASK_AGAIN_SECONDS = 300
AT_ONCE = 200
FORGOTTEN_AT_ONCE = 5000


class NoMarkedPaper(DomainError):
    """The paper is not back, has no pages, or its pages are not shown."""

    def __init__(self) -> None:
        super().__init__(_("There is no marked paper to download yet."), "no_marked_paper")


def ask_marked_paper(*, attempt: Attempt, reader: User, now: datetime) -> MarkedPaper:
    """The file of the paper as `reader` sees it, made in the background unless there is one that says the same.
    Raises NoMarkedPaper.
    """
    result = result_data(attempt, reader=reader, now=now)
    found = marked_file(result, reader=reader)
    if found is None:
        raise NoMarkedPaper
    if found.row is not None and found.state in (FileState.READY, FileState.WAITING):
        return found.row
    return _ask(attempt.pk, found.variant, now)


def ask_after_release(*, evaluation: Evaluation, now: datetime) -> None:
    """The file for the student and their guardians, in the transaction in which the paper goes back. What was made
    before a correction is old."""
    MarkedPaper.objects.filter(attempt=evaluation.attempt_id).update(digest="")
    exam = evaluation.attempt.exam
    shown: Shown = shown_by_exam([exam], now)[exam.pk]
    if shown:
        _ask(evaluation.attempt_id, variant_of(shown, named=True), now)


def renew_marked_papers(*, attempts: Collection[UUID], now: datetime) -> int:
    """Files of these papers that say what is no longer so are made again, by the sweep: of a corrected key there may be
    thousands. Returns how many. One statement."""
    ready = MarkedPaper.objects.filter(attempt__in=attempts, state=FileState.READY)
    return ready.update(state=FileState.WAITING, digest="", asked_at=now, tries=0)


def forget_marked_papers(*, now: datetime) -> int:
    """Deletes files that were made longer ago than MARKED_PAPER_DAYS, and of papers that no longer count; whoever wants
    one later has it made again. Returns how many. A file is gone before its row, so none is left behind."""
    old = MarkedPaper.objects.exclude(state=FileState.WAITING).filter(
        Q(made_at__lt=now - timedelta(days=settings.MARKED_PAPER_DAYS)) | Q(attempt__state=AttemptState.CANCELLED)
    )
    forgotten = 0
    for row in old.order_by("pk")[:FORGOTTEN_AT_ONCE]:
        if row.storage_key:
            sheet_storage().delete(row.storage_key)
        forgotten += MarkedPaper.objects.filter(pk=row.pk, storage_key=row.storage_key).delete()[0]
    return forgotten


def _ask(attempt_id: UUID, variant: str, now: datetime) -> MarkedPaper:
    with transaction.atomic():
        asked = {"state": FileState.WAITING, "asked_at": now, "tries": 0}
        row, _made = MarkedPaper.objects.update_or_create(attempt_id=attempt_id, variant=variant, defaults=asked)
        _queue(row.pk)
    return row


def _queue(paper_id: UUID) -> None:
    # When the broker cannot be reached the error is logged (a partial has no name to log it by), and
    # make_waiting_marked_papers asks again.
    transaction.on_commit(lambda: make_task.delay(str(paper_id)), robust=True)


def make_waiting_marked_papers(*, now: datetime) -> int:
    """Asks again for files that still wait two minutes after they were asked for; returns how many."""
    asked = 0
    waiting = MarkedPaper.objects.filter(state=FileState.WAITING, asked_at__lt=now - STALE_AFTER).order_by("asked_at")
    for paper_id in waiting.values_list("pk", flat=True)[:AT_ONCE]:
        # A long queue is not a lost task.
        if cache.add(f"evaluations:marked-paper-asked:{paper_id}", 1, ASK_AGAIN_SECONDS):
            _queue(paper_id)
            asked += 1
    return asked


def make_marked_paper(*, paper_id: UUID, now: datetime) -> str:
    """Draws and stores a waiting file; returns the state of the row, empty where nothing waits.

    May run twice at once or again after a crash: the name of the file follows from what it says. A paper that was
    opened again meanwhile has no file until it is back. Raises what the storage raises, for the task to try again.
    """
    row = _take(paper_id)
    if row is None:
        return ""
    document = _document(row, now)
    if document is None:
        MarkedPaper.objects.filter(pk=row.pk, state=FileState.WAITING, asked_at=row.asked_at).delete()
        return ""
    student = document.result.attempt.student
    with translation.override(student.language), timezone.override(ZoneInfo(student.time_zone)):
        assert document.result.evaluation is not None
        made = draw_marked_paper(document, retakes_of(document.result.evaluation.pk), now=now)
    key = _key(row, document)
    sheet_storage().put_bytes(key, made.data, "application/pdf")
    # Asked for anew meanwhile: that run makes what is said now.
    done = MarkedPaper.objects.filter(pk=row.pk, state=FileState.WAITING, asked_at=row.asked_at).update(
        state=FileState.READY,
        digest=document.digest,
        storage_key=key,
        size=len(made.data),
        pages=made.pages,
        made_at=now,
    )
    if done and row.storage_key and row.storage_key != key:
        sheet_storage().delete(row.storage_key)
    if not done and not MarkedPaper.objects.filter(pk=row.pk).exists():
        # Its student was erased meanwhile.
        sheet_storage().delete(key)
    return FileState.READY if done else FileState.WAITING


def _take(paper_id: UUID) -> MarkedPaper | None:
    """The waiting row, its try counted; one that was tried too often is given up."""
    waiting = MarkedPaper.objects.filter(pk=paper_id, state=FileState.WAITING)
    if waiting.filter(tries__gte=MAX_TRIES).update(state=FileState.FAILED):
        log.error("marked_paper_given_up", marked_paper=str(paper_id))
        return None
    waiting.update(tries=F("tries") + 1)
    return waiting.select_related("attempt__exam__programme", "attempt__paper", "attempt__student").first()


def _document(row: MarkedPaper, now: datetime) -> MarkedDocument | None:
    shown, named = read_variant(row.variant)
    with translation.override(row.attempt.student.language):
        result = result_showing(row.attempt, shown=shown, now=now)
        return marked_document(result, named=named)


def _key(row: MarkedPaper, document: MarkedDocument) -> str:
    """A name that follows from what the file says, and ends as the reader's download shall be called."""
    name = slugify(document.result.attempt.exam.title)[:60].strip("-_") or "paper"
    return f"marked/{row.attempt_id}/{row.pk}-{document.digest[:16]}/{name}-marked.pdf"
