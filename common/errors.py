"""Errors of the domain. A service raises them with a sentence a person can act on; the doors translate them."""

from typing import Any

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    400: "The request could not be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported content type",
    422: "Not possible",
    429: "Too many requests",
}


class DomainError(Exception):
    """Something the product does not allow. `message` is shown to the person as it stands; `code` is for programs."""

    status = 422

    def __init__(self, message: str, code: str = "invalid", **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details


class ConflictError(DomainError):
    """The thing changed meanwhile (another tab, another person). `details` carries the current values."""

    status = 409


class NotPermittedError(DomainError):
    """The person may see the thing but not do this to it."""

    status = 403


def problem_body(status: int, detail: str, code: str, **extra: Any) -> dict[str, Any]:
    """Problem details (RFC 9457), the one shape of every refusal that is not a page."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return body | extra
