"""Is this upload something we can mark? Pure functions over bytes or a path; no database, no storage.

The order matters: size, then the first bytes, then (in a throw-away process, see sheet_sandbox) the header against
the pixel and page limits, and only then a decode. Nothing here trusts a file name or a declared type.
"""

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from assessments.services.sheet_sandbox import MAX_PIXELS, DecoderDied, Decoding, Frame
from common.errors import DomainError

MAX_BYTES = 15 * 1024 * 1024
MAX_PAGES = 60
INSPECT_CPU_SECONDS = 8
ACCEPTED_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# First bytes of what is refused, with the sentence it deserves. Longest first where one starts another.
PROGRAMS = (b"\x7fELF", b"MZ", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
OFFICE = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
MARKUP = (b"<svg", b"<?xml", b"<!doctype", b"<html", b"<script", b"<head", b"<body", b"<!--")


class SheetRefused(DomainError):
    """An uploaded file that cannot count as an answer sheet; the message tells the student what to do instead.

    Codes: sheet_empty, sheet_too_large, sheet_program, sheet_type, sheet_damaged, sheet_pixels, sheet_pages,
    sheet_page_size, sheet_locked, sheet_too_complex, sheet_incomplete, sheet_changed.
    """


@dataclass(frozen=True)
class InspectedFile:
    """What a file really is. Pixels are upright; for a PDF they are those of page 1 as it will be drawn."""

    content_type: str
    page_count: int
    width: int
    height: int


def inspect_upload(data: bytes | Path, *, declared_type: str) -> InspectedFile:
    """Return what the file really is, or raise SheetRefused. Costs about 0.1 to 0.3 s of another process.

    A photo or PDF under the wrong declared type is taken as what it is. A PDF's first page is drawn here; a bomb on
    a later page is refused by render_pages.
    """
    _check_size(data.stat().st_size if isinstance(data, Path) else len(data))
    content_type = real_type(_head(data), declared_type=declared_type)
    decoding = start_decoding("inspect", content_type, cpu_seconds=INSPECT_CPU_SECONDS)
    frames = decode(decoding, data)
    if not frames:
        raise refusal("sheet_damaged")
    facts = frames[0].facts
    return InspectedFile(content_type, int(facts["pages"]), int(facts["width"]), int(facts["height"]))


def start_decoding(command: str, content_type: str, *, cpu_seconds: int, is_photo: bool = False) -> Decoding:
    """Return a decoder run with the limits of answer sheets."""
    return Decoding(
        command, content_type, cpu_seconds=cpu_seconds, max_bytes=MAX_BYTES, max_pages=MAX_PAGES, is_photo=is_photo
    )


def decode(decoding: Decoding, data: bytes | Path) -> list[Frame]:
    """Run a decoder to its end. Raises SheetRefused when it refuses or does not survive the file."""
    try:
        return [accepted(frame) for frame in decoding.frames(data)]
    except DecoderDied:
        raise refusal("sheet_too_complex") from None


def accepted(frame: Frame) -> Frame:
    """Return the frame, or raise the SheetRefused it stands for."""
    if "refused" in frame.facts:
        raise refusal(str(frame.facts["refused"]), **{k: v for k, v in frame.facts.items() if isinstance(v, int)})
    return frame


def real_type(head: bytes, *, declared_type: str) -> str:
    """Return the accepted content type told by the first bytes (64 are enough), or raise SheetRefused."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "image/heic"
    if head.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"%PDF-"):
        return "application/pdf"
    raise _not_a_sheet(head, declared_type)


def verify_digest(*, expected_sha256: str, expected_size: int, actual_sha256: str, actual_size: int) -> None:
    """Raise SheetRefused unless what arrived is what the device said it would send (sizes in bytes)."""
    if actual_size < expected_size:
        raise refusal("sheet_incomplete", arrived=actual_size, expected=expected_size)
    if actual_size != expected_size or actual_sha256.lower() != expected_sha256.lower():
        raise refusal("sheet_changed")


def refusal(code: str, **facts: int) -> SheetRefused:
    """Return the SheetRefused for a code of this module, with its sentence."""
    return SheetRefused(_sentence(code, facts), code, **facts)


def _sentence(code: str, facts: dict[str, int]) -> str:
    sentences = {
        "sheet_empty": _("This file is empty. Choose or take the photo again."),
        "sheet_too_large": _("This file is larger than %(limit)d MB. Send the pages one by one, or as smaller photos."),
        "sheet_program": _("This is a program, not a photo of your work. Choose the photo or PDF of your page."),
        "sheet_damaged": _("This file is damaged or only half there. Take the photo again, or export the PDF again."),
        "sheet_pixels": _("This picture has too many pixels (more than %(megapixels)d million). Take a normal photo."),
        "sheet_pages": _("This PDF has more than %(pages_limit)d pages. Send only the pages with your answers."),
        "sheet_page_size": _("Page %(page)d of this PDF has an impossible size. Export it as A4, or send photos."),
        "sheet_locked": _("This PDF is locked with a password. Save it without a password, or send photos."),
        "sheet_too_complex": _("This file takes too long to open safely. Send a photo of each page instead."),
        "sheet_incomplete": _("Only part of this page arrived. Check the connection and send it again."),
        "sheet_changed": _("What arrived is not what your device sent. Send this page again."),
    }
    limits = {"limit": MAX_BYTES // 1024**2, "megapixels": MAX_PIXELS // 10**6, "pages_limit": MAX_PAGES, "page": 1}
    return sentences.get(code, sentences["sheet_damaged"]) % {**limits, **facts}


def _check_size(size: int) -> None:
    if size == 0:
        raise refusal("sheet_empty")
    if size > MAX_BYTES:
        raise refusal("sheet_too_large")


def _head(data: bytes | Path) -> bytes:
    if isinstance(data, Path):
        with data.open("rb") as stream:
            return stream.read(64)
    return data[:64]


def _not_a_sheet(head: bytes, declared_type: str) -> SheetRefused:
    """Return the refusal of an unwanted type, saying what the file seems to be."""
    if head.startswith(PROGRAMS):
        return refusal("sheet_program")
    text = head.lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if head.startswith(OFFICE):
        what = _("This is a document or an archive, not a photo.")
    elif text.startswith(MARKUP):
        what = _("This is a web page or a drawing, not a photo.")
    elif head.startswith((b"GIF8", b"BM", b"II*\x00", b"MM\x00*")) or head[4:8] == b"ftyp":
        what = _("This kind of picture or video cannot be marked.")
    elif declared_type in ACCEPTED_TYPES:
        what = _("This file is named like a photo or PDF, but it is not one.")
    else:
        what = _("This is not a photo or a PDF.")
    return SheetRefused(what + " " + _("Send JPEG, PNG, WebP, HEIC or PDF."), "sheet_type")
