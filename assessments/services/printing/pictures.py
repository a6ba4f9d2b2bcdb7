"""Pictures in questions, as they are kept in storage."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from common.content import is_own_file

logger = logging.getLogger(__name__)

MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 40_000_000
#: More is not seen on paper, and makes the file heavy.
MAX_SIDE = 1_800
POINTS_PER_PIXEL = 0.75
MAX_HEIGHT = 260.0


@dataclass(frozen=True)
class Picture:
    image: Image.Image
    #: Its size before it was made smaller.
    pixels: tuple[int, int]

    def fitted(self, width: float, scale: float) -> tuple[float, float]:
        """Its size on a page with lines of `width`; `scale` is that of large print."""
        wide, high = (side * POINTS_PER_PIXEL * scale for side in self.pixels)
        shrink = min(1.0, width / wide, MAX_HEIGHT * scale / high)
        return wide * shrink, high * shrink


def open_picture(url: str) -> Picture | None:
    """The picture at an address of this site; None, and a line in the log, where there is none that can be read."""
    if not is_own_file(url):
        return None
    name = unquote(urlsplit(url).path)
    name = name.removeprefix(settings.MEDIA_URL) if name.startswith(settings.MEDIA_URL) else name.lstrip("/")
    try:
        with default_storage.open(name) as file:
            if file.size > MAX_BYTES:
                raise ValueError("the file is too large")
            image = Image.open(file)
            if image.width * image.height > MAX_PIXELS:
                raise ValueError("the picture is too large")
            return _ready(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        logger.warning("A picture cannot be printed: %s: %.200s", error, url)
        return None


def _ready(image: Image.Image) -> Picture:
    image = ImageOps.exif_transpose(image)
    pixels = image.size
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    if image.mode in {"RGBA", "LA", "P", "PA"}:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        white.alpha_composite(clear)
        image = white
    return Picture(image.convert("L" if image.mode == "L" else "RGB"), pixels)
