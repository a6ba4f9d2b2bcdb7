"""The page on which a student sees which picture is asked for, and photographs it. Sending goes through the API."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from assessments.services.sheet_files import MAX_BYTES
from common.access import get_permitted
from common.htmx import json_endpoint, render_page
from evaluations.models import PictureRequest
from evaluations.selectors.pictures import picture_page
from notifications.services.inbox import read_by_url


def _asked(request: HttpRequest, request_id: UUID) -> PictureRequest:
    rows = PictureRequest.objects.select_related(
        "evaluation__attempt__exam", "evaluation__attempt__student", "page__upload", "answer"
    )
    return get_permitted(request.user, "evaluations.answer_picturerequest", rows, request_id)


@require_GET
def picture(request: HttpRequest, request_id: UUID) -> HttpResponse:
    asked, now = _asked(request, request_id), timezone.now()
    read_by_url(user=request.user, url=request.path, now=now)
    context = picture_page(asked, now=now) | {"max_bytes": MAX_BYTES}
    return render_page(request, "evaluations/picture_page.html", context)


@require_GET
@json_endpoint
def picture_status(request: HttpRequest, request_id: UUID) -> dict[str, Any]:
    return {"state": _asked(request, request_id).state}
