"""The page on which a student photographs, orders and tags answer sheets. Sending them goes through the API."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assessments.models import Attempt, SheetPage, SheetUpload
from assessments.selectors import sheet_pages
from assessments.selectors.rehearsals import page_of
from assessments.services.sheet_files import MAX_BYTES
from assessments.services.sheets import remove_sheet, reorder_sheets, rotate_page
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import json_endpoint, read_json, render_page

ANSWER = "assessments.answer_attempt"


def _attempt(request: HttpRequest, attempt_id: UUID) -> Attempt:
    return get_permitted(request.user, ANSWER, Attempt.objects.select_related("exam", "paper"), attempt_id)


@require_GET
def sheets_page(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    attempt = _attempt(request, attempt_id)
    if (here := page_of(attempt)) != "sheets-page":
        return redirect(here, attempt.pk)
    context = sheet_pages.capture_page(attempt, timezone.now()) | {"max_bytes": MAX_BYTES}
    return render_page(request, "assessments/sheets_page.html", context)


@require_GET
@json_endpoint
def status(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    return sheet_pages.sheet_state(_attempt(request, attempt_id), timezone.now())


@require_POST
@json_endpoint
def order(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    attempt, body = _attempt(request, attempt_id), read_json(request)
    try:
        wanted = [UUID(str(client_id)) for client_id in body["order"]]
    except (KeyError, TypeError, ValueError) as error:
        message = _("The order of the pages could not be read. Reload and try again.")
        raise DomainError(message, "not_an_order") from error
    reorder_sheets(attempt=attempt, order=wanted, actor=request.user, now=timezone.now())
    return {}


@require_POST
@json_endpoint
def remove(request: HttpRequest, attempt_id: UUID, client_id: UUID) -> dict[str, Any]:
    attempt = _attempt(request, attempt_id)
    upload = SheetUpload.objects.select_related("attempt").filter(attempt=attempt, client_id=client_id).first()
    if upload is None:
        raise Http404
    remove_sheet(upload=upload, actor=request.user, now=timezone.now())
    return {}


@require_POST
@json_endpoint
def rotate(request: HttpRequest, attempt_id: UUID, page_id: UUID) -> dict[str, Any]:
    attempt = _attempt(request, attempt_id)
    page = SheetPage.objects.filter(pk=page_id, upload__attempt=attempt).first()
    if page is None:
        raise Http404
    rotate_page(page=page, turn=90, actor=request.user, now=timezone.now())
    return {}
