"""Middleware used on every request."""

import codecs
import json
import zoneinfo
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render, resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]

NUL = "\x00"

# The back office (unfold's Alpine) and the API explorers evaluate expressions; product pages never do.
RELAXED_PREFIXES = ("/admin/", "/api/docs", "/api/redoc")


class CompressionMiddleware(GZipMiddleware):
    """As Django's, with its random padding against guessing secrets by size; but only whole texts: pictures and files
    gain nothing, and a live stream would wait."""

    TEXTS = ("text/html", "application/json", "application/problem+json", "image/svg+xml", "text/plain")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in self.TEXTS:
            return response
        return super().process_response(request, response)


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp with a looser script and style policy for the back office and the API explorers only."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(RELAXED_PREFIXES):
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": ["'unsafe-eval'", "'unsafe-inline'"],
                "style-src": ["'unsafe-inline'"],
            }
        return super().process_response(request, response)


class SignInMiddleware(LoginRequiredMiddleware):
    """As Django's; but whoever was signed out before sending a form comes back to the page on which the form stands:
    its own address may take nothing but forms, and would greet them with an error. A part of a page that htmx asks for
    leaves the page as it is, with what was typed there."""

    def handle_no_permission(  # type: ignore[override] # the stubs know redirects only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        if request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers:
            text = _("You are signed out. Sign in again in another tab, then go on here: what you typed is kept.")
            trigger = json.dumps({"toast": {"text": text, "level": "error"}})
            return HttpResponse(status=401, headers={"HX-Trigger": trigger, "HX-Reswap": "none"})
        page = urlsplit(request.headers.get("Referer", ""))
        if request.method in {"GET", "HEAD"} or page.netloc != request.get_host() or not page.path.startswith("/"):
            return super().handle_no_permission(request, view_func)
        back = f"{page.path}?{page.query}" if page.query else page.path
        login = resolve_url(self.get_login_url(view_func))
        return redirect_to_login(back, login, self.get_redirect_field_name(view_func))


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
            response = self.get_response(request)
            # LocaleMiddleware would name the browser's.
            response.headers.setdefault("Content-Language", user.language)
            return response


class PrivatePagesMiddleware:
    """What a signed-in person sees is in no cache: Back shows how things stand, and nothing to whoever comes after
    them. What says itself how long it may be kept (an image of a page) is left alone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class DomainErrorMiddleware:
    """Ends as an answer with a sentence, never as a 500: text that no database can hold, and a domain error that a page
    did not turn into a form error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path:
            raise Http404
        if any(NUL in value for value in request.COOKIES.values()):
            raise BadRequest("A NUL character in a cookie.")
        # Some codecs that a request may name cannot decode bytes at all; browsers send forms as the page is, in UTF-8.
        if request.encoding and codecs.lookup(request.encoding).name != "utf-8":
            raise BadRequest("Only UTF-8 is read here.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """PostgreSQL refuses a NUL character in any text, so nothing with one goes further. JSON is read later, by
        common.parsers, which looks for itself."""
        # A view that is exempt has not had its form read yet, and may want to choose how.
        try:
            forms = [request.GET] if getattr(view, "csrf_exempt", False) else [request.GET, request.POST]
        except UnreadablePostError as error:
            raise BadRequest("The form broke off.") from error
        if any(NUL in text for form in forms for name, values in form.lists() for text in (name, *values)):
            raise BadRequest("A NUL character in a form or an address.")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "422.html", {"message": exception.message}, status=exception.status)
