"""From an accepted upload to what people look at: upright pages without metadata, screen size and thumbnail."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assessments.services.sheet_files import MAX_PAGES, accepted, refusal, start_decoding
from assessments.services.sheet_sandbox import DecoderDied, Frame

SCREEN_TYPE = "image/jpeg"
# CPU seconds: a slow photo, and each page a PDF may have.
BASE_CPU_SECONDS = 10
PAGE_CPU_SECONDS = 2
# Below this the strokes of handwriting run together (see sheet_decoder.measure); calibrated on blurred 12 MP pages.
BLURRED_BELOW = 0.035
# The paper itself (the brightest tenth) is this dark, 0-255.
DARK_BELOW = 95


@dataclass(frozen=True)
class PageQuality:
    """Measured facts about one page. `sharpness` is None when there is no ink to judge by."""

    brightness: float
    paper: float
    sharpness: float | None

    @property
    def advice(self) -> tuple[str, ...]:
        """Return sentence keys, advice only: `blurred`, `dark`. Never a reason to refuse."""
        blurred = self.sharpness is not None and self.sharpness < BLURRED_BELOW
        return ("blurred",) * blurred + ("dark",) * (self.paper < DARK_BELOW)


@dataclass(frozen=True)
class RenderedPage:
    """One page: `screen` (long side at most 2000 px) and `thumb` (240 px wide), both JPEG with no metadata."""

    index: int
    screen: bytes
    thumb: bytes
    width: int
    height: int
    quality: PageQuality


def render_pages(source: bytes | Path, content_type: str, *, page_count: int = MAX_PAGES) -> Iterator[RenderedPage]:
    """Yield every page in order, index from 0, as soon as it is ready.

    `content_type` and `page_count` are what inspect_upload found (the count only sets the time allowed). Raises
    SheetRefused, possibly after some pages, when the file does not survive being drawn within the limits of memory
    and time; the caller must then drop the pages it already has. Closing the iterator early stops the work.
    """
    seconds = math.ceil(BASE_CPU_SECONDS + PAGE_CPU_SECONDS * min(page_count, MAX_PAGES))
    frames = start_decoding("render", content_type, cpu_seconds=seconds).frames(source)
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
    if len(frame.blobs) != 2 or not all(blob.startswith(b"\xff\xd8\xff") for blob in frame.blobs):
        raise refusal("sheet_damaged")
    sharpness = facts["sharpness"]
    quality = PageQuality(
        brightness=float(facts["brightness"]),
        paper=float(facts["paper"]),
        sharpness=None if sharpness is None else float(sharpness),
    )
    screen, thumb = frame.blobs
    return RenderedPage(index, screen, thumb, int(facts["width"]), int(facts["height"]), quality)
