"""The error pages and the API's problems: a sentence and a way on, never a trace."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config import errors

PROBLEM = "application/problem+json"


def test_unknown_address_is_a_page_with_a_way_on(client: Client, db: None) -> None:
    response = client.get("/no-such-place/")
    assert response.status_code == 404
    assert b'href="/"' in response.content
    assert "text/html" in response["Content-Type"]


@pytest.mark.parametrize("path", ["/api/v1/no-such-thing/", "/api/v2/exams/", "/api/v1/exams/not-a-uuid/attempts/"])
def test_unknown_address_of_the_api_is_a_problem(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, PROBLEM)
    assert response.json()["status"] == 404
    assert response.json()["detail"].endswith(".")


def test_missing_api_object_is_a_problem(client: Client, db: None) -> None:
    response = client.get("/api/v1/attempts/00000000-0000-0000-0000-000000000001/")
    assert (response.status_code, response["Content-Type"]) == (401, PROBLEM)


@pytest.mark.parametrize(
    ("handler", "status"),
    [(errors.bad_request, 400), (errors.forbidden, 403), (errors.not_found, 404), (errors.server_error, 500)],
)
def test_each_error_has_a_page_and_a_problem(db: None, handler: object, status: int) -> None:
    assert callable(handler)
    page = handler(request_of("/exams/"))
    assert (page.status_code, "text/html" in page["Content-Type"]) == (status, True)
    problem = handler(request_of("/api/v1/exams/"))
    assert (problem.status_code, problem["Content-Type"]) == (status, PROBLEM)


def test_a_fault_is_a_page_without_its_trace(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("django.urls.resolvers.URLPattern.resolve", _resolving_to(broken))
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    text = response.content.decode()
    assert "a secret" not in text
    assert "<h1" in text


def _resolving_to(view: object) -> object:
    from django.urls import ResolverMatch

    def resolve(self: object, path: str) -> ResolverMatch:
        return ResolverMatch(view, (), {})

    return resolve


def request_of(path: str) -> HttpRequest:
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.session = {}
    return request
