"""One way to answer with a page or a part of it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from common.errors import PROBLEM_TYPE, DomainError, problem_body
from common.parsers import load_json

PREFERENCES = {
    "theme": {"light", "dark"},
    "contrast": {"more", "less"},
    "font": {"legible", "dyslexic", "plain"},
    "print": {"large", "normal"},
    "keys": {"off", "on"},
}


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    partial: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Renders `template`, or only its partial named `partial` when htmx asked for it.

    partial name = DOM id = hx-target. An invalid form is rendered with status 422.
    """
    htmx: Any = getattr(request, "htmx", False)
    wants_part = partial is not None and bool(htmx) and not htmx.history_restore_request
    name = f"{template}#{partial}" if wants_part else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def ui(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the person's display choices, read from the cookie that static/js/prefs.js keeps."""
    chosen = dict(part.split("=", 1) for part in request.COOKIES.get("abhyas_prefs", "").split("|") if "=" in part)
    return {
        "ui": {
            **{name: chosen.get(name) if chosen.get(name) in known else "" for name, known in PREFERENCES.items()},
            "lang": getattr(request, "LANGUAGE_CODE", "en"),
        }
    }


def read_json(request: HttpRequest) -> dict[str, Any]:
    """The JSON object a page's script sent. Raises DomainError when it is not one; see common.parsers.load_json."""
    try:
        body = load_json(request.body)
    except RawPostDataException:
        # A form was sent, and the protection of forms has read it.
        body = None
    if not isinstance(body, dict):
        raise DomainError(_("A JSON object is needed here."), "not_an_object")
    return body


def json_endpoint(view: Callable[..., dict[str, Any]]) -> Callable[..., JsonResponse]:
    """A view for a page's own script: returns a dictionary, answers errors as problem details instead of pages."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            return JsonResponse(view(request, *args, **kwargs))
        except DomainError as error:
            return _problem(error.status, error.message, error.code, error.details)
        except Http404:
            return _problem(404, "There is nothing here that you may see.", "not_found")
        except PermissionDenied:
            return _problem(403, "You may not do this.", "not_permitted")

    return answer


def _problem(status: int, detail: str, code: str, details: Mapping[str, Any] | None = None) -> JsonResponse:
    body = problem_body(status, detail, code, **dict(details or {}))
    headers = {"Retry-After": str(body["retry_after"])} if "retry_after" in body else {}
    return JsonResponse(body, status=status, content_type=PROBLEM_TYPE, headers=headers)
