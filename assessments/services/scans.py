"""The answer sheets of a class in one file, from the upload to the last page: kept, read and placed in the worker.

Every step may be repeated: the worker may die and be asked again, a file may be sent twice. What a person decides about
a page is in scan_desk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ScanPageState, ScanState
from assessments.models import Exam, Scan, ScanFile, ScanPage
from assessments.services.scan_filing import hand_in_complete, place_by_code
from assessments.services.scan_reading import (
    CHUNK,
    MAX_FILES,
    MAX_SCAN_PAGES,
    SplitPage,
    count_pages,
    split_pages,
    too_many_pages,
)
from assessments.services.sheet_files import SheetRefused
from assessments.services.sheet_images import JPEG_TYPE
from assessments.tasks import work_on_scan
from common.errors import ConflictError, DomainError, NotPermittedError
from common.storage import byte_chunks, sheet_storage

log = structlog.get_logger(__name__)

STALE_AFTER = timedelta(minutes=3)
MAX_TRIES = 5


@dataclass(frozen=True)
class GivenFile:
    """One uploaded file: its bytes and the name it had."""

    name: str
    data: bytes


def receive_scan(
    *, exam: Exam, files: Iterable[GivenFile], starts_all: bool, actor: User, now: datetime
) -> tuple[Scan, int]:
    """Keeps the files and asks the worker to read them; (the scan, how many files were known already).

    When all of them were, the scan is the one they are in. Refuses all for one that cannot be taken, naming it.
    Raises SheetRefused, DomainError, NotPermittedError. Reads a PDF's pages in another process, 0.1 to 0.5 s.
    """
    require_scanner(exam, actor)
    if exam.paper is not None and not exam.paper.written_marks:
        raise DomainError(_("The paper of this exam has no written questions, so it needs no sheets."), "no_sheets")
    scan = Scan(exam=exam, author=actor, starts_all=starts_all, created_at=now, touched_at=now)
    rows: list[tuple[ScanFile, bytes]] = []
    known: list[ScanFile] = []
    for given in files:
        row = _counted(scan, given, len(rows) + 1)
        same = ScanFile.objects.filter(exam=exam, sha256=row.sha256).select_related("scan").first()
        if same is not None:
            known.append(same)
        elif all(row.sha256 != other.sha256 for other, _data in rows):
            rows.append((row, given.data))
            scan.total += row.page_count
        if len(rows) > MAX_FILES:
            raise DomainError(_("At most %s files are taken at once.") % MAX_FILES, "scan_files")
        if scan.total > MAX_SCAN_PAGES:
            raise too_many_pages()
    if not rows:
        return _their_scan(known, actor), len(known)
    # The files before the rows: a row without its file could not be read.
    for row, data in rows:
        sheet_storage().put_bytes(row.storage_key, data, row.content_type)
    try:
        with transaction.atomic():
            scan.save(force_insert=True)
            ScanFile.objects.bulk_create(row for row, _data in rows)
            after = {"exam": str(exam.pk), "files": [row.file_name for row, _data in rows], "pages": scan.total}
            record_event(actor=actor, action="scan.uploaded", obj=scan, after=after, now=now)
            ask(scan.pk)
    except IntegrityError as error:
        # The same file in two uploads at once: the other one has it.
        raise ConflictError(_("One of these files was uploaded a moment ago. Look again."), "scan_doubled") from error
    return scan, len(known)


def require_scanner(exam: Exam, actor: User) -> None:
    if not actor.has_perm("assessments.scan_exam", exam):
        message = _("Only staff and the teachers of its cohorts bring the sheets of an exam.")
        raise NotPermittedError(message, "not_permitted")


def work_on(*, scan_id: UUID, now: datetime) -> str:
    """The worker's step: reads what is not read yet, places what is not placed yet. Returns the scan's state then."""
    rows = Scan.objects.filter(pk=scan_id, state=ScanState.READING)
    rows.update(tries=F("tries") + 1, touched_at=now)
    scan = rows.select_related("author", "exam__paper").first()
    if scan is None:
        return ""
    try:
        if scan.tries > MAX_TRIES:
            message = _("Reading failed several times. The files are kept; press “Read on”, or scan in smaller parts.")
            raise DomainError(message, "scan_fails")
        _place_all(scan, now)
        before = 0
        for file in scan.files.order_by("position"):
            _read_file(scan, file, before, now)
            before += file.page_count
        hand_in_complete(scan=scan, now=now)
        _close(scan)
    except FileNotFoundError:
        _fail(scan, _("A file of this scan is not in the storage. Ask your administrator."))
    except DomainError as error:
        _fail(scan, error.message)
    return str(Scan.objects.values_list("state", flat=True).get(pk=scan_id))


def tend_scans(*, now: datetime) -> int:
    """Asks again for scans whose worker fell silent; returns how many."""
    silent = Scan.objects.filter(state=ScanState.READING, touched_at__lt=now - STALE_AFTER)
    asked = 0
    for pk in list(silent.values_list("pk", flat=True)[:100]):
        # Taken by the update: of two who tend at once, one asks.
        if silent.filter(pk=pk).update(touched_at=now):
            ask(pk)
            asked += 1
    return asked


def ask(scan_id: UUID) -> None:
    """After the commit; when the broker cannot be reached, `tend_scans` asks again."""
    transaction.on_commit(lambda: work_on_scan.delay(str(scan_id)), robust=True)


def _counted(scan: Scan, given: GivenFile, position: int) -> ScanFile:
    name = " ".join(given.name.split())[:200] or _("file")
    try:
        kind, pages = count_pages(given.data)
    except SheetRefused as refused:
        raise SheetRefused(f"{name}: {refused.message}", refused.code) from refused
    return ScanFile(
        scan=scan,
        exam=scan.exam,
        position=position,
        file_name=name,
        sha256=sha256(given.data).hexdigest(),
        size=len(given.data),
        content_type=kind,
        page_count=pages,
    )


def _their_scan(known: list[ScanFile], actor: User) -> Scan:
    if not known:
        raise DomainError(_("Choose a file first."), "no_file")
    scan = known[0].scan
    if not Scan.objects.visible_to(actor).filter(pk=scan.pk).exists():
        raise ConflictError(_("This very file was already brought for this exam by somebody else."), "scan_doubled")
    return scan


def _read_file(scan: Scan, file: ScanFile, before: int, now: datetime) -> None:
    """Reads the pages of a file that have no row yet, a chunk at a time, and places each chunk."""
    start = ScanPage.objects.filter(file=file).count()
    if start >= file.page_count:
        return
    with tempfile.NamedTemporaryFile() as copy:
        with sheet_storage().open_bytes(file.storage_key) as stream:
            for chunk in byte_chunks(stream):
                copy.write(chunk)
        copy.flush()
        for first in range(start, file.page_count, CHUNK):
            count = min(CHUNK, file.page_count - first)
            pages = split_pages(Path(copy.name), file.content_type, first=first, count=count)
            for page in pages:
                _keep(scan, file, page, before)
            _place_all(scan, now)
            done = ScanPage.objects.filter(scan=scan).count()
            # What came so far counts: only a page that fails again and again uses up the tries.
            Scan.objects.filter(pk=scan.pk).update(done=done, tries=1, touched_at=timezone.now())


def _keep(scan: Scan, file: ScanFile, page: SplitPage, before: int) -> None:
    """The images, then the row, so that a row always has its images. Twice is the same."""
    row = ScanPage(
        scan=scan,
        file=file,
        index=page.index,
        position=before + page.index + 1,
        codes=list(page.codes),
        code_seen=page.code_seen,
        is_blank=page.is_blank,
        sha256=page.sha256,
        size=len(page.image),
        width=page.width,
        height=page.height,
    )
    if page.image:
        sheet_storage().put_bytes(row.image_key, page.image, JPEG_TYPE)
        sheet_storage().put_bytes(row.thumb_key, page.thumb, JPEG_TYPE)
    ScanPage.objects.bulk_create([row], ignore_conflicts=True)


def _place_all(scan: Scan, now: datetime) -> None:
    unplaced = ScanPage.objects.filter(scan=scan, state=ScanPageState.READ).order_by("position")
    for page in unplaced:
        page.scan = scan
        place_by_code(page=page, now=now)


def _close(scan: Scan) -> None:
    """Only when nothing is left to read or place: somebody may have put pages back to be tried again."""
    with transaction.atomic():
        row = Scan.objects.select_for_update().get(pk=scan.pk)
        if row.pages.filter(state=ScanPageState.READ).exists():
            ask(row.pk)
            return
        row.state, row.problem, row.touched_at, row.tries = ScanState.READ, "", timezone.now(), 0
        row.done = row.total
        row.save()


def _fail(scan: Scan, problem: str) -> None:
    log.warning("scan_failed", scan_id=str(scan.pk), problem=problem)
    rows = Scan.objects.filter(pk=scan.pk, state=ScanState.READING)
    rows.update(state=ScanState.FAILED, problem=problem, touched_at=timezone.now())
