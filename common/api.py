"""What every API endpoint shares: problem details (RFC 9457), key-based pagination, strict input, answering once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common.errors import PROBLEM_TYPE, DomainError, problem_body

LONGEST_KEY = 200
KEPT_SECONDS = 24 * 3600


class IdCursorPagination(CursorPagination):
    """Pages by the time-ordered primary key: the thousandth page costs as much as the first."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Any) -> Any:
        """A cursor that somebody made up is refused here: its position would reach the query as it stands."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                UUID(cursor.position)
            except ValueError as error:
                raise exceptions.NotFound(self.invalid_cursor_message) from error
        return cursor


def problem(status: int, detail: str, code: str, **extra: Any) -> Response:
    """A problem-details response (application/problem+json)."""
    return Response(problem_body(status, detail, code, **extra), status=status, content_type=PROBLEM_TYPE)


def _sentence(error: exceptions.APIException) -> tuple[str, str]:
    """What to tell the person, and the code for programs; a token's error hides both in a dictionary."""
    detail, codes = error.detail, error.get_codes()
    if isinstance(detail, dict):
        return str(detail.get("detail", "This was not accepted.")), str(detail.get("code", error.default_code))
    return str(detail), codes if isinstance(codes, str) else error.default_code


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error of every endpoint in one shape."""
    if isinstance(error, DomainError):
        answer = problem(error.status, error.message, error.code, **error.details)
        if "retry_after" in error.details:
            answer["Retry-After"] = str(error.details["retry_after"])
        return answer
    if isinstance(error, Http404):
        return problem(404, "There is nothing here that you may see.", "not_found")
    if isinstance(error, PermissionDenied):
        return problem(403, "You may not do this.", "not_permitted")
    if isinstance(error, exceptions.ValidationError):
        return problem(422, "Some values are not right.", "invalid", errors=error.get_full_details())
    handled = exception_handler(error, context)
    if handled is None or not isinstance(error, exceptions.APIException):
        return handled
    response = problem(handled.status_code, *_sentence(error))
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in handled.headers:
            response[header] = handled.headers[header]
    return response


class StrictSerializer(serializers.Serializer[Any]):
    """Input in which an unknown field is an error: a misspelt field must not be silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(str(key)[:40] for key in set(data) - set(self.fields))):
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)


# --- Once ------------------------------------------------------------------------------------------------------------
def answered_once(request: Any, work: Callable[[], Response]) -> Response:
    """`work()`, or the answer that the same `Idempotency-Key` of the same account had within a day.

    For doors that do nothing twice anyway: the cache may lose it. A key that was used for another request is refused.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return work()
    if len(key) > LONGEST_KEY:
        return problem(422, _("This Idempotency-Key is too long."), "key_invalid")
    asked = json.dumps([request.method, request.path, request.data], sort_keys=True, default=str)
    digest = hashlib.sha256(asked.encode()).hexdigest()
    name = f"api-once:{request.user.pk}:{hashlib.sha256(key.encode()).hexdigest()}"
    kept = cache.get(name)
    if kept is not None and kept["digest"] != digest:
        return problem(422, _("This Idempotency-Key was used for another request."), "key_reused")
    if kept is not None:
        return Response(kept["data"], status=kept["status"], headers={"Idempotency-Replayed": "true"})
    answer = work()
    if answer.status_code < 300:
        cache.set(name, {"digest": digest, "data": answer.data, "status": answer.status_code}, KEPT_SECONDS)
    return answer
