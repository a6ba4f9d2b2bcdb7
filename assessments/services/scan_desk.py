"""What a person decides about scanned pages: place, discard, put back, try again, hand in. All audited."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ScanPageState, ScanReason, ScanState
from assessments.models import Attempt, Scan, ScanPage
from assessments.selectors.scans import roster_of
from assessments.services.paper_sittings import NotBegunError
from assessments.services.scan_filing import (
    OPEN_STATES,
    Place,
    attempt_for,
    file_page,
    hand_in_complete,
    hand_in_scanned,
    withdraw_page,
)
from assessments.services.scans import ask, require_scanner
from assessments.services.sheet_files import MAX_PAGES
from assessments.services.sheet_images import JPEG_TYPE
from common.errors import ConflictError, DomainError
from common.storage import sheet_storage

TURNS = (0, 90, 180, 270)
#: A second try changes nothing about these.
FINAL_REASONS = (ScanReason.PUT_BACK, ScanReason.UNDRAWN, ScanReason.BLANK, ScanReason.NO_CODE, ScanReason.UNREADABLE)


def place_page(*, page: ScanPage, student: User, number: int, turn: int, actor: User, now: datetime) -> ScanPage:
    """Puts a waiting page into the paper of `student` as page `number`, turned clockwise by `turn` degrees.

    `page` with its scan, exam and paper. A student without an attempt gets one as in the worker. Raises DomainError
    with the reason when it cannot go there, ConflictError when somebody was quicker.
    """
    scan = page.scan
    require_scanner(scan.exam, actor)
    if not page.sha256:
        raise DomainError(_("This page could not be opened, so there is nothing to place. Scan it again."), "undrawn")
    if not 1 <= number <= MAX_PAGES:
        raise DomainError(_("Pages are numbered from 1 to %(most)d.") % {"most": MAX_PAGES}, "page_number")
    if turn not in TURNS:
        raise DomainError(_("A page can be turned by 90, 180 or 270 degrees."), "turn")
    if not roster_of(scan.exam, actor).filter(pk=student.pk).exists():
        raise DomainError(str(ScanReason.UNKNOWN_STUDENT.label), ScanReason.UNKNOWN_STUDENT)
    try:
        attempt = attempt_for(exam=scan.exam, student=student, scan=scan, actor=actor, now=now)
    except NotBegunError as error:
        raise DomainError(error.message, error.code) from error
    known = ScanPage.objects.filter(scan=scan, student=student, pages__isnull=False).order_by("pages").last()
    place = Place(student, number, known.pages if known else None, turn)
    if (reason := file_page(page=page, attempt=attempt, place=place, actor=actor, by_hand=True, now=now)) is not None:
        raise DomainError(str(reason.label), str(reason))
    placed = ScanPage.objects.select_related("upload").get(pk=page.pk)
    if placed.upload is None or (placed.upload.attempt_id, placed.number) != (attempt.pk, number):
        raise _moved()
    hand_in_complete(scan=scan, now=now)
    return placed


def discard_page(*, page: ScanPage, why: str, actor: User, now: datetime) -> None:
    """A waiting page that belongs to nobody's paper. Its image and the file stay. Repeating is fine."""
    require_scanner(page.scan.exam, actor)
    reason = " ".join(why.split())[:300]
    if not reason:
        raise DomainError(_("Say in a few words why this page is not needed."), "discard_reason")
    with transaction.atomic():
        current = ScanPage.objects.select_for_update().get(pk=page.pk)
        if current.state == ScanPageState.DISCARDED:
            return
        if current.state not in OPEN_STATES:
            raise _moved()
        _set_aside(current, reason, actor, now)
    hand_in_complete(scan=page.scan, now=now)


def discard_blank(*, scan: Scan, actor: User, now: datetime) -> int:
    """Discards every waiting page on which nothing is written; returns how many."""
    require_scanner(scan.exam, actor)
    with transaction.atomic():
        blank = ScanPage.objects.select_for_update().filter(
            scan=scan, state=ScanPageState.WAITING, reason=ScanReason.BLANK
        )
        pages = list(blank)
        for page in pages:
            _set_aside(page, _("Nothing is written on it."), actor, now)
    hand_in_complete(scan=scan, now=now)
    return len(pages)


def put_back(*, page: ScanPage, actor: User, now: datetime) -> None:
    """A placed or discarded page waits for a decision again; out of a paper only while that is not handed in.

    Raises ConflictError.
    """
    require_scanner(page.scan.exam, actor)
    if page.state == ScanPageState.PLACED:
        _keep_image_for_next(page)
    with transaction.atomic():
        before: dict[str, object] = {"state": page.state}
        if page.state == ScanPageState.PLACED:
            attempt_id, number = withdraw_page(page=page, now=now)
            before |= {"attempt": str(attempt_id), "page": number}
        current = ScanPage.objects.select_for_update().get(pk=page.pk)
        if current.state != page.state:
            raise _moved()
        current.placings += current.state == ScanPageState.PLACED
        current.state, current.reason, current.detail, current.upload = (
            ScanPageState.WAITING,
            ScanReason.PUT_BACK,
            "",
            None,
        )
        current.decided_by, current.decided_at = actor, now
        current.save()
        record_event(actor=actor, action="scan.page_put_back", obj=current, before=before, now=now)


def try_again(*, scan: Scan, starts_all: bool, actor: User, now: datetime) -> None:
    """The worker goes on reading, and looks once more at what waits for a reason that may have passed.

    `starts_all` also gives attempts to those who wrote everything on paper; once said it stays. Repeating is fine.
    """
    require_scanner(scan.exam, actor)
    with transaction.atomic():
        current = Scan.objects.select_for_update().get(pk=scan.pk)
        waiting = ScanPage.objects.filter(scan=current, state=ScanPageState.WAITING)
        again = waiting.exclude(reason__in=FINAL_REASONS).update(state=ScanPageState.READ)
        if starts_all and not current.starts_all:
            current.starts_all = True
            record_event(actor=actor, action="scan.starts_all", obj=current, after={"starts_all": True}, now=now)
        current.state, current.problem, current.tries, current.touched_at = ScanState.READING, "", 0, now
        current.save()
        record_event(actor=actor, action="scan.tried_again", obj=current, after={"pages": again}, now=now)
        ask(current.pk)


def hand_in_now(*, scan: Scan, attempt: Attempt, actor: User, now: datetime) -> bool:
    """“Hand in what is here.” Raises DomainError; see hand_in_scanned."""
    require_scanner(scan.exam, actor)
    if not ScanPage.objects.filter(scan=scan, upload__attempt=attempt).exists():
        raise DomainError(_("No page of this scan is in that paper."), "no_pages")
    return hand_in_scanned(attempt=attempt, scan=scan, actor=actor, complete=False, now=now)


def _set_aside(page: ScanPage, why: str, actor: User, now: datetime) -> None:
    page.state, page.detail, page.decided_by, page.decided_at = ScanPageState.DISCARDED, why, actor, now
    page.save(update_fields=["state", "detail", "decided_by", "decided_at"])
    after = {"scan_page": page.position, "was": page.reason}
    record_event(actor=actor, action="scan.page_discarded", obj=page, after=after, reason=why, now=now)


def _keep_image_for_next(page: ScanPage) -> None:
    """A sheet that was taken out keeps its image; the next placing has its own. Before the transaction; repeatable."""
    with sheet_storage().open_bytes(page.image_key) as stream:
        data = stream.read()
    page_after = ScanPage(scan_id=page.scan_id, file_id=page.file_id, index=page.index, placings=page.placings + 1)
    sheet_storage().put_bytes(page_after.image_key, data, JPEG_TYPE)


def _moved() -> ConflictError:
    return ConflictError(_("Somebody decided about this page meanwhile. Look again."), "scan_page_moved")
