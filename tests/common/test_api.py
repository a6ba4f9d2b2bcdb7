"""Every error of every endpoint in one shape; pages by key."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.exceptions import InvalidToken

from accounts.models import User
from common.api import IdCursorPagination, problem_details
from common.errors import ConflictError, DomainError, NotPermittedError
from tests.factories import UserFactory

CASES = [
    (DomainError("The exam is over.", "closed"), 422, "closed", "The exam is over."),
    (ConflictError("Changed.", "version", current=3), 409, "version", "Changed."),
    (NotPermittedError("Only teachers.", "not_permitted"), 403, "not_permitted", "Only teachers."),
    (Http404("secret name"), 404, "not_found", "There is nothing here that you may see."),
    (PermissionDenied("secret"), 403, "not_permitted", "You may not do this."),
    (exceptions.NotAuthenticated(), 401, "not_authenticated", "Authentication credentials were not provided."),
    (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", 'Method "PUT" not allowed.'),
    (exceptions.ParseError("Bad JSON"), 400, "parse_error", "Bad JSON"),
    (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type", None),
    (InvalidToken("Token is expired"), 401, "token_not_valid", "Token is expired"),
]


@pytest.mark.parametrize(("error", "status", "code", "detail"), CASES, ids=lambda value: type(value).__name__)
def test_error_becomes_a_problem(error, status, code, detail):
    response = problem_details(error, {})
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert (response.data["status"], response.data["code"]) == (status, code)
    assert response.data["type"] == "about:blank"
    assert response.data["title"]
    if detail is not None:
        assert response.data["detail"] == detail


def test_details_of_a_conflict_are_in_the_body():
    assert problem_details(ConflictError("Changed.", "version", current=3), {}).data["current"] == 3


def test_invalid_values_are_named():
    class Answer(serializers.Serializer):
        seq = serializers.IntegerField(min_value=1)

    answer = Answer(data={"seq": 0})
    with pytest.raises(exceptions.ValidationError) as invalid:
        answer.is_valid(raise_exception=True)
    response = problem_details(invalid.value, {})
    assert (response.status_code, response.data["code"]) == (422, "invalid")
    assert response.data["errors"]["seq"][0]["code"] == "min_value"


def test_wait_time_is_told():
    response = problem_details(exceptions.Throttled(wait=30), {})
    assert (response.status_code, response["Retry-After"]) == (429, "30")


def test_unexpected_error_is_left_to_django():
    assert problem_details(ZeroDivisionError(), {}) is None


def test_pages_follow_the_key_and_cap_their_size(db):
    people = sorted((UserFactory().pk for _ in range(7)), reverse=True)
    seen, url = [], "/?page_size=3"
    while url:
        pages = IdCursorPagination()
        page = pages.paginate_queryset(User.objects.all(), Request(APIRequestFactory().get(url)))
        seen += [person.pk for person in page]
        url = pages.get_next_link()
    assert seen == people
    assert IdCursorPagination().get_page_size(Request(APIRequestFactory().get("/?page_size=9999"))) == 100
