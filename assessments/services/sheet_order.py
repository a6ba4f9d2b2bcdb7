"""What a student may still change about their sheets before handing in: order, rotation, taking a page out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, PageState, UploadState
from assessments.models import Attempt, PageQuestion, SheetPage, SheetUpload
from assessments.selectors.sheets import STANDING
from assessments.services.sheet_processing import queue_processing
from assessments.services.submission import cancelled, lock_attempt, require_student
from common.errors import ConflictError, DomainError

TURNS = (90, 180, 270)


def remove_sheet(*, upload: SheetUpload, actor: User, now: datetime) -> SheetUpload:
    """Takes a file out of the paper for good; repeating is fine. The stored bytes stay for the record."""
    require_student(upload.attempt, actor)
    with transaction.atomic():
        _lock_open(upload.attempt_id)
        current = SheetUpload.objects.select_related("attempt").get(pk=upload.pk)
        if current.state != UploadState.REMOVED:
            take_out(current)
    return current


def take_out(upload: SheetUpload) -> None:
    """For the holder of the attempt's lock: the sheet counts no more, its tags go, its bytes stay."""
    PageQuestion.objects.filter(page__upload=upload).delete()
    upload.state = UploadState.REMOVED
    upload.save(update_fields=["state"])


def reorder_sheets(*, attempt: Attempt, order: Sequence[UUID], actor: User, now: datetime) -> list[SheetUpload]:
    """Numbers the uploads 1, 2, 3 … as listed by client id and returns them; unlisted ones follow as they were.

    Raises ConflictError order_changed (details: order) when `order` names a page that is not there (any more).
    """
    require_student(attempt, actor)
    with transaction.atomic():
        _lock_open(attempt.pk)
        uploads = list(SheetUpload.objects.filter(attempt=attempt, state__in=STANDING).order_by("page_number", "id"))
        place = {client_id: index for index, client_id in reversed(list(enumerate(order)))}
        if set(place) - {upload.client_id for upload in uploads}:
            current = [str(upload.client_id) for upload in uploads]
            raise ConflictError(
                _("The pages changed meanwhile. Look at the order again."), "order_changed", order=current
            )
        uploads.sort(key=lambda upload: place.get(upload.client_id, len(place)))
        for number, upload in enumerate(uploads, start=1):
            upload.page_number = number
        SheetUpload.objects.bulk_update(uploads, ["page_number"])
    return uploads


def rotate_page(*, page: SheetPage, turn: int, actor: User, now: datetime) -> SheetPage:
    """Turns a page 90, 180 or 270 degrees clockwise; the worker makes new images, the old ones stand till then."""
    if turn not in TURNS:
        raise DomainError(_("A page can be turned by 90, 180 or 270 degrees."), "turn")
    attempt = Attempt.objects.get(uploads__pages=page.pk)
    require_student(attempt, actor)
    with transaction.atomic():
        _lock_open(attempt.pk)
        current = SheetPage.objects.select_related("upload").get(pk=page.pk)
        if current.upload.state != UploadState.VERIFIED:
            raise ConflictError(_("This page was taken out. Add it again as a new page."), "sheet_removed")
        current.rotation = (current.rotation + turn) % 360
        current.state, current.tries = PageState.WAITING, 0
        current.save(update_fields=["rotation", "state", "tries"])
        queue_processing(current.upload_id)
    return current


def _lock_open(attempt_id: UUID) -> None:
    attempt = lock_attempt(attempt_id)
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if attempt.state == AttemptState.HANDED_IN:
        raise DomainError(_("Your sheets are handed in. Nothing can be changed now."), "already_handed_in")
