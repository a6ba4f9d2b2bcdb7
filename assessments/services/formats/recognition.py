"""Which format a file has, told by its content."""

from __future__ import annotations

import re
from collections.abc import Callable

from assessments.services.formats import aiken, gift, moodle_xml, qti, table
from assessments.services.formats.decoding import decode
from assessments.services.formats.items import FormatError, ParsedFile, check_size
from assessments.services.formats.packages import Package, is_zip
from assessments.services.formats.table_files import delimiter_of


def read_file(data: bytes, file_name: str = "") -> ParsedFile:
    """The questions of a file; its content says which format it has. Raises FormatError."""
    return _reader(data)(data, file_name=file_name)


def _reader(data: bytes) -> Callable[..., ParsedFile]:
    check_size(data)
    if is_zip(data):
        return table.parse if "xl/workbook.xml" in Package(data) else qti.parse
    text, _note = decode(data)
    if text.lstrip().startswith("<"):
        return moodle_xml.parse if re.search(r"<(?:\w+:)?quiz[\s>]", text[:20_000]) else qti.parse
    if _is_table(text):
        return table.parse
    if re.search(r"^[ \t]*ANSWER[ \t]*:[ \t]*[A-Z]\b", text, re.MULTILINE | re.IGNORECASE) and "{" not in text:
        return aiken.parse
    if re.search(r"(?<!\\)\{|^::|^\$CATEGORY:", text, re.MULTILINE):
        return gift.parse
    raise FormatError(
        "This is none of the formats that can be read: Moodle XML, QTI, GIFT, Aiken, or the table as CSV or XLSX."
    )


def _is_table(text: str) -> bool:
    lines = (line for line in text[:5000].split("\n") if line.strip() and not line.startswith("sep="))
    first = next(lines, "")
    return table.is_header([cell.strip('" ') for cell in first.split(delimiter_of(first))])
