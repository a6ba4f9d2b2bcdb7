"""How far the ink of two pictures of a page agrees."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

#: Pictures are compared at this width, at which a pen stroke is nine pixels wide.
WIDTH = 1300
#: Ink may lie so many pixels away in the other picture: 0.15 % of the page's width, 0.3 mm on paper.
TOLERANCE = 2
#: So much of the ink of each must be found in the other: what is left are the edges of letters.
LEAST = 0.995
#: Ink is what is coloured: the pages under it are white with grey lines.
COLOURED = 48


@dataclass(frozen=True)
class Agreement:
    """Shares from 0 to 1, and how many pixels of ink there are on the screen."""

    screen_in_file: float
    file_in_screen: float
    pixels: int

    @property
    def least(self) -> float:
        return min(self.screen_in_file, self.file_in_screen)


def compare(screen: Image.Image, file: Image.Image) -> Agreement:
    """Of two pictures of one size."""
    one, other = _ink(screen), _ink(file)
    return Agreement(_share(one, _wide(other)), _share(other, _wide(one)), int(one.sum()))


def difference(screen: Image.Image, file: Image.Image) -> Image.Image:
    """For people: what both have in grey, only the screen in blue, only the file in red."""
    one, other = _ink(screen), _ink(file)
    made = np.full((*one.shape, 3), 255, np.uint8)
    made[one & other] = (200, 200, 200)
    made[one & ~other] = (0, 60, 220)
    made[other & ~one] = (220, 0, 0)
    return Image.fromarray(made)


def picture_of_page(document: pypdfium2.PdfDocument, number: int) -> Image.Image:
    """The photographed page that lies on a page of the file, at WIDTH, as it is drawn with all that lies on it."""
    page = document[number]
    (image,) = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
    left, bottom, right, top = image.get_bounds()
    scale = WIDTH / (right - left)
    drawn = page.render(scale=scale).to_pil().convert("RGB")
    box = (left * scale, (page.get_height() - top) * scale, right * scale, (page.get_height() - bottom) * scale)
    height = round(WIDTH * (top - bottom) / (right - left))
    return drawn.transform((WIDTH, height), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)


def picture_of_screen(png: bytes, size: tuple[int, int]) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _ink(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture).astype(np.int16)
    return (pixels.max(axis=2) - pixels.min(axis=2)) > COLOURED


def _wide(mask: np.ndarray) -> np.ndarray:
    """With everything within TOLERANCE of it."""
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE + 1, 2 * TOLERANCE + 1))
    return cv2.dilate(mask.astype(np.uint8), around).astype(bool)


def _share(mask: np.ndarray, within: np.ndarray) -> float:
    return float((mask & within).sum() / max(1, mask.sum()))
