"""Evens out the light on a photographed page: the shadow of a hand, a lamp at one side, a yellow lamp.

Loaded by sheet_decoder in its sandboxed process; imports nothing of the project, and OpenCV only when there is
something to do. Pure: an L or RGB picture of Pillow in, another one out.

The paper without its ink is estimated on a small copy. Where it is darker than the brightest paper of the page, the
page is brightened in proportion, ink and paper alike, so pencil keeps its contrast and colours their order. Paper never
becomes brighter than the brightest paper: nothing is clipped to white.
"""

from typing import Any

SMALL = 400  # pixels of the long side; lines of writing are about ten apart
INK = 41  # the paper is looked for within this many of them: broader than any stroke, narrower than a shadow
RIM = 3  # and a pixel is brightened no more than its neighbours need, of which one may be the desk
MOST = 2.2  # darker than that is not a shadow
MOST_TINT = 1.4
PLAIN = 0.9  # a first look does not see less than this
EVEN = 0.92  # paper that varies less than this is left as it is
TINTED = 1.06


def looks_even(image: Any) -> bool:
    """Whether light paper fills the picture and is about the same everywhere: a scan, a page in good light. There is no
    shadow in it then, and no desk.

    Without OpenCV, which takes longer to load than such a page takes altogether.
    """
    from PIL import Image, ImageFilter

    ratio = 160 / max(image.size)
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    paper = image.resize(size, Image.Resampling.BOX).filter(ImageFilter.MaxFilter(9))
    bands = [band.tobytes() for band in paper.resize((12, 12), Image.Resampling.BOX).split()]
    brightest = [max(band) for band in bands]
    even = all(min(band) >= PLAIN * max(band) for band in bands)
    return even and min(brightest) >= 200 and max(brightest) < TINTED * min(brightest)


def evened(image: Any) -> Any | None:
    """The page in even light, or None when the light is even as it is."""
    import cv2
    import numpy as np
    from PIL import Image

    cv2.setNumThreads(1)
    pixels = np.asarray(image)
    paper = _paper(pixels if pixels.ndim == 3 else pixels[:, :, None])
    light = paper.mean(axis=2)
    best = float(np.percentile(light, 98))
    if best < 40:
        return None
    tint = _tint(paper, light, best)
    gain = _gain(paper, light, best)
    uneven = float((gain > 1 / EVEN).mean()) > 0.03
    if not uneven and max(tint) < TINTED:
        return None
    height, width = pixels.shape[:2]
    full = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    planes = [
        cv2.multiply(np.ascontiguousarray(plane), full, scale=by, dtype=cv2.CV_8U)
        for plane, by in zip(cv2.split(pixels), tint, strict=True)
    ]
    return Image.fromarray(planes[0] if len(planes) == 1 else cv2.merge(planes))


def _paper(pixels: Any) -> Any:
    """The page without its ink, small, as floats: what is darker than all around it is closed over."""
    import cv2
    import numpy as np

    height, width, bands = pixels.shape
    ratio = min(1.0, SMALL / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = cv2.medianBlur(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), 3)
    side = max(3, round(INK * max(size) / SMALL) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))  # shadows are round
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc)
    return closed.reshape(size[1], size[0], bands).astype(np.float32) + 1


def _tint(paper: Any, light: Any, best: float) -> list[float]:
    """By how much each channel is raised so that the brightest paper is grey. Only raised, and only somewhat."""
    colour = [float(value) for value in paper[light > 0.85 * best].mean(axis=0)]
    return [min(MOST_TINT, max(colour) / value) for value in colour]


def _gain(paper: Any, light: Any, best: float) -> Any:
    """By how much the page is brightened, from 1 to MOST. Smooth, and nowhere more than the paper there needs."""
    import cv2
    import numpy as np

    level = np.clip(light / best, 1e-3, 1)
    colour = paper / light[:, :, None]
    usual = colour[light > 0.85 * best].mean(axis=0)
    # Wood is of another colour than the paper, and a dark desk darker than any shadow: they are left alone.
    strange = np.abs(colour - usual).max(axis=2)
    trust = np.clip((0.3 - strange) / 0.15, 0, 1) * np.clip((level - 0.25) / 0.15, 0, 1)
    gain = np.minimum(1 + trust * (1 / level - 1), MOST).astype(np.float32)
    least = cv2.erode(gain, np.ones((RIM, RIM), np.uint8))
    return np.maximum(cv2.GaussianBlur(least, (RIM, RIM), RIM / 4), 1)
