"""Takes out of a photo what it tells besides the picture: place, device, names. Pure; pixels are not touched.

Formats: JPEG (ITU-T T.81 annex B, Exif 2.32), PNG (W3C PNG, section 5), WebP (RIFF container). How the picture is to be
turned (the Exif orientation) is kept, because it belongs to the picture.
"""

import struct
from collections.abc import Iterator

from PIL import Image

ORIENTATION = 0x0112
# Exif, XMP; Photoshop and IPTC; comments. Colour profiles (APP2) and the Adobe marker (APP14) change the picture: kept.
JPEG_DROPPED = {0xE1, 0xED, 0xFE, *range(0xE3, 0xED)}
PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
WEBP_DROPPED = {b"EXIF", b"XMP "}
WEBP_EXIF_XMP_FLAGS = 0x0C


def without_metadata(data: bytes, content_type: str) -> bytes:
    """`data` without metadata. Types that carry none we can take out (PDF, HEIC) come back as they are.

    Only for files that were checked before: a file that breaks its own format comes back as it is too.
    """
    strip = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(content_type)
    if strip is None:
        return data
    try:
        return strip(data)
    except (struct.error, IndexError, ValueError):
        return data


def _orientation(data: bytes) -> int:
    exif = Image.Exif()
    exif.load(data)
    turned = exif.get(ORIENTATION, 1)
    return turned if isinstance(turned, int) and 1 < turned <= 8 else 1


def _exif_with(orientation: int) -> bytes:
    """An APP1 segment that holds nothing but the orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    body = exif.tobytes()
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _jpeg(data: bytes) -> bytes:
    kept, at, orientation = [data[:2]], 2, 1
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        segment = data[at : at + 2 + length]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[4:])
        if marker not in JPEG_DROPPED:
            kept.append(segment)
        at += 2 + length
    if orientation > 1:
        kept.insert(1, _exif_with(orientation))
    return b"".join([*kept, data[at:]])


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] not in PNG_DROPPED:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack("<I", data[at + 4 : at + 8])
        end = at + 8 + length + length % 2
        yield data[at : at + 4], data[at:end]
        at = end


def _webp(data: bytes) -> bytes:
    kept = []
    for name, chunk in _riff_chunks(data):
        if name in WEBP_DROPPED:
            continue
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_EXIF_XMP_FLAGS]) + chunk[9:]
        kept.append(chunk)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
