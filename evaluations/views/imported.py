"""A result that was made elsewhere: read as it was signed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from common.access import get_permitted
from common.htmx import render_page
from common.storage import sheet_storage
from evaluations.models import ImportedResult
from evaluations.selectors.imported import imported_page as page_of


@require_GET
def imported_result(request: HttpRequest, result_id: UUID) -> HttpResponse:
    found = _found(request, result_id)
    return render_page(request, "evaluations/imported_result.html", {"row": found, **page_of(found)})


@require_GET
def imported_page(request: HttpRequest, result_id: UUID, number: int) -> HttpResponse:
    """Sends whoever may see the result to a short-lived address of one of its pages."""
    files: list[dict[str, Any]] = _found(request, result_id).files
    if not 1 <= number <= len(files):
        raise Http404
    response = redirect(sheet_storage().signed_url(files[number - 1]["key"]))
    response["Cache-Control"] = "private, max-age=120"
    return response


def _found(request: HttpRequest, result_id: UUID) -> ImportedResult:
    rows = ImportedResult.objects.select_related("student")
    return get_permitted(request.user, "evaluations.view_importedresult", rows, result_id)
