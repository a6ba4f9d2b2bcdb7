"""Pictures of questions: checked, re-encoded without metadata, kept once, shown at an address that stays."""

from __future__ import annotations

import hashlib
from typing import IO

from django.conf import settings

from accounts.models import User
from assessments.models import QuestionPicture
from common.pictures import PictureError, encode_picture
from common.storage import sheet_storage

__all__ = ["PictureError", "open_picture", "picture_address", "store_picture"]


def store_picture(data: bytes, *, actor: User | None = None) -> str:
    """Keeps a picture and returns its address, for Markdown as `![alt](address)`.

    PNG, JPEG, GIF (its first frame) or WebP up to 5 MB; kept as PNG or JPEG of at most 2000 pixels a side and 2 MB,
    without metadata. The same picture again has the same address. Raises PictureError. Writes the file, then the row.
    """
    made = encode_picture(data)
    sha256 = hashlib.sha256(made.data).hexdigest()
    row = QuestionPicture(
        sha256=sha256, media_type=made.media_type, width=made.width, height=made.height, size=len(made.data),
        added_by=actor,
    )  # fmt: skip
    if not QuestionPicture.objects.filter(sha256=sha256).exists():
        sheet_storage().put_bytes(_key(row), made.data, made.media_type)
        # Two who send the same picture at once both succeed.
        QuestionPicture.objects.bulk_create([row], ignore_conflicts=True)
    return picture_address(row)


def picture_address(picture: QuestionPicture) -> str:
    """The path on this site; common.content takes images below MEDIA_URL only."""
    return f"{settings.MEDIA_URL}questions/{picture.name}"


def open_picture(picture: QuestionPicture) -> IO[bytes]:
    """The stored file; the caller closes it. Raises FileNotFoundError."""
    return sheet_storage().open_bytes(_key(picture))


def _key(picture: QuestionPicture) -> str:
    return f"questions/{picture.sha256[:2]}/{picture.name}"
