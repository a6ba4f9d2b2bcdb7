"""What leaves the system of an exam's marks: tables for spreadsheets, marked papers in one file, and pictures with
marks for those who consented. Nothing here is kept in memory whole: rows and files go out as they are read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias

from django.db.models import OuterRef, Subquery
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from accounts.enums import ConsentKind
from accounts.models import Consent, User
from accounts.services.audit import record_event
from assessments.enums import PageState, UploadState
from assessments.models import Exam, PaperQuestion, SheetPage
from common.errors import NotPermittedError
from common.storage import sheet_storage
from evaluations.enums import DONE_STATES, FileState
from evaluations.models import Evaluation, MarkedPaper, QuestionMark

Cell: TypeAlias = str | Decimal | None
#: Programs of spreadsheets take what begins so for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
CHUNK = 200


def safe(text: str) -> str:
    """Text that no spreadsheet reads as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def marks_table(*, exam: Exam, named: bool) -> Iterator[list[Cell]]:
    """A row of headings, then one for each paper that is marked, by when it was handed in: its short id, with `named`
    the student's name and e-mail, the state, the totals, and the marks of every written question. Two queries for a
    CHUNK of papers."""
    questions = list(
        PaperQuestion.objects.filter(paper=exam.paper_id, is_written=True).order_by("number", "alternative")
    )
    who: list[Cell] = ["Name", "E-mail"] if named else []
    totals: list[Cell] = ["Objective", "Written", "Total", "Most"]
    yield ["Paper", *who, "State", *totals, *(f"Q{one.number}{one.alternative}" for one in questions)]
    rows = Evaluation.objects.records().filter(attempt__exam=exam, state__in=DONE_STATES)
    rows = rows.select_related("attempt__student").order_by("id")
    for papers in _chunks(rows.iterator(chunk_size=CHUNK)):
        given: dict[Any, Decimal] = {
            (mark.evaluation_id, mark.question_id): mark.marks
            for mark in QuestionMark.objects.filter(evaluation__in=papers)
        }
        for paper in papers:
            student = paper.attempt.student
            name: list[Cell] = [safe(student.name), safe(student.email)] if named else []
            sums: list[Cell] = [
                paper.attempt.objective_marks, paper.written_marks, paper.total_marks, paper.max_marks
            ]  # fmt: skip
            yield [paper.short_id, *name, str(paper.state), *sums, *(given.get((paper.pk, q.pk)) for q in questions)]


def may_export_names(exam: Exam, actor: User) -> bool:
    """Where an exam hides names only the institute's owners take them out."""
    return actor.is_staff and (actor.is_superuser or not exam.hide_names)


def note_export(*, exam: Exam, what: str, named: bool, actor: User, now: datetime) -> None:
    """Writes into the audit trail who took what out. Raises NotPermittedError for names that are hidden."""
    if named and not may_export_names(exam, actor):
        raise NotPermittedError("Names are hidden for this exam.", "names_hidden")
    record_event(actor=actor, action="marks.exported", obj=exam, before={}, after={"as": what, "named": named}, now=now)


def as_csv(table: Iterable[list[Cell]]) -> Iterator[bytes]:
    """With a mark of the encoding, as Excel wants it."""
    yield b"\xef\xbb\xbf"
    for row in table:
        line = io.StringIO()
        csv.writer(line).writerow(["" if cell is None else cell for cell in row])
        yield line.getvalue().encode()


def as_xlsx(table: Iterable[list[Cell]]) -> IO[bytes]:
    """A workbook in a temporary file that goes with its last reader, at its beginning. Marks are numbers, everything
    else is text and never a formula. Rows go to disk as they come (openpyxl's write-only mode): a long table takes no
    more memory than a short one."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Marks")
    for row in table:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=float(value) if isinstance(value, Decimal) else value)
            if isinstance(value, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(out)
    out.seek(0)
    return out


class _Pipe(io.RawIOBase):
    """Where a zip is written, to be read off as it grows."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        self.at += len(data)
        return len(data)

    def tell(self) -> int:
        return self.at

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip of these files, one after the other; what is packed already is only stored."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(name, data)
            yield pipe.take()
    yield pipe.take()


def marked_papers_of(*, exam: Exam, named: bool) -> Iterator[tuple[str, bytes]]:
    """The marked papers of an exam that are ready, as their students have them; without `named` only files in which no
    name stands."""
    rows = MarkedPaper.objects.filter(attempt__exam=exam, state=FileState.READY).exclude(digest="")
    rows = rows.filter(variant__contains="name") if named else rows.exclude(variant__contains="name")
    record = Evaluation.objects.records().filter(attempt=OuterRef("attempt")).values("pk")[:1]
    for row in rows.annotate(record=Subquery(record)).select_related("attempt__student").iterator(chunk_size=CHUNK):
        label = str(row.record)[-8:].upper()
        name = f"-{slugify(row.attempt.student.name)}" if named else ""
        yield f"{label}{name}.pdf", _read(row.storage_key)


def consented_pages(*, exam: Exam) -> Iterator[tuple[str, bytes]]:
    """Pictures of pages and marks of students who agreed to it (ConsentKind.SCAN_USE, not withdrawn), without names:
    `pages/….webp` (`.jpg` of older papers), and at the end `papers.jsonl`, one line for each paper."""
    agreed = Consent.objects.filter(kind=ConsentKind.SCAN_USE, withdrawn_at__isnull=True).values("person")
    rows = Evaluation.objects.records().filter(attempt__exam=exam, state__in=DONE_STATES, attempt__student__in=agreed)
    lines = []
    for paper in rows.select_related("attempt").order_by("id").iterator(chunk_size=CHUNK):
        pages = SheetPage.objects.filter(
            upload__attempt=paper.attempt_id, upload__state=UploadState.VERIFIED, state=PageState.READY
        )
        names = []
        for page in pages.order_by("upload__page_number", "upload_id", "index"):
            name = f"pages/{page.pk}{Path(page.screen_key).suffix}"
            names.append({"file": name, "questions": list(page.questions.values_list("number", flat=True))})
            yield name, _read(page.screen_key)
        marks = QuestionMark.objects.filter(evaluation=paper).select_related("question")
        given = [
            {"question": str(mark.question.version_id), "number": mark.question.number, "steps": mark.steps,
             "marks": str(mark.marks), "of": str(mark.question.marks)}
            for mark in marks.order_by("question__number")
        ]  # fmt: skip
        lines.append(json.dumps({"paper": str(paper.pk), "pages": names, "marks": given}, ensure_ascii=False))
    yield "papers.jsonl", "".join(f"{line}\n" for line in lines).encode()


def _chunks(rows: Iterable[Evaluation]) -> Iterator[list[Evaluation]]:
    some: list[Evaluation] = []
    for row in rows:
        some.append(row)
        if len(some) == CHUNK:
            yield some
            some = []
    if some:
        yield some


def _read(key: str) -> bytes:
    with sheet_storage().open_bytes(key) as stored:
        return stored.read()
