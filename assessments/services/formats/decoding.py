"""Bytes of a text file as text, whatever program wrote them."""

from __future__ import annotations

import codecs

from assessments.services.formats.items import FormatError, check_size


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and, when it is not Unicode, a sentence saying how it was read. Lines end in a new line."""
    check_size(data)
    text, note = _decode(data)
    if "\x00" in text:
        raise FormatError("This is not a text file.")
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), note


def _decode(data: bytes) -> tuple[str, str]:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16"), ""
        if len(data) > 3 and not len(data) % 2:
            # Text of Western or Indian scripts always has spaces and line ends: every second byte of them is zero.
            even, odd = data[:2000:2].count(0), data[1:2000:2].count(0)
            if odd > even and odd * 20 > len(data[:2000]):
                return data.decode("utf-16-le"), ""
            if even > odd and even * 20 > len(data[:2000]):
                return data.decode("utf-16-be"), ""
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    # Windows-1252 leaves five bytes undefined; they would be control characters.
    return data.decode("cp1252", errors="replace"), "The file is not in Unicode; it was read as Windows-1252."
