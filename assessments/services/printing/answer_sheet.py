"""Ruled sheets to write answers on. Their code says whose page it is and which, before a word is read."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Exam, Paper
from assessments.services.printing.canvas import A4, Canvas
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.page_codes import ClassCode, write_class_code
from assessments.services.printing.pages import BOTTOM, MARGIN, draw_footer
from common.errors import DomainError

MAX_PAGES = 60
#: Of one file: more than this is printed cohort by cohort.
MAX_CLASS_PAGES = 3000
CLASS_CODE_SIDE = 68.0
RULE = 24.1
QUESTION_COLUMN = 44.0


def print_answer_sheet(paper: Paper, options: PrintOptions, *, pages: int = 16) -> bytes:
    """`pages` ruled pages; the lines stand wider apart in the large size."""
    _check_pages(pages)
    canvas = Canvas(title=_("%(title)s: answer sheet") % {"title": paper.title}, made_at=paper.frozen_at)
    for page in range(1, pages + 1):
        canvas.new_page()
        right = A4[0] - MARGIN
        size = _size(options)
        canvas.text(f"{paper.programme.subject} · {paper.title}", MARGIN, 44, size, "B")
        canvas.text(_("Code %(code)s") % {"code": paper_code(paper)}, right, 44, size, align="right")
        label = _("Name or roll no.")
        canvas.text(label, MARGIN, 74, size)
        canvas.line(MARGIN + canvas.width(label, size) + 6, 76, right, 76, 0.5)
        _draw_lines(canvas, options, top=96.0)
        draw_footer(canvas, page, pages, paper=paper, document="sheet", options=options)
    return canvas.output()


def print_class_sheets(exam: Exam, students: Sequence[User], options: PrintOptions, *, pages: int) -> bytes:
    """`pages` ruled pages for each student, with name and code at the top, where no hand writes over it."""
    _check_pages(pages)
    if exam.paper is None:
        message = _("Each student of this exam draws a paper of their own. Set one fixed paper to print for a class.")
        raise DomainError(message, "print_no_paper")
    if not students:
        raise DomainError(_("No student is in the cohorts of this exam yet."), "print_nobody")
    if pages * len(students) > MAX_CLASS_PAGES:
        message = _("One file has at most %(most)d pages. Print fewer pages for each student, or cohort by cohort.")
        raise DomainError(message % {"most": MAX_CLASS_PAGES}, "print_class")
    canvas = Canvas(title=_("%(title)s: answer sheets") % {"title": exam.title}, made_at=exam.paper.frozen_at)
    for student in students:
        for page in range(1, pages + 1):
            canvas.new_page()
            _draw_named_page(canvas, exam, student, options, page, pages)
    return canvas.output()


def _check_pages(pages: int) -> None:
    if not 1 <= pages <= MAX_PAGES:
        raise DomainError(_("An answer sheet has 1 to %(most)d pages.") % {"most": MAX_PAGES}, "print_pages")


def _draw_named_page(canvas: Canvas, exam: Exam, student: User, options: PrintOptions, page: int, pages: int) -> None:
    size, right = _size(options), A4[0] - MARGIN
    assert exam.paper is not None
    canvas.text(f"{exam.paper.programme.subject} · {exam.title}", MARGIN, 48, size, "B")
    canvas.text(student.name, MARGIN, 76, 1.4 * size, "B")
    numbers = _("Page %(page)d of %(pages)d") % {"page": page, "pages": pages}
    canvas.text(f"{numbers} · {student.email}", MARGIN, 96, size)
    code = write_class_code(ClassCode(exam.pk, student.pk, page, pages))
    canvas.qr_code(code, right - CLASS_CODE_SIDE, 34, CLASS_CODE_SIDE)
    _draw_lines(canvas, options, top=116.0)
    canvas.line(MARGIN, BOTTOM + 26, right, BOTTOM + 26, 0.5)
    hint = _("This page is yours alone. Do not write on the code, and take another sheet only from the hall’s own.")
    canvas.text(hint, MARGIN, BOTTOM + 44, 0.9 * size)


def _size(options: PrintOptions) -> float:
    return 13.0 if options.size == "large" else 10.0


def _draw_lines(canvas: Canvas, options: PrintOptions, *, top: float) -> None:
    """Ruled lines down to the footer, with a column for the numbers of questions."""
    rule = 1.4 * RULE if options.size == "large" else RULE
    right = A4[0] - MARGIN
    canvas.line(MARGIN, top, right, top, 0.9)
    canvas.text(_("Q. No."), MARGIN + 4, top + 0.68 * rule, _size(options), "B")
    y, bottom = top + rule, A4[1] - 82.0
    while y <= bottom:
        canvas.line(MARGIN, y, right, y, 0.4, 150)
        last = y
        y += rule
    canvas.line(MARGIN + QUESTION_COLUMN, top, MARGIN + QUESTION_COLUMN, last, 0.6, 90)
