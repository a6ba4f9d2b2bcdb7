"""Sheets as a phone sends them, for the tests of announcing, receiving and handing in."""

import hashlib
import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw

from assessments.services.sheets import announce_sheet, confirm_sheets, incoming_key, receive_sheet
from common.errors import DomainError
from common.storage import sheet_storage
from tests import factories

NOW = factories.NOW
MINUTE = timedelta(minutes=1)


def picture(width=300, height=400, colour="white"):
    image = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(image)
    for step in range(8):
        draw.line((30, 40 + 30 * step, width - 30, 50 + 30 * step), fill="navy", width=3)
    draw.rectangle((0, 0, 40, 40), fill="red")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def pdf(pages):
    images = [Image.new("RGB", (200, 280), (250, 250, 250 - i)) for i in range(pages)]
    out = io.BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:])
    return out.getvalue()


PHOTO = picture()


def facts(data=PHOTO, **changes):
    digest = hashlib.sha256(data).hexdigest()
    return {"page_number": 1, "sha256": digest, "size": len(data), "content_type": "image/jpeg"} | changes


def announce(attempt, data=PHOTO, *, client_id=None, now=NOW, actor=None, **changes):
    return announce_sheet(
        attempt=attempt, client_id=client_id or uuid.uuid4(), actor=actor or attempt.student, now=now,
        **facts(data, **changes),
    )  # fmt: skip


def deliver(upload, data=PHOTO):
    sheet_storage().put_bytes(incoming_key(upload), data, "image/jpeg")


def receive(attempt, data=PHOTO, *, now=NOW, **changes):
    upload, _ = announce(attempt, data, now=now, **changes)
    deliver(upload, data)
    return receive_sheet(upload=upload, actor=attempt.student, now=now)


def code_of(call, *args, **kwargs):
    with pytest.raises(DomainError) as caught:
        call(*args, **kwargs)
    assert caught.value.message.endswith((".", ")"))
    return caught.value.code


def confirm(attempt, pages, not_attempted=(), now=NOW + MINUTE):
    return confirm_sheets(
        attempt=attempt, pages=pages, not_attempted=list(not_attempted), actor=attempt.student, now=now
    )
