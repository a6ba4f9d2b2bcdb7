"""Putting scanned pages into the students' papers, taking them out, and handing in what is complete.

Order of locks: the attempt, then the page. What is placed is a sheet like any other, and goes through the same worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import AttemptState, ScanPageState, ScanReason, UploadState
from assessments.models import Attempt, Exam, Scan, ScanPage, SheetPage, SheetUpload
from assessments.selectors.scans import numbers_in, roster_of
from assessments.selectors.sheets import STANDING
from assessments.services.hand_in import hand_in
from assessments.services.paper_sittings import NotBegunError, attempt_at, sit_on_paper
from assessments.services.printing import ClassCode, PageCode, PageCodeError, read_any_code
from assessments.services.scan_placing import Claim, Neighbour, Seat, judge_seat, next_to_waiting, read_claim
from assessments.services.sheet_images import JPEG_TYPE
from assessments.services.sheet_order import take_out
from assessments.services.sheet_processing import queue_processing
from assessments.services.submission import lock_attempt
from common.errors import ConflictError, DomainError

#: A page that a person still has to decide about, or the worker has not come to.
OPEN_STATES = (ScanPageState.READ, ScanPageState.WAITING)


@dataclass(frozen=True)
class Place:
    """Where a page goes: `turn` is in degrees clockwise, asked for by a person."""

    student: User
    number: int
    pages: int | None = None
    turn: int = 0


def place_by_code(*, page: ScanPage, now: datetime) -> str:
    """The worker's step for one page whose state is READ: places it by its code, discards it as doubled, or lets it
    wait with the reason. Returns the state it is in then. Repeatable: what is decided stays.

    `page` with its scan, the scan's author and exam, and the exam's paper.
    """
    scan = page.scan
    claim = claim_of(page)
    if isinstance(claim, ScanReason):
        return _let_wait(page, claim)
    student = roster_of(scan.exam, scan.author).filter(pk=claim.student).first()
    if student is None:
        return _let_wait(page, ScanReason.UNKNOWN_STUDENT)
    page.student, page.number, page.pages = student, claim.number, claim.pages
    try:
        attempt = _attempt_for(scan, student, claim, now)
    except NotBegunError as error:
        return _let_wait(page, error.reason, error.message)
    place = Place(student, claim.number, claim.pages)
    reason = file_page(page=page, attempt=attempt, place=place, actor=scan.author, by_hand=False, now=now)
    if reason is None:
        return str(ScanPage.objects.values_list("state", flat=True).get(pk=page.pk))
    if reason == ScanReason.DOUBLED:
        fields = {"state": ScanPageState.DISCARDED, "reason": reason, "student": student, "number": claim.number}
        ScanPage.objects.filter(pk=page.pk, state__in=OPEN_STATES).update(**fields, decided_at=now)
        return ScanPageState.DISCARDED
    return _let_wait(page, reason)


def claim_of(page: ScanPage) -> Claim | ScanReason:
    """What the codes of a page say. At most one query."""
    codes = [_read(text) for text in page.codes]
    named = [code.attempt for code in codes if isinstance(code, PageCode) and code.attempt]
    sitting = (
        dict(Attempt.objects.filter(exam=page.scan.exam_id, pk__in=named).values_list("pk", "student")) if named else {}
    )
    return read_claim(
        codes,
        code_seen=page.code_seen,
        is_blank=page.is_blank,
        is_drawn=bool(page.sha256),
        exam=page.scan.exam_id,
        sitting=sitting,
    )


def file_page(
    *, page: ScanPage, attempt: Attempt, place: Place, actor: User, by_hand: bool, now: datetime
) -> ScanReason | None:
    """Makes an open page of a scan a sheet of `attempt`; returns why not, None when it is placed (by whomever)."""
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        current = ScanPage.objects.select_for_update().get(pk=page.pk)
        if current.state not in OPEN_STATES:
            return None
        reason = judge_seat(seat_of(locked), number=place.number, sha256=current.sha256)
        if reason is not None:
            return reason
        upload = _new_sheet(locked, current, place, now)
        current.state, current.reason, current.detail, current.upload = ScanPageState.PLACED, "", "", upload
        current.student, current.number, current.pages = place.student, place.number, place.pages
        current.decided_by, current.decided_at = actor if by_hand else None, now
        current.save()
        after = {"attempt": str(locked.pk), "page": place.number, "scan_page": current.position, "by_hand": by_hand}
        record_event(actor=actor, action="scan.page_placed", obj=current, after=after, now=now)
        queue_processing(upload.pk)
    return None


def seat_of(attempt: Attempt) -> Seat:
    """The paper as it stands; for the holder of its lock. One query."""
    rows = SheetUpload.objects.filter(attempt=attempt, state__in=STANDING).values_list("page_number", "sha256")
    sheets: dict[int, list[str]] = {}
    for number, digest in rows:
        sheets.setdefault(number, []).append(digest)
    return Seat(attempt.state, sheets, bool(attempt.paper.written_marks))


def withdraw_page(*, page: ScanPage, now: datetime) -> tuple[UUID, int]:
    """Takes a placed page out of its paper again, in the caller's transaction; (attempt, page number) it had.

    Raises ConflictError once the paper is handed in, or when the page is not placed any more.
    """
    assert page.upload is not None
    attempt = lock_attempt(page.upload.attempt_id)
    current = ScanPage.objects.select_for_update(of=("self",)).select_related("upload").get(pk=page.pk)
    if current.upload is None or current.upload.attempt_id != attempt.pk:
        raise ConflictError(_("This page was moved meanwhile. Look again."), "scan_page_moved")
    if attempt.state == AttemptState.HANDED_IN:
        message = _("The paper is handed in and with the markers. Nothing can be taken out of it now.")
        raise ConflictError(message, "closed")
    number = current.upload.page_number
    if current.upload.state != UploadState.REMOVED:
        take_out(current.upload)
    return attempt.pk, number


def hand_in_scanned(*, attempt: Attempt, scan: Scan, actor: User, complete: bool, now: datetime) -> bool:
    """Hands in the sheets of `attempt` as they are, so that marking and its promise begin; False when they were.

    Raises DomainError still_writing, no_pages or attempt_cancelled.
    """
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if locked.state == AttemptState.HANDED_IN:
            return False
        if locked.state == AttemptState.IN_PROGRESS:
            raise DomainError(_("The student is still writing. Hand in when the exam is submitted."), "still_writing")
        if locked.state != AttemptState.SUBMITTED:
            raise DomainError(_("This attempt was cancelled."), "attempt_cancelled")
        numbers = SheetUpload.objects.filter(attempt=locked, state=UploadState.VERIFIED).values_list("page_number")
        pages = sorted(number for (number,) in numbers)
        if not pages:
            raise DomainError(_("No page of this student is here yet."), "no_pages")
        hand_in(locked, late=UploadState.REFUSED, now=now)
        after = {"pages": pages, "complete": complete, "scan": str(scan.pk)}
        record_event(actor=actor, action="attempt.handed_in_scanned", obj=locked, after=after, now=now)
    return True


def hand_in_complete(*, scan: Scan, now: datetime) -> int:
    """Hands in every student's paper of this scan that has all the pages its codes tell of, unless a page waits beside
    theirs that may be one more. Returns how many. Three queries and those of each paper handed in."""
    if scan.pages.filter(state=ScanPageState.READ).exists():
        return 0
    unsure = next_to_waiting(neighbours_of(scan))
    placed = ScanPage.objects.filter(scan=scan, state=ScanPageState.PLACED, pages__isnull=False)
    wanted = {
        (attempt, student): most
        for attempt, student, most in placed.order_by("pages").values_list("upload__attempt", "student", "pages")
        if most is not None
    }
    open_papers = Attempt.objects.filter(pk__in=[attempt for attempt, _student in wanted], state=AttemptState.SUBMITTED)
    numbers = numbers_in(open_papers)
    done = 0
    for attempt in open_papers:
        most = wanted[attempt.pk, attempt.student_id]
        if attempt.student_id not in unsure and set(range(1, most + 1)) <= numbers.get(attempt.pk, set()):
            done += hand_in_scanned(attempt=attempt, scan=scan, actor=scan.author, complete=True, now=now)
    return done


def neighbours_of(scan: Scan) -> list[Neighbour]:
    """The pages of a scan as the pure functions see them, in order; discarded ones are out. One query."""
    rows = scan.pages.exclude(state=ScanPageState.DISCARDED).order_by("position")
    return [
        Neighbour(position, student, number, pages)
        if state == ScanPageState.PLACED
        else Neighbour(position, is_waiting=True, is_blank=is_blank and not codes)
        for position, state, student, number, pages, is_blank, codes in rows.values_list(
            "position", "state", "student", "number", "pages", "is_blank", "codes"
        )
    ]


def _read(text: str) -> PageCode | ClassCode | None:
    try:
        return read_any_code(text)
    except PageCodeError:
        return None


def _attempt_for(scan: Scan, student: User, claim: Claim, now: datetime) -> Attempt:
    if claim.attempt is not None:
        return Attempt.objects.get(pk=claim.attempt)
    return attempt_for(exam=scan.exam, student=student, scan=scan, actor=scan.author, now=now)


def attempt_for(*, exam: Exam, student: User, scan: Scan, actor: User, now: datetime) -> Attempt:
    """The student's attempt, made now for who wrote on paper. Raises NotBegunError."""
    known = attempt_at(exam, student)
    if known is not None:
        return known
    return sit_on_paper(exam=exam, student=student, starts_all=scan.starts_all, actor=actor, now=now)


def _let_wait(page: ScanPage, reason: ScanReason, detail: str = "") -> str:
    said = "" if detail == str(reason.label) else detail[:300]
    ScanPage.objects.filter(pk=page.pk, state__in=OPEN_STATES).update(
        state=ScanPageState.WAITING,
        reason=reason,
        detail=said,
        student=page.student,
        number=page.number,
        pages=page.pages,
    )
    return ScanPageState.WAITING


def _new_sheet(attempt: Attempt, page: ScanPage, place: Place, now: datetime) -> SheetUpload:
    """The page is received and verified by us, with its image where the scan keeps it."""
    upload: SheetUpload = SheetUpload.objects.create(
        attempt=attempt,
        client_id=uuid5(page.pk, str(page.placings)),
        page_number=place.number,
        sha256=page.sha256,
        size=page.size,
        content_type=JPEG_TYPE,
        storage_key=page.image_key,
        state=UploadState.VERIFIED,
        intended_at=now,
        verified_at=now,
    )
    SheetPage.objects.create(upload=upload, index=0, rotation=place.turn)
    return upload
