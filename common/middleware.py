"""Middleware used on every request."""

import zoneinfo
from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from common.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]

# The back office (unfold's Alpine) and the API explorers evaluate expressions; product pages never do.
RELAXED_PREFIXES = ("/admin/", "/api/docs", "/api/redoc")


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp with a looser script and style policy for the back office and the API explorers only."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(RELAXED_PREFIXES):
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": ["'unsafe-eval'", "'unsafe-inline'"],
                "style-src": ["'unsafe-inline'"],
            }
        return super().process_response(request, response)


class PersonLocaleMiddleware:
    """Speaks the signed-in person's language and shows times in their zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            timezone.deactivate()
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)), translation.override(user.language):
            request.LANGUAGE_CODE = user.language
            return self.get_response(request)


class DomainErrorMiddleware:
    """A domain error that a page did not turn into a form error becomes a page with its sentence, never a 500."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "422.html", {"message": exception.message}, status=exception.status)
