"""Frozen papers as PDF: the question paper, its key, and sheets to answer on.

Each takes a Paper (fetched with its programme and blueprint) and PrintOptions and returns the bytes of a PDF, the same
bytes for the same paper. Every page carries a signed code that `read_page_code` reads.
"""

from assessments.services.printing.answer_key import print_key
from assessments.services.printing.answer_sheet import print_answer_sheet
from assessments.services.printing.page_codes import PageCode, PageCodeError, read_page_code
from assessments.services.printing.pages import PrintOptions, paper_code
from assessments.services.printing.question_paper import print_paper

__all__ = [
    "PageCode",
    "PageCodeError",
    "PrintOptions",
    "paper_code",
    "print_answer_sheet",
    "print_key",
    "print_paper",
    "read_page_code",
]
