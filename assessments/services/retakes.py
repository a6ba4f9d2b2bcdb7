"""Another picture of a page that is handed in: it stands beside the page and never in its place.

Who may send one, and until when, is decided by whoever asked for it (`evaluations.services.pictures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from assessments.enums import UploadState
from assessments.models import Attempt, SheetPage, SheetUpload
from assessments.services.sheet_files import InspectedFile, SheetRefused
from assessments.services.sheet_processing import queue_processing
from assessments.services.sheets import checked_facts, differs, first_save, incoming_key
from common.errors import ConflictError, DomainError
from common.storage import sheet_storage

# A device that announces picture after picture is out of order.
MAX_ANNOUNCED = 30


class FrozenPagesError(ConflictError):
    """The pages of a paper are not those that they were."""


def frozen_pages(attempt: Attempt) -> dict[str, str]:
    """The SHA-256 of every page's file of a handed-in paper, by upload id. One query."""
    received = SheetUpload.objects.filter(attempt=attempt, state=UploadState.VERIFIED)
    return {str(pk): sha256 for pk, sha256 in received.order_by("pk").values_list("pk", "sha256")}


def require_frozen(attempt: Attempt, known: Mapping[str, str]) -> None:
    """Raises FrozenPagesError unless the paper has exactly the pages of `known`, as of frozen_pages."""
    if frozen_pages(attempt) != dict(known):
        raise FrozenPagesError(_("The pages of this paper have changed. Ask your institute."), "pages_changed")


def announce_retake(
    *, page: SheetPage, client_id: UUID, sha256: str, size: int, content_type: str, now: datetime
) -> SheetUpload:
    """Notes that another picture of `page` will come; in the transaction of whoever asked for it. Repeatable as
    announce_sheet. Raises DomainError: too_many_pages, sheet_* and those of a bad announcement; ConflictError."""
    original = page.upload
    facts = checked_facts(page_number=original.page_number, sha256=sha256, size=size, content_type=content_type)
    upload = SheetUpload.objects.filter(attempt=original.attempt_id, client_id=client_id).first()
    if upload is None:
        announced = SheetUpload.objects.filter(retake_of=page, state__in=(UploadState.INTENDED, UploadState.REFUSED))
        if announced.count() >= MAX_ANNOUNCED:
            raise DomainError(_("This page was announced too often. Ask your institute."), "too_many_pages")
        upload = SheetUpload(
            attempt_id=original.attempt_id, client_id=client_id, retake_of=page, intended_at=now, **facts
        )
        first_save(upload)
        return upload
    if upload.retake_of_id != page.pk:
        raise differs()
    if upload.state == UploadState.REFUSED:
        for name, value in facts.items():
            setattr(upload, name, value)
        upload.state, upload.refused_code, upload.refused_message = UploadState.INTENDED, "", ""
        upload.save()
    elif (upload.sha256, upload.size) != (facts["sha256"], facts["size"]):
        raise differs()
    return upload


def accept_retake(*, upload: SheetUpload, inspected: InspectedFile, now: datetime) -> SheetPage:
    """The receipt of a picture whose bytes are kept (`sheets.keep_arrived`), in the transaction of whoever asked for
    it. Returns its page, whose image is made by the worker. Raises SheetRefused for a file of several pages."""
    if inspected.page_count != 1:
        raise SheetRefused(_("Send one picture, of this one page."), "one_page")
    upload.state, upload.verified_at, upload.content_type = UploadState.RETAKEN, now, inspected.content_type
    upload.save(update_fields=["state", "verified_at", "content_type"])
    page = SheetPage.objects.create(upload=upload)
    queue_processing(upload.pk)
    transaction.on_commit(lambda: sheet_storage().delete(incoming_key(upload)), robust=True)
    return page


def drop_retakes(*, page: SheetPage) -> int:
    """What was announced as another picture of `page` and has not arrived is no longer waited for. Returns how many."""
    message = _("This picture did not arrive before the request was closed.")
    waiting = SheetUpload.objects.filter(retake_of=page, state=UploadState.INTENDED)
    return waiting.update(state=UploadState.REFUSED, refused_code="sheet_too_late", refused_message=message)


def is_awaited(page: SheetPage) -> bool:
    """Whether another picture of `page` was announced and may still arrive."""
    return SheetUpload.objects.filter(retake_of=page, state=UploadState.INTENDED).exists()
