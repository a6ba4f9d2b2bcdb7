"""Domain errors carry a sentence for the person, a code for programs and a status for doors."""

import pytest

from common.errors import ConflictError, DomainError, NotPermittedError


@pytest.mark.parametrize(("kind", "status"), [(DomainError, 422), (ConflictError, 409), (NotPermittedError, 403)])
def test_error_keeps_sentence_code_and_details(kind, status):
    error = kind("The exam is over.", "closed", ends_at="now")
    assert (error.message, error.code, error.details, error.status) == (
        "The exam is over.",
        "closed",
        {"ends_at": "now"},
        status,
    )
    assert str(error) == "The exam is over."
    assert isinstance(error, DomainError)


def test_code_has_a_default():
    assert DomainError("x").code == "invalid"
