"""Pictures that people bring: checked, upright, without metadata, small enough for a page."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from common.errors import DomainError

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


@dataclass(frozen=True)
class EncodedPicture:
    """PNG or JPEG; width and height in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def encode_picture(data: bytes) -> EncodedPicture:
    """PNG, JPEG, GIF (its first frame) or WebP up to 5 MB as PNG or JPEG of at most 2000 pixels a side and 2 MB.

    Raises PictureError.
    """
    picture, size = _encoded(_opened(data))
    media_type = "image/jpeg" if picture.startswith(b"\xff\xd8") else "image/png"
    return EncodedPicture(picture, media_type, *size)


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
