"""Ruled sheets to write answers on. Their code says whose page it is and which, before a word is read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assessments.models import Paper
from assessments.services.printing.canvas import A4, Canvas
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.pages import MARGIN, draw_footer
from common.errors import DomainError

MAX_PAGES = 60
RULE = 24.1
QUESTION_COLUMN = 44.0


def print_answer_sheet(paper: Paper, options: PrintOptions, *, pages: int = 16) -> bytes:
    """`pages` ruled pages; the lines stand wider apart in the large size."""
    if not 1 <= pages <= MAX_PAGES:
        raise DomainError(_("An answer sheet has 1 to %(most)d pages.") % {"most": MAX_PAGES}, "print_pages")
    canvas = Canvas(title=_("%(title)s: answer sheet") % {"title": paper.title}, made_at=paper.frozen_at)
    for page in range(1, pages + 1):
        canvas.new_page()
        _draw_page(canvas, paper, options, page, pages)
    return canvas.output()


def _draw_page(canvas: Canvas, paper: Paper, options: PrintOptions, page: int, pages: int) -> None:
    large = options.size == "large"
    size, rule = (13.0, 1.4 * RULE) if large else (10.0, RULE)
    top = 96.0
    right = A4[0] - MARGIN
    canvas.text(f"{paper.programme.subject} · {paper.title}", MARGIN, 44, size, "B")
    end = right
    canvas.text(_("Code %(code)s") % {"code": paper_code(paper)}, end, 44, size, align="right")
    label = _("Name or roll no.")
    canvas.text(label, MARGIN, 74, size)
    canvas.line(MARGIN + canvas.width(label, size) + 6, 76, end, 76, 0.5)
    canvas.line(MARGIN, top, right, top, 0.9)
    canvas.text(_("Q. No."), MARGIN + 4, top + 0.68 * rule, size, "B")
    y, bottom = top + rule, A4[1] - 82.0
    while y <= bottom:
        canvas.line(MARGIN, y, right, y, 0.4, 150)
        last = y
        y += rule
    canvas.line(MARGIN + QUESTION_COLUMN, top, MARGIN + QUESTION_COLUMN, last, 0.6, 90)
    draw_footer(canvas, page, pages, paper=paper, document="sheet", options=options)
