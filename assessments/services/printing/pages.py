"""Strips on numbered pages: margins, footer with "3 of 11", and the code of the page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from assessments.models import Paper
from assessments.services.printing.boxes import Strip, paginate
from assessments.services.printing.canvas import A4, Canvas
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.page_codes import PageCode, write_page_code

MARGIN = 51.0
TOP = 45.0
#: Where the content ends; the footer with the code is below.
BOTTOM = A4[1] - 86.0
WIDTH = A4[0] - 2 * MARGIN
CODE_SIDE = 52.0


def page_count(strips: Sequence[Strip]) -> int:
    return len(paginate(strips, lambda page: BOTTOM - TOP))


def print_pages(canvas: Canvas, strips: Sequence[Strip], *, paper: Paper, document: str, options: PrintOptions) -> None:
    """Draws all pages; the strips start at the left margin."""
    pages = paginate(strips, lambda page: BOTTOM - TOP)
    for number, page in enumerate(pages, start=1):
        canvas.new_page()
        for y, strip in page:
            strip.draw(MARGIN, TOP + y)
        draw_footer(canvas, number, len(pages), paper=paper, document=document, options=options)


def draw_footer(canvas: Canvas, page: int, pages: int, *, paper: Paper, document: str, options: PrintOptions) -> None:
    """The same on all kinds of printed pages."""
    top = BOTTOM + 10
    canvas.line(MARGIN, top, A4[0] - MARGIN, top, 0.5)
    size = 9.0 if options.size == "normal" else 14.0
    name = _("Code %(code)s") % {"code": paper_code(paper)}
    if options.copy:
        name += " · " + _("Copy %(copy)d") % {"copy": options.copy}
    canvas.text(name, MARGIN, top + 20, size)
    canvas.text(
        _("%(page)d of %(pages)d") % {"page": page, "pages": pages}, A4[0] / 2, top + 20, size + 1, align="center"
    )
    code = PageCode(paper.pk, document, page, options.copy, options.attempt)
    canvas.qr_code(write_page_code(code), A4[0] - MARGIN - CODE_SIDE, top + 7, CODE_SIDE)
    if page < pages and document == "paper":
        canvas.text(_("P.T.O."), A4[0] - MARGIN - CODE_SIDE - 14, top + 20, size, align="right")
