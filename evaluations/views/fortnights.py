"""A teacher's coming fortnight: part of the page of hours and leave, and a page of its own without JavaScript."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.services.availability import read_hours
from common.errors import DomainError
from common.htmx import render_page
from evaluations.services.fortnights import fortnight

DAYS = [f"day_{weekday}" for weekday in range(7)]


@require_http_methods(["GET", "POST"])
def own_fortnight(request: HttpRequest) -> HttpResponse:
    """GET: with the hours as saved. POST: with the hours that were sent, which are not saved."""
    if not request.user.is_teacher:
        raise PermissionDenied
    context: dict[str, Any] = {"typed": {name: request.POST.get(name, "") for name in DAYS if name in request.POST}}
    status = 200
    try:
        hours = None
        if request.method == "POST":
            hours = [
                span for day, name in enumerate(DAYS) for span in read_hours(request.POST.get(name, ""), weekday=day)
            ]
        context["fortnight"] = fortnight(teacher=request.user, hours=hours, now=timezone.now())
    except DomainError as error:
        context["error"], status = error.message, 422
    return render_page(request, "evaluations/fortnight.html", context, partial="fortnight", status=status)
