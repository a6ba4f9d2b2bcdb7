"""From a received file to page images, in the worker. Safe to run twice, late, or again after a crash."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import closing
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from PIL import Image

from assessments.enums import RECEIVED, PageState
from assessments.models import ScanPage, SheetPage, SheetUpload
from assessments.selectors.sheets import uploads_waiting_since
from assessments.services.sheet_files import MAX_BYTES, SheetRefused
from assessments.services.sheet_images import JPEG_TYPE, SCREEN_TYPE, RenderedPage, render_pages
from assessments.signals import sheet_pages_ready
from assessments.tasks import STORAGE_ERRORS
from assessments.tasks import process_sheet as process_sheet_task
from common.events import announce
from common.storage import sheet_storage

log = structlog.get_logger(__name__)

# A page that took the worker down this often is given up, so that one file cannot stop the queue.
MAX_TRIES = 5
STALE_AFTER = timedelta(minutes=2)
REQUEUE_SECONDS = 300
REQUEUE_AT_ONCE = 500
# Of a page that its student turned; as in the decoder.
QUALITIES = {"WEBP": {"quality": 84, "method": 2}, "JPEG": {"quality": 82, "optimize": True, "progressive": True}}


def queue_processing(upload_id: UUID) -> None:
    """Asks the worker for page images once the surrounding transaction has committed.

    When the broker cannot be reached the error is logged: the receipt stands, and process_waiting_sheets asks again.
    """

    def ask() -> None:
        process_sheet_task.delay(str(upload_id))

    transaction.on_commit(ask, robust=True)


def process_waiting_sheets(*, now: datetime) -> int:
    """Asks again for uploads whose images are missing two minutes after the receipt; returns how many."""
    asked = 0
    for upload_id in uploads_waiting_since(now - STALE_AFTER).values_list("pk", flat=True)[:REQUEUE_AT_ONCE]:
        # A long queue is not a lost task: without this every minute would add it once more.
        if cache.add(f"assessments:sheet-asked:{upload_id}", 1, REQUEUE_SECONDS):
            queue_processing(upload_id)
            asked += 1
    return asked


def process_sheet(*, upload_id: UUID, now: datetime) -> int:
    """Makes screen and thumbnail images of the waiting pages of an upload; returns how many became ready.

    Keys depend only on page and rotation, so a second run writes the same files. Storage errors are raised for the
    task to retry; a file that cannot be drawn within the limits marks its pages FAILED.
    """
    pages = _take_waiting(upload_id)
    if not pages:
        return 0
    try:
        ready = _draw(SheetUpload.objects.get(pk=upload_id), pages)
    except SheetRefused as refused:
        log.warning("sheet_cannot_be_drawn", upload_id=str(upload_id), code=refused.code)
        _give_up(upload_id, list(pages))
        return 0
    except FileNotFoundError:
        raise
    except STORAGE_ERRORS:
        # Storage that is down says nothing about the file.
        SheetPage.objects.filter(upload=upload_id, index__in=list(pages), tries__gt=0).update(tries=F("tries") - 1)
        raise
    if not SheetPage.objects.filter(upload=upload_id, state=PageState.WAITING).exists():
        announce(sheet_pages_ready, upload_id=upload_id)
    return ready


def _draw(upload: SheetUpload, pages: dict[int, SheetPage]) -> int:
    """Stores the images of `pages` (by index) and returns how many were; a page the file does not have is given up."""
    with sheet_storage().open_bytes(upload.storage_key) as stream:
        data = stream.read(MAX_BYTES + 1)
    ready, missing = 0, set(pages)
    # What a scanner saw of a class is flat and evenly lit, and has been looked at as it is.
    is_photo = not ScanPage.objects.filter(upload=upload.pk).exists()
    drawn = cast(
        "Generator[RenderedPage, None, None]",
        render_pages(data, upload.content_type, page_count=max(missing) + 1, is_photo=is_photo),
    )
    with closing(drawn) as images:
        for image in images:
            if image.trouble:
                log.warning("sheet_left_as_it_came", upload_id=str(upload.pk), trouble=image.trouble)
            if image.index in missing:
                missing.discard(image.index)
                ready += _store(upload, pages[image.index], image)
            if not missing:
                break
    if missing:
        _give_up(upload.pk, list(missing))
    return ready


def _take_waiting(upload_id: UUID) -> dict[int, SheetPage]:
    """Waiting pages by index, after counting the try and giving up those that were tried too often."""
    with transaction.atomic():
        waiting = SheetPage.objects.filter(upload=upload_id, upload__state__in=RECEIVED, state=PageState.WAITING)
        waiting.filter(tries__gte=MAX_TRIES).update(state=PageState.FAILED)
        waiting.update(tries=F("tries") + 1)
        return {page.index: page for page in waiting.order_by("index")}


def _give_up(upload_id: UUID, indexes: list[int]) -> None:
    """Nothing of a file that did not survive being drawn is shown, whatever came out of it before."""
    rows = SheetPage.objects.filter(upload=upload_id, index__in=indexes)
    rows.update(state=PageState.FAILED, screen_key="", thumb_key="")


def _store(upload: SheetUpload, page: SheetPage, image: RenderedPage) -> bool:
    """Writes the images; False when the student turned the page meanwhile (another task then does it again).

    Red ink lies in coordinates of the page image, so that must never get another shape once somebody may draw on it. It
    does not: only a waiting page gets images, and a page waits when it is new or when its student turns it, which ends
    with the handing in, before any marker has it. A page that has its image keeps it, whatever we would make of it now.
    """
    base = f"{upload.storage_key.removesuffix('original')}{page.index}-r{page.rotation}"
    screen_key, thumb_key = f"{base}-screen.webp", f"{base}-thumb.jpg"
    made = {screen_key: image.screen, thumb_key: image.thumb}
    if image.plain is not None:
        made[f"{base}-plain.jpg"] = image.plain
    for key, blob in made.items():
        sheet_storage().put_bytes(key, turned(blob, page.rotation), SCREEN_TYPE if key == screen_key else JPEG_TYPE)
    sideways = page.rotation in (90, 270)
    width, height = (image.height, image.width) if sideways else (image.width, image.height)
    same = SheetPage.objects.filter(pk=page.pk, state=PageState.WAITING, rotation=page.rotation)
    return bool(
        same.update(
            state=PageState.READY,
            screen_key=screen_key,
            thumb_key=thumb_key,
            width=width,
            height=height,
            advice=list(image.quality.advice),
            treatment=list(image.treatment),
        )
    )


def turned(blob: bytes, degrees: int) -> bytes:
    """An image of our own making, turned clockwise. Always made from the unturned one, so quality is lost only once."""
    if not degrees:
        return blob
    # Pillow turns counter-clockwise.
    how = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}[degrees]
    out = io.BytesIO()
    with Image.open(io.BytesIO(blob), formats=list(QUALITIES)) as image:
        image.transpose(how).save(out, image.format, **QUALITIES[str(image.format)])
    return out.getvalue()
