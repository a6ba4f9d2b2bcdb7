"""Answer sheets on their way in: announced by the device, sent straight to storage, checked, then receipted.

Everything else about sheets is found here too: hand_in (confirm), sheet_order (order, rotate, take out),
sheet_processing (page images), retakes (another picture of one page).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, UploadState
from assessments.models import Attempt, SheetPage, SheetUpload
from assessments.services.hand_in import confirm_sheets
from assessments.services.overdue import ARRIVAL_GRACE
from assessments.services.sheet_files import (
    ACCEPTED_TYPES,
    MAX_BYTES,
    MAX_PAGES,
    InspectedFile,
    SheetRefused,
    inspect_upload,
    refusal,
    verify_digest,
)
from assessments.services.sheet_metadata import without_metadata
from assessments.services.sheet_order import remove_sheet, reorder_sheets, rotate_page
from assessments.services.sheet_processing import process_sheet, process_waiting_sheets, queue_processing
from assessments.services.submission import cancelled, lock_attempt, require_student
from common.errors import ConflictError, DomainError
from common.storage import UploadTarget, digest_chunks, sheet_storage

__all__ = [
    "announce_sheet",
    "confirm_sheets",
    "process_sheet",
    "process_waiting_sheets",
    "receive_sheet",
    "remove_sheet",
    "reorder_sheets",
    "rotate_page",
]


class SheetMissingError(DomainError):
    """Announced, but not sent yet."""


SHA256 = re.compile(r"[0-9a-f]{64}")
# Browsers that do not know HEIC call it this; what the file is, is told from its bytes when it has arrived.
UNKNOWN_TYPE = "application/octet-stream"
# What some phones call the same thing.
ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/heif": "image/heic"}


def announce_sheet(
    *,
    attempt: Attempt,
    client_id: UUID,
    page_number: int,
    sha256: str,
    size: int,
    content_type: str,
    actor: User,
    now: datetime,
    via_phone: bool = False,
) -> tuple[SheetUpload, UploadTarget | None]:
    """Notes that a file (`size` bytes) will come and says where to send it; no target when it is already verified.

    Repeatable: the same client id with the same content gives a fresh target. After a refusal it may stand for other
    content; otherwise other content is a ConflictError. Locks the attempt, so the count of pages is exact. Raises
    DomainError: sheets_closed, already_handed_in, no_sheets, too_many_pages, sheet_* and those of a bad announcement.
    """
    require_student(attempt, actor)
    facts = checked_facts(page_number=page_number, sha256=sha256, size=size, content_type=content_type)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        _require_open(locked)
        upload = SheetUpload.objects.filter(attempt=locked, client_id=client_id).first()
        if upload is None:
            _require_announcing(locked, now)
            upload = SheetUpload(attempt=locked, client_id=client_id, intended_at=now, via_phone=via_phone, **facts)
            first_save(upload)
        elif upload.state != UploadState.VERIFIED:
            _announce_again(upload, facts, now=now)
        elif (upload.sha256, upload.size) != (facts["sha256"], facts["size"]):
            raise differs()
    if upload.state == UploadState.VERIFIED:
        return upload, None
    return upload, upload_target(upload)


def receive_sheet(*, upload: SheetUpload, actor: User, now: datetime) -> SheetUpload:
    """Checks what arrived for `upload` and gives the receipt: state VERIFIED, its pages known. Repeating is fine.

    The bytes are read once, checked, and kept without their metadata under a key that no upload target was ever issued
    for. Costs up to 0.3 s of another process, outside any transaction. A file that is refused is noted with code and
    sentence and raised as SheetRefused; one that has not arrived raises SheetMissingError and may be sent again.
    """
    require_student(upload.attempt, actor)
    current = SheetUpload.objects.select_related("attempt").get(pk=upload.pk)
    if current.state == UploadState.VERIFIED:
        return current
    _require_receivable(current, now)
    try:
        inspected = keep_arrived(current)
        accepted = _accept(current, inspected, now=now)
        sheet_storage().delete(incoming_key(current))
        return accepted
    except SheetMissingError:
        # Another `done` of the same sheet may have been quicker and cleared the table.
        current.refresh_from_db()
        if current.state == UploadState.VERIFIED:
            return current
        raise
    except SheetRefused as refused:
        note_refusal(current, refused)
        raise


def keep_arrived(upload: SheetUpload) -> InspectedFile:
    """Reads what arrived once, checks it, and keeps it without its metadata. Outside any transaction.

    Raises SheetMissingError and SheetRefused.
    """
    data = _arrived(upload)
    inspected = inspect_upload(data, declared_type=upload.content_type)
    clean = without_metadata(data, inspected.content_type)
    sheet_storage().put_bytes(upload.storage_key, clean, inspected.content_type)
    return inspected


def upload_target(upload: SheetUpload) -> UploadTarget:
    """Where the device sends the file of an announced upload; valid for 15 minutes."""
    return sheet_storage().presign_upload(
        key=incoming_key(upload), content_type=upload.content_type, max_bytes=MAX_BYTES
    )


def first_save(upload: SheetUpload) -> None:
    """Inserts an announced upload; from then on its place in the storage is fixed."""
    upload.storage_key = f"attempts/{upload.attempt_id}/{upload.pk}/original"
    upload.save(force_insert=True)


def incoming_key(upload: SheetUpload) -> str:
    """Where the device may write until its target lapses; never read again after the receipt."""
    return upload.storage_key.removesuffix("original") + "incoming"


def checked_facts(*, page_number: int, sha256: str, size: int, content_type: str) -> dict[str, Any]:
    """What a device announces, as columns of SheetUpload. Raises DomainError and SheetRefused."""
    if not 1 <= page_number <= MAX_PAGES:
        message = _("Pages are numbered from 1 to %(most)d.") % {"most": MAX_PAGES}
        raise DomainError(message, "page_number")
    if not SHA256.fullmatch(sha256):
        raise DomainError(_("“sha256” must be 64 hexadecimal digits in lower case."), "sha256")
    if size < 1:
        raise refusal("sheet_empty")
    if size > MAX_BYTES:
        raise refusal("sheet_too_large")
    kind = content_type.split(";")[0].strip().lower()
    kind = ALIASES.get(kind, kind)
    if kind not in (*ACCEPTED_TYPES, UNKNOWN_TYPE):
        raise SheetRefused(_("This is not a photo or a PDF. Send JPEG, PNG, WebP, HEIC or PDF."), "sheet_type")
    return {"page_number": page_number, "sha256": sha256, "size": size, "content_type": kind}


def _require_open(attempt: Attempt) -> None:
    """Sheets may come from the start of writing until they are handed in."""
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if not attempt.paper.written_marks:
        raise DomainError(_("This paper has no written questions, so it needs no sheets."), "no_sheets")
    if attempt.state == AttemptState.HANDED_IN:
        raise DomainError(_("Your sheets are handed in. Nothing can be added now."), "already_handed_in")


def _require_announcing(attempt: Attempt, now: datetime) -> None:
    if now > attempt.sheets_due_at:
        message = _("The time for photographing is over. Pages announced before can still be sent.")
        raise DomainError(message, "sheets_closed")
    if _standing_pages(attempt) >= MAX_PAGES:
        raise _too_many()


def _standing_pages(attempt: Attempt) -> int:
    """Pages received, and one for each upload still on its way."""
    standing = SheetUpload.objects.filter(attempt=attempt)
    received = Count("pages", filter=Q(state=UploadState.VERIFIED))
    on_the_way = Count("pk", filter=Q(state=UploadState.INTENDED), distinct=True)
    totals = standing.aggregate(received=received, on_the_way=on_the_way)
    return int(totals["received"] + totals["on_the_way"])


def _too_many() -> SheetRefused:
    message = _("A paper can have %(most)d pages. Take some out before you add more.") % {"most": MAX_PAGES}
    return SheetRefused(message, "too_many_pages")


def differs() -> ConflictError:
    """One client id stands for one file."""
    return ConflictError(_("Another file was sent under the same name. Add it as a new page."), "sheet_differs")


def _announce_again(upload: SheetUpload, facts: dict[str, Any], *, now: datetime) -> None:
    """A known upload that is not verified: the same file once more, or after a refusal perhaps another one."""
    if upload.state == UploadState.REMOVED:
        raise ConflictError(_("This page was taken out. Add it again as a new page."), "sheet_removed")
    if now > upload.attempt.sheets_due_at + ARRIVAL_GRACE:
        raise DomainError(_("The time for sending pages is over."), "sheets_closed")
    if upload.state == UploadState.INTENDED:
        if (upload.sha256, upload.size) != (facts["sha256"], facts["size"]):
            raise differs()
        return
    if _standing_pages(upload.attempt) >= MAX_PAGES:
        raise _too_many()
    for name, value in facts.items():
        setattr(upload, name, value)
    upload.state, upload.refused_code, upload.refused_message = UploadState.INTENDED, "", ""
    upload.save()


def _require_receivable(upload: SheetUpload, now: datetime) -> None:
    if upload.state == UploadState.REMOVED:
        raise ConflictError(_("This page was taken out. Add it again as a new page."), "sheet_removed")
    if upload.state == UploadState.REFUSED:
        raise SheetRefused(upload.refused_message, upload.refused_code)
    if upload.attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if upload.attempt.state == AttemptState.HANDED_IN:
        raise DomainError(_("Your sheets are handed in. Nothing can be added now."), "already_handed_in")
    if now > upload.attempt.sheets_due_at + ARRIVAL_GRACE:
        raise DomainError(_("The time for sending pages is over."), "sheets_closed")


def _arrived(upload: SheetUpload) -> bytes:
    """What the device sent, once it is known to be what it announced. Never more than MAX_BYTES + 1 in memory."""
    try:
        with sheet_storage().open_bytes(incoming_key(upload)) as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SheetMissingError(_("This page has not arrived yet. Send it again."), "sheet_missing") from None
    sha256, size = digest_chunks([data])
    verify_digest(expected_sha256=upload.sha256, expected_size=upload.size, actual_sha256=sha256, actual_size=size)
    return data


def _accept(upload: SheetUpload, inspected: InspectedFile, *, now: datetime) -> SheetUpload:
    with transaction.atomic():
        attempt = lock_attempt(upload.attempt_id)
        current = SheetUpload.objects.get(pk=upload.pk)
        current.attempt = attempt
        if current.state == UploadState.VERIFIED:
            return current
        _require_receivable(current, now)
        if (current.sha256, current.size) != (upload.sha256, upload.size):
            raise differs()
        # This upload is itself counted as one page on its way.
        if _standing_pages(attempt) - 1 + inspected.page_count > MAX_PAGES:
            raise _too_many()
        SheetPage.objects.bulk_create(SheetPage(upload=current, index=i) for i in range(inspected.page_count))
        current.state, current.verified_at = UploadState.VERIFIED, now
        current.content_type = inspected.content_type
        current.save(update_fields=["state", "verified_at", "content_type"])
        queue_processing(current.pk)
    return current


def note_refusal(upload: SheetUpload, refused: SheetRefused) -> None:
    """Only of the announcement that was checked: another `done` may have been quicker, or a new file announced."""
    same = SheetUpload.objects.filter(pk=upload.pk, state=UploadState.INTENDED, sha256=upload.sha256, size=upload.size)
    same.update(state=UploadState.REFUSED, refused_code=refused.code, refused_message=refused.message[:300])
