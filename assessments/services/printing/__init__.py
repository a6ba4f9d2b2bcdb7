"""Frozen papers as PDF: the question paper, its key, and sheets to answer on.

Each takes a Paper (fetched with its programme and blueprint) and PrintOptions and returns the bytes of a PDF, the same
bytes for the same paper. Every page carries a signed code that `read_page_code` reads.

The libraries behind it take a second and 60 MB to load, so that a process loads them with the first print.
"""

from collections.abc import Sequence

from accounts.models import User
from assessments.models import Exam, Paper
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.page_codes import ClassCode, PageCode, PageCodeError, read_any_code, read_page_code

__all__ = [
    "ClassCode",
    "PageCode",
    "PageCodeError",
    "PrintOptions",
    "paper_code",
    "print_answer_sheet",
    "print_class_sheets",
    "print_key",
    "print_paper",
    "read_any_code",
    "read_page_code",
]


def print_paper(paper: Paper, options: PrintOptions) -> bytes:
    """The question paper. Two queries."""
    from assessments.services.printing import question_paper

    return question_paper.print_paper(paper, options)


def print_key(paper: Paper, options: PrintOptions) -> bytes:
    """Answers, model answers and marking schemes; for teachers only. Two queries."""
    from assessments.services.printing import answer_key

    return answer_key.print_key(paper, options)


def print_answer_sheet(paper: Paper, options: PrintOptions, *, pages: int = 16) -> bytes:
    """Ruled pages. No query."""
    from assessments.services.printing import answer_sheet

    return answer_sheet.print_answer_sheet(paper, options, pages=pages)


def print_class_sheets(exam: Exam, students: Sequence[User], options: PrintOptions, *, pages: int) -> bytes:
    """Ruled pages for each student of a class, with their name and a code of their own. `exam` with its paper and the
    paper's programme. No query. About 4 ms a page."""
    from assessments.services.printing import answer_sheet

    return answer_sheet.print_class_sheets(exam, students, options, pages=pages)
