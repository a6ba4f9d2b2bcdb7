"""Pictures of questions: checked, re-encoded without metadata, kept once, shown at an address that stays."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.models import User
from assessments.models import QuestionPicture
from common.errors import DomainError
from common.storage import sheet_storage

MAX_RECEIVED = 5 * 1024 * 1024
MAX_STORED = 2 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 2000
MIN_SIDE = 8
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


class PictureError(DomainError):
    """The picture cannot be kept; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "picture_invalid")


def store_picture(data: bytes, *, actor: User | None = None) -> str:
    """Keeps a picture and returns its address, for Markdown as `![alt](address)`.

    PNG, JPEG, GIF (its first frame) or WebP up to 5 MB; kept as PNG or JPEG of at most 2000 pixels a side and 2 MB,
    without metadata. The same picture again has the same address. Raises PictureError. Writes the file, then the row.
    """
    picture, size = _encoded(_opened(data))
    sha256 = hashlib.sha256(picture).hexdigest()
    media_type = "image/jpeg" if picture.startswith(b"\xff\xd8") else "image/png"
    row = QuestionPicture(
        sha256=sha256, media_type=media_type, width=size[0], height=size[1], size=len(picture), added_by=actor
    )
    if not QuestionPicture.objects.filter(sha256=sha256).exists():
        sheet_storage().put_bytes(_key(row), picture, media_type)
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


def _opened(data: bytes) -> Image.Image:
    """The picture, upright and no larger than MAX_SIDE."""
    if len(data) > MAX_RECEIVED:
        raise PictureError(_("This picture is larger than 5 MB. Save it smaller and try again."))
    unreadable = _("This is not a picture we can read. Use PNG, JPEG, GIF or WebP.")
    try:
        with warnings.catch_warnings():
            # Sizes are judged below, before anything is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise PictureError(_("This picture has too many pixels. Save it smaller and try again."))
        if min(image.size) < MIN_SIDE:
            raise PictureError(_("This picture is too small to show anything."))
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError(unreadable) from error
    except Image.DecompressionBombError as error:
        raise PictureError(_("This picture has too many pixels. Save it smaller and try again.")) from error
    was_photo = image.format == "JPEG"
    upright = ImageOps.exif_transpose(image)
    upright = upright.convert("RGB" if was_photo else "RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    upright.format = "JPEG" if was_photo else "PNG"
    return upright


def _encoded(image: Image.Image) -> tuple[bytes, tuple[int, int]]:
    """The bytes kept: a drawing as PNG, a photograph, or what is too heavy for PNG, as JPEG on white."""
    if image.format == "PNG":
        made = io.BytesIO()
        _bare(image).save(made, "PNG", optimize=True)
        if made.tell() <= MAX_STORED:
            return made.getvalue(), image.size
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    for quality in (88, 75, 60):
        made = io.BytesIO()
        flat.save(made, "JPEG", quality=quality, optimize=True)
        if made.tell() <= MAX_STORED:
            return made.getvalue(), image.size
    raise PictureError(_("This picture is too heavy even when saved smaller. Crop it and try again."))


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone: no profile, comment or date travels with them."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    return bare
