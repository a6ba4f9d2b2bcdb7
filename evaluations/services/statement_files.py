"""A statement as a file: CSV with every row, streamed, and a PDF with the sums by exam and kind of work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessments.services.printing.canvas import A4, Canvas
from evaluations.models import Statement
from evaluations.selectors.economics import statement_groups, stream_rows
from evaluations.services.exports import Cell, as_csv, safe

LEFT, RIGHT, TOP, BOTTOM, STEP = 56.0, A4[0] - 56.0, 64.0, A4[1] - 64.0, 20.0
NAMES = ["finished", "exam", "paper", "kind", "amount", "currency", "reversal", "reason", "basis"]


def statement_csv(statement: Statement) -> Iterator[bytes]:
    """Every row, in the order of the books; some at a time, whatever their number."""
    return as_csv(_table(statement))


def _table(statement: Statement) -> Iterator[list[Cell]]:
    yield list(NAMES)
    for row in stream_rows(statement):
        basis = "; ".join(" ".join([one["quantity"], one["unit"], one["type"], "at", one["rate"]]) for one in row.basis)
        yield [
            row.finished_at.isoformat(), safe(row.evaluation.attempt.exam.title), row.evaluation.short_id, row.kind,
            str(row.amount), row.currency, "yes" if row.reverses_id else "", safe(row.reason), safe(basis),
        ]  # fmt: skip
    yield ["total", "", "", "", str(statement.total), statement.currency, "", "", ""]


def statement_pdf(statement: Statement, *, made_at: datetime) -> bytes:
    """Teacher, month, number, sums by exam and kind of work, total and state."""
    canvas = Canvas(title=statement.label, made_at=made_at)
    y = _head(canvas, statement)
    for group in statement_groups(statement):
        if y > BOTTOM:
            y = _head(canvas, statement)
        name = _fitting(canvas, group.exam, 230)
        canvas.text(name, LEFT, y, 10.5)
        canvas.text(group.kind, LEFT + 245, y, 10.5)
        canvas.text(str(group.papers), LEFT + 375, y, 10.5, align="right")
        canvas.text(str(group.total), RIGHT, y, 10.5, align="right")
        y += STEP
    canvas.pdf.line(LEFT, y - 12, RIGHT, y - 12)
    canvas.text(_("Total"), LEFT, y + 4, 11, "B")
    canvas.text(str(statement.papers), LEFT + 375, y + 4, 11, "B", align="right")
    canvas.text(f"{statement.total} {statement.currency}", RIGHT, y + 4, 11, "B", align="right")
    state = f"{statement.get_state_display()} {statement.reference}".strip()
    canvas.text(state, LEFT, y + 32, 10.5)
    return canvas.output()


def _head(canvas: Canvas, statement: Statement) -> float:
    canvas.new_page()
    canvas.text(_("Statement %(label)s") % {"label": statement.label}, LEFT, TOP + 10, 20, "B")
    canvas.text(statement.teacher.name, LEFT, TOP + 34, 12)
    closed = statement.month.closed_at
    told = date_format(timezone.localtime(closed), "j F Y") if closed else ""
    canvas.text(f"{date_format(statement.month.first, 'F Y')}, {_('closed')} {told}", LEFT, TOP + 52, 10.5)
    y = TOP + 84
    for text, x, align in (
        (_("Exam"), LEFT, "left"), (_("Work"), LEFT + 245, "left"), (_("Papers"), LEFT + 375, "right"),
        (_("Amount, %(currency)s") % {"currency": statement.currency}, RIGHT, "right"),
    ):  # fmt: skip
        canvas.text(text, x, y, 9.5, "B", align=align)
    canvas.pdf.line(LEFT, y + 5, RIGHT, y + 5)
    return y + 22


def _fitting(canvas: Canvas, text: str, width: float) -> str:
    if canvas.width(text, 10.5) <= width:
        return text
    while text and canvas.width(f"{text}…", 10.5) > width:
        text = text[:-1]
    return f"{text}…"
