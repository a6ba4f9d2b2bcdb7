"""Tables as files: CSV and XLSX, read without evaluating anything; CSV also written, so that nothing in it runs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from xml.etree.ElementTree import Element

from assessments.services.formats.decoding import decode
from assessments.services.formats.items import FormatError
from assessments.services.formats.packages import Package, is_zip, resolve
from assessments.services.formats.xml_tools import parse_xml

Cells = Sequence[str]
MAX_COLUMNS = 100
MAX_CELL = 120_000
MAX_LINE = 1_000_000
#: A string of XLSX is stored once and may stand in every cell.
MAX_CHARACTERS = 40_000_000
#: A spreadsheet takes a cell that begins so for a formula; a quotation mark before it prevents that.
RISKY = re.compile(r"'*[=+\-@\t\r]")
TAMED = re.compile(r"'+[=+\-@\t\r]")
HARMLESS = re.compile(r"-?[\d.]+")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_rows(data: bytes) -> tuple[str, str, Iterable[tuple[str, Cells]]]:
    """("csv" or "xlsx", a note on how it was read, the rows with their places)."""
    if is_zip(data):
        return "xlsx", "", _read_xlsx(data)
    text, note = decode(data)
    return "csv", note, _read_csv(text)


# --- CSV -------------------------------------------------------------------------------------------------------------
def delimiter_of(text: str) -> str:
    """The sign between the cells: whichever of tab, semicolon and comma the first line has most of."""
    first = re.sub(r'"[^"]*"', "", text[:5000].lstrip("\n").partition("\n")[0])
    return max("\t;,", key=first.count)


def _read_csv(text: str) -> Iterator[tuple[str, Cells]]:
    if any(len(line) > MAX_LINE for line in text.split("\n")):
        raise FormatError("The table has a line that does not end.")
    if match := re.match(r"sep=(.)\n", text):
        delimiter, text = match[1], text[match.end() :]
    else:
        delimiter = delimiter_of(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise FormatError(f"Line {reader.line_num} has more than {MAX_COLUMNS} cells.")
            yield (
                f"line {reader.line_num}",
                [cell[1:] if TAMED.match(cell) else cell for cell in cells],
            )
    except csv.Error as error:
        raise FormatError(f"Line {reader.line_num} cannot be read: {error}.") from error


def write_csv(rows: Iterable[Cells]) -> bytes:
    """UTF-8 with a byte order mark, as Excel wants it; cells that a spreadsheet would run begin with `'`."""
    buffer = StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([_tame(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _tame(cell: str) -> str:
    return f"'{cell}" if RISKY.match(cell) and not HARMLESS.fullmatch(cell) else cell


# --- XLSX ------------------------------------------------------------------------------------------------------------
def _read_xlsx(data: bytes) -> Iterator[tuple[str, Cells]]:
    package = Package(data)
    if "xl/workbook.xml" not in package:
        raise FormatError("The file is no XLSX table.")
    sheet = parse_xml(package.read(_first_sheet(package)), "The table")
    strings = _strings(package)
    total = 0
    for position, row in enumerate(sheet.iter(f"{SHEET}row"), start=1):
        place = row.get("r", "")
        cells: dict[int, str] = {}
        for at, cell in enumerate(row.iter(f"{SHEET}c")):
            column = _column_number(cell.get("r", ""), at)
            if column >= MAX_COLUMNS:
                raise FormatError(f"Row {place[:10] or position} has more than {MAX_COLUMNS} cells.")
            if cell.find(f"{SHEET}f") is not None:
                raise FormatError(f"Cell {cell.get('r', '')[:10]} has a formula. Put its value there instead.")
            cells[column] = _value(cell, strings)
            total += len(cells[column])
        if total > MAX_CHARACTERS:
            raise FormatError(f"The table has more than {MAX_CHARACTERS} characters; split it.")
        yield f"row {place[:10] or position}", [cells.get(i, "") for i in range(max(cells, default=-1) + 1)]


def _first_sheet(package: Package) -> str:
    book = parse_xml(package.read("xl/workbook.xml"), "The workbook")
    sheet = next(book.iter(f"{SHEET}sheet"), None)
    relations = "xl/_rels/workbook.xml.rels"
    if sheet is not None and relations in package:
        for relation in parse_xml(package.read(relations), "The workbook"):
            if relation.get("Id") == sheet.get(RELATION):
                target = relation.get("Target", "")
                name = target[1:] if target.startswith("/") else resolve("xl/workbook.xml", target)
                if name and name in package:
                    return name
    raise FormatError("The XLSX file has no sheet that could be read.")


def _strings(package: Package) -> list[str]:
    if "xl/sharedStrings.xml" not in package:
        return []
    return [_words(item) for item in parse_xml(package.read("xl/sharedStrings.xml"), "The table")]


def _words(element: Element) -> str:
    """All text of a cell, however it is formatted, without the reading aids of Asian scripts."""
    phonetic = {id(text) for aid in element.iter(f"{SHEET}rPh") for text in aid.iter(f"{SHEET}t")}
    text = "".join(one.text or "" for one in element.iter(f"{SHEET}t") if id(one) not in phonetic)[:MAX_CELL]
    return re.sub(r"_x([0-9A-Fa-f]{4})_", _control, text).replace("\r\n", "\n").replace("\r", "\n")


def _control(match: re.Match[str]) -> str:
    """`_x000D_` is how XLSX writes a carriage return; other control characters are dropped."""
    code = int(match[1], 16)
    return chr(code) if code in {0x5F, 10, 13, 9} else ("" if code < 32 else match[0])


def _value(cell: Element, strings: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _words(cell)
    value = (cell.findtext(f"{SHEET}v") or "").strip() if kind != "str" else cell.findtext(f"{SHEET}v") or ""
    if kind == "s":
        return strings[int(value)] if value.isascii() and value.isdigit() and int(value[:9]) < len(strings) else ""
    if kind == "b":
        return "true" if value == "1" else "false"
    if kind == "n" and re.fullmatch(r"-?\d{1,20}\.\d{10,20}(?:[eE]-?\d{1,2})?|-?\d{1,20}\.0+", value):
        # 0.1 + 0.2 is stored as 0.30000000000000004.
        return f"{float(value):.14g}"
    return value


def _column_number(reference: str, position: int) -> int:
    letters = re.match("[A-Z]{1,3}", reference)
    if not letters:
        return position
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - 64
    return column - 1
