"""Reading JSON from outside: one way for the API and for the scripts of pages, so that no app has to think of it.

Apart from common.api because DRF loads its parsers while its views are being loaded.
"""

import json
import math
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import JSONParser

from common.errors import DomainError

MAX_DEPTH = 64
#: A database's largest whole number; PostgreSQL and SQLite both refuse a larger one with an error of their own.
MAX_INTEGER = 2**63 - 1


class UnreadableJsonError(DomainError):
    """What came is not JSON. HTTP 400."""

    status = 400


class UnstorableJsonError(DomainError):
    """It is JSON, and holds something that no database can keep. HTTP 422."""


class JsonTooLargeError(DomainError):
    """More than DATA_UPLOAD_MAX_MEMORY_SIZE, to which Django holds forms and DRF nothing. HTTP 413."""

    status = 413


def load_json(body: bytes) -> Any:
    """What `body` says, safe to check, to store and to send back.

    Raises UnreadableJsonError for anything but JSON in UTF-8: NaN, half a character (a lone surrogate), nesting beyond
    64 levels. Raises UnstorableJsonError for a NUL character or a whole number beyond 64 bits.
    """
    try:
        data = json.loads(
            body.decode(), parse_constant=_refuse_constant, parse_int=_whole_number, parse_float=_finite_number
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise UnreadableJsonError(_("This is not JSON that can be read."), "not_json") from error
    _check(data)
    return data


class CarefulJSONParser(JSONParser):
    """DRF's parser for `application/json` by `load_json`; JSON is UTF-8 whatever charset the request names."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise JsonTooLargeError(_("This is too much at once."), "too_large")
        return load_json(body)


def _check(data: Any) -> None:
    """Walks without recursion, so that its own depth is never the problem."""
    waiting = [(data, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        elif isinstance(value, dict):
            waiting += [(item, depth + 1) for pair in value.items() for item in pair]


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise UnstorableJsonError(_("A NUL character cannot be stored. Take it out and send it again."), "nul")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableJsonError(_("This JSON holds half a character (a lone surrogate)."), "not_json") from None


def _whole_number(text: str) -> int:
    # Beyond 4300 digits Python itself refuses with a ValueError, which makes the whole text unreadable.
    number = int(text)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise UnstorableJsonError(_("A number is too large."), "number_too_large")
    return number


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise UnstorableJsonError(_("A number is too large."), "number_too_large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _too_deep() -> UnreadableJsonError:
    return UnreadableJsonError(_("This JSON is nested too deeply."), "not_json")
