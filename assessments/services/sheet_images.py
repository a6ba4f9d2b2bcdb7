"""From an accepted upload to what people look at: upright pages without metadata, screen size and thumbnail."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assessments.services.sheet_files import MAX_PAGES, accepted, refusal, start_decoding
from assessments.services.sheet_sandbox import DecoderDied, Frame

SCREEN_TYPE = "image/webp"
JPEG_TYPE = "image/jpeg"
# CPU seconds: a slow photo, opened twice when it is straightened, and each page a PDF may have.
BASE_CPU_SECONDS = 15
PAGE_CPU_SECONDS = 2
# Below this the strokes of handwriting run together (see sheet_decoder.measure); calibrated on blurred 12 MP pages.
BLURRED_BELOW = 0.035
TREATMENTS = ("dewarped", "evened")
# Of an empty page, faintly ruled or not, less than this is clearly darker than the paper; a short line of writing is
# 0.0006, a written page 0.05.
BLANK_BELOW = 0.0002
# The paper itself (the brightest tenth) is this dark, 0-255.
DARK_BELOW = 95


@dataclass(frozen=True)
class PageQuality:
    """Measured facts about one page. `sharpness` is None when there is no ink to judge by; `ink`: how much of the page
    is clearly darker than its paper, 0 to 1."""

    brightness: float
    paper: float
    sharpness: float | None
    ink: float

    @property
    def advice(self) -> tuple[str, ...]:
        """Return sentence keys, advice only: `blurred`, `dark`, `blank`. Never a reason to refuse."""
        dark = self.paper < DARK_BELOW
        # No place has more ink than the page's faintest, or, where the rules of the paper pass for strokes, hardly any.
        # In the dark nothing is clearly darker than the paper.
        blank = not dark and (self.sharpness is None or self.ink < BLANK_BELOW)
        blurred = not blank and self.sharpness is not None and self.sharpness < BLURRED_BELOW
        return ("blurred",) * blurred + ("dark",) * dark + ("blank",) * blank


@dataclass(frozen=True)
class RenderedPage:
    """One page: `screen` (long side at most 2000 px) and `thumb` (240 px wide), WebP and JPEG, with no metadata.

    `treatment` lists what was done to a photograph (TREATMENTS) so that it reads better; then `plain` is the page as it
    came, upright and of screen size. `trouble`, for the log, says why nothing could be done.
    """

    index: int
    screen: bytes
    thumb: bytes
    width: int
    height: int
    quality: PageQuality
    treatment: tuple[str, ...] = ()
    plain: bytes | None = None
    trouble: str = ""


def render_pages(
    source: bytes | Path, content_type: str, *, page_count: int = MAX_PAGES, is_photo: bool = True
) -> Iterator[RenderedPage]:
    """Yield every page in order, index from 0, as soon as it is ready.

    `content_type` and `page_count` are what inspect_upload found (the count only sets the time allowed); `is_photo`: a
    camera took it, so it may be treated (a PDF never is). Raises SheetRefused, possibly after some pages, when the file
    does not survive being drawn within the limits of memory and time; the caller must then drop the pages it already
    has. Closing the iterator early stops the work.
    """
    seconds = math.ceil(BASE_CPU_SECONDS + PAGE_CPU_SECONDS * min(page_count, MAX_PAGES))
    frames = start_decoding("render", content_type, cpu_seconds=seconds, is_photo=is_photo).frames(source)
    index = -1
    try:
        for index, frame in enumerate(frames):
            yield _page(index, accepted(frame))
    except DecoderDied:
        raise refusal("sheet_too_complex") from None
    finally:
        frames.close()
    if index < 0:
        raise refusal("sheet_damaged")


def _page(index: int, frame: Frame) -> RenderedPage:
    """Turn a decoder's answer into a page. The decoder met hostile bytes, so its answer is checked too."""
    facts = frame.facts
    treatment = tuple(str(name) for name in facts["treatment"])
    if len(frame.blobs) != 2 + bool(treatment) or not set(treatment) <= set(TREATMENTS):
        raise refusal("sheet_damaged")
    screen, thumb, *plain = frame.blobs
    if not is_webp(screen) or not all(blob.startswith(b"\xff\xd8\xff") for blob in (thumb, *plain)):
        raise refusal("sheet_damaged")
    sharpness = facts["sharpness"]
    quality = PageQuality(
        brightness=float(facts["brightness"]),
        paper=float(facts["paper"]),
        sharpness=None if sharpness is None else float(sharpness),
        ink=float(facts["ink"]),
    )
    return RenderedPage(
        index=index,
        screen=screen,
        thumb=thumb,
        width=int(facts["width"]),
        height=int(facts["height"]),
        quality=quality,
        treatment=treatment,
        plain=plain[0] if plain else None,
        trouble=str(facts["trouble"]),
    )


def is_webp(blob: bytes) -> bool:
    return blob[:4] == b"RIFF" and blob[8:12] == b"WEBP"
