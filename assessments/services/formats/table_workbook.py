"""The table as an XLSX workbook. Apart from reading it: the library that writes is slow to load."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from assessments.services.formats.items import ExportedItem
from assessments.services.formats.table import rows_of
from assessments.services.formats.table_files import Cells


def write_workbook(items: Sequence[ExportedItem]) -> bytes:
    """The table as XLSX, one row for each question."""
    return write_xlsx(rows_of(items))


def write_xlsx(rows: Sequence[Cells]) -> bytes:
    """One sheet; every cell is text, so nothing in it is a formula."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Questions"
    for y, row in enumerate(rows, start=1):
        for x, value in enumerate(row, start=1):
            if not value:
                continue
            cell = sheet.cell(row=y, column=x)
            cell.value = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", value)[:32_767]
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for x, name in enumerate(rows[0], start=1):
        head = sheet.cell(row=1, column=x)
        head.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(x)].width = 40 if name in {"text", "steps", "model_answer"} else 14
    sheet.freeze_panes = "A2"
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
