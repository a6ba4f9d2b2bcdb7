"""A frozen paper as PDF, to print: the paper, its key, and sheets to answer on."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from assessments.models import Attempt, Paper
from assessments.services.printing import PrintOptions, paper_code, print_answer_sheet, print_key, print_paper
from common.access import get_permitted
from common.errors import DomainError

MAX_DIGITS = 6


@require_safe
@cache_control(private=True, no_store=True)
def paper_pdf(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """`?size=large` for large print, `?copy=12` to number copies."""
    paper = _paper(request, paper_id)
    return _pdf(print_paper(paper, _options(request, paper)), f"paper-{paper_code(paper)}")


@require_safe
@cache_control(private=True, no_store=True)
def key_pdf(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    paper = _paper(request, paper_id)
    return _pdf(print_key(paper, _options(request, paper)), f"key-{paper_code(paper)}")


@require_safe
@cache_control(private=True, no_store=True)
def sheet_pdf(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """`?pages=24`, and `?attempt=` to tie the sheets to one sitting."""
    paper = _paper(request, paper_id)
    pages = _number(request, "pages", 16)
    return _pdf(print_answer_sheet(paper, _options(request, paper), pages=pages), f"sheet-{paper_code(paper)}")


def _paper(request: HttpRequest, paper_id: UUID) -> Paper:
    source = Paper.objects.select_related("programme", "blueprint")
    return get_permitted(request.user, "assessments.print_paper", source, paper_id)


def _options(request: HttpRequest, paper: Paper) -> PrintOptions:
    attempt = request.GET.get("attempt", "")
    if attempt:
        source = Attempt.objects.filter(paper=paper)
        attempt_id = get_permitted(request.user, "assessments.view_attempt", source, _uuid(attempt)).pk
    return PrintOptions(
        size=request.GET.get("size", "normal"),
        copy=_number(request, "copy", 0),
        attempt=attempt_id if attempt else None,
    )


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise DomainError(_("“%(text)s” is not a whole number.") % {"text": text[:20]}, "not_a_number")
    return int(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise DomainError(_("“%(text)s” is not the id of an attempt.") % {"text": text[:40]}, "not_an_id") from error


def _pdf(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
