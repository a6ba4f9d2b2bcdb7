"""The middleware of every request: language and zone of the person, sentences instead of 500s, strict CSP."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone, translation

from accounts.models import User
from common.errors import ConflictError
from common.middleware import ContentSecurityPolicyMiddleware, DomainErrorMiddleware, PersonLocaleMiddleware

MOMENT = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)


def answer(request):
    return HttpResponse(f"{translation.get_language()} {timezone.localtime(MOMENT):%H:%M}")


def ask(user, path="/"):
    request = RequestFactory().get(path)
    request.user = user
    return request


@pytest.mark.parametrize(
    ("language", "zone", "said"), [("hi", "Asia/Kolkata", "hi 10:00"), ("en", "America/New_York", "en 23:30")]
)
def test_signed_in_person_gets_their_language_and_zone(language, zone, said):
    request = ask(User(language=language, time_zone=zone))
    assert PersonLocaleMiddleware(answer)(request).content.decode() == said
    assert language == request.LANGUAGE_CODE


def test_nothing_of_one_person_reaches_the_next():
    before = translation.get_language()
    PersonLocaleMiddleware(answer)(ask(User(language="hi", time_zone="America/New_York")))
    assert PersonLocaleMiddleware(answer)(ask(AnonymousUser())).content.decode() == f"{before} 10:00"


def test_domain_error_becomes_a_page_with_its_sentence(db):
    error = ConflictError("Changed meanwhile.")
    response = DomainErrorMiddleware(answer).process_exception(ask(AnonymousUser()), error)
    assert response.status_code == 409
    assert "Changed meanwhile." in response.content.decode()


def test_other_errors_are_left_alone():
    assert DomainErrorMiddleware(answer).process_exception(ask(AnonymousUser()), ValueError("x")) is None


@pytest.mark.parametrize(
    ("path", "relaxed"),
    [
        ("/", False),
        ("/marking/", False),
        ("/administer/", False),
        ("/api/v1/exams/", False),
        ("/admin/", True),
        ("/api/docs", True),
        ("/api/redoc", True),
    ],
)
def test_only_back_office_and_explorers_may_evaluate(path, relaxed):
    response = ContentSecurityPolicyMiddleware(answer)(RequestFactory().get(path))
    policy = response["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert ("'unsafe-eval'" in scripts) is relaxed
    assert ("'unsafe-inline'" in scripts) is relaxed
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
