"""The files of a scan taken apart in a bounded process: how many pages, and every page as an image with its codes.

No database, no storage. The limits are those of answer sheets, but for how large a whole class may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.utils.translation import gettext as _

from assessments.services.sheet_files import (
    INSPECT_CPU_SECONDS,
    SheetRefused,
    accepted,
    decode,
    real_type,
)
from assessments.services.sheet_sandbox import DecoderDied, Decoding, Frame

MEGABYTE = 1024**2
MAX_FILE = 100 * MEGABYTE
MAX_FILES = 60
MAX_SCAN_PAGES = 1000
#: Pages taken apart by one process: what a kill costs at most.
CHUNK = 10
BASE_CPU_SECONDS = 10
PAGE_CPU_SECONDS = 4
#: How often one chunk's process may die before the rest of the chunk is given up.
MAX_DEATHS = 3
#: Less ink than this share of the page is dust.
BLANK_INK = 0.0005


@dataclass(frozen=True)
class SplitPage:
    """One page; `image` (upright by its code, long side at most 2400 px) and `thumb` are JPEG, empty when it could not
    be drawn."""

    index: int
    image: bytes = b""
    thumb: bytes = b""
    width: int = 0
    height: int = 0
    codes: tuple[str, ...] = ()
    code_seen: bool = False
    is_blank: bool = False

    @property
    def sha256(self) -> str:
        return sha256(self.image).hexdigest() if self.image else ""


def count_pages(data: bytes) -> tuple[str, int]:
    """(content type, pages) of a file. Raises SheetRefused; a photo is looked at only when it is taken apart."""
    if not data:
        raise SheetRefused(_("This file is empty."), "sheet_empty")
    if len(data) > MAX_FILE:
        message = _("This file is larger than %(limit)d MB. Scan in grey with 200 or 300 dpi, or in two parts.")
        raise SheetRefused(message % {"limit": MAX_FILE // MEGABYTE}, "sheet_too_large")
    kind = real_type(data[:64], declared_type="")
    if kind != "application/pdf":
        return kind, 1
    try:
        frames = decode(_decoding("inspect", kind, cpu_seconds=INSPECT_CPU_SECONDS), data)
    except SheetRefused as refused:
        if refused.code == "sheet_pages":
            raise too_many_pages() from refused
        raise
    return kind, int(frames[0].facts["pages"])


def too_many_pages() -> SheetRefused:
    message = _("At most %(most)d pages are taken at once. Scan the class in two parts.")
    return SheetRefused(message % {"most": MAX_SCAN_PAGES}, "sheet_pages")


def split_pages(source: Path, content_type: str, *, first: int, count: int) -> Iterator[SplitPage]:
    """Exactly `count` pages from `first`, in order. What cannot be drawn, or takes its process down, comes without an
    image: one hostile page costs itself, not the class. About 0.35 s a page."""
    index, end, deaths = first, first + count, 0
    while index < end and deaths < MAX_DEATHS:
        seconds = BASE_CPU_SECONDS + PAGE_CPU_SECONDS * (end - index)
        decoding = _decoding("split", content_type, cpu_seconds=seconds, first=index, count=end - index)
        frames = decoding.frames(source)
        try:
            for frame in frames:
                page = _page(index, accepted(frame))
                index += 1
                yield page
        except (DecoderDied, SheetRefused):
            deaths += 1
            yield SplitPage(index)
            index += 1
        else:
            # A file with fewer pages than it was counted to have.
            break
        finally:
            frames.close()
    for missing in range(index, end):
        yield SplitPage(missing)


def _decoding(command: str, kind: str, *, cpu_seconds: int, first: int = 0, count: int = 0) -> Decoding:
    return Decoding(
        command,
        kind,
        cpu_seconds=cpu_seconds,
        max_bytes=MAX_FILE,
        max_pages=MAX_SCAN_PAGES,
        first=first,
        count=count,
    )


def _page(index: int, frame: Frame) -> SplitPage:
    """A decoder's answer as a page. The decoder met hostile bytes, so its answer is checked too."""
    facts = frame.facts
    images_fit = len(frame.blobs) == 2 and all(blob.startswith(b"\xff\xd8\xff") for blob in frame.blobs)
    if facts.get("failed") or facts.get("index") != index or not images_fit:
        return SplitPage(index)
    codes = facts.get("codes")
    return SplitPage(
        index=index,
        image=frame.blobs[0],
        thumb=frame.blobs[1],
        width=int(facts["width"]),
        height=int(facts["height"]),
        codes=tuple(str(code)[:200] for code in codes[:4]) if isinstance(codes, list) else (),
        code_seen=bool(facts.get("seen")),
        is_blank=float(facts["ink"]) < BLANK_INK,
    )
