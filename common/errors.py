"""Errors of the domain. A service raises them with a sentence a person can act on; the doors translate them."""


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
