"""Pictures in questions, as they are printed."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from PIL import Image

from assessments.models import QuestionPicture
from assessments.services.pictures import open_picture

logger = logging.getLogger(__name__)

#: More is not seen on paper, and makes the file heavy.
MAX_SIDE = 1_600
POINTS_PER_PIXEL = 0.75
MAX_HEIGHT = 260.0
NAME = re.compile(r"questions/([0-9a-f]{64})\.(png|jpg)")
TYPES = {"png": "image/png", "jpg": "image/jpeg"}


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


def read_picture(url: str) -> Picture | None:
    """The picture kept at an address of this site; None, and a line in the log, where none is kept."""
    found = NAME.fullmatch(urlsplit(url).path.removeprefix(settings.MEDIA_URL))
    if found is None:
        return None
    try:
        with open_picture(QuestionPicture(sha256=found[1], media_type=TYPES[found[2]])) as file:
            return _ready(Image.open(file))
    except OSError as error:
        logger.warning("A picture cannot be printed: %s: %.200s", error, url)
        return None


def _ready(image: Image.Image) -> Picture:
    """On white, as paper is. Its size was judged when it was stored."""
    pixels = image.size
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.convert("RGBA").getchannel("A") if image.has_transparency_data else None)
    return Picture(flat, pixels)
