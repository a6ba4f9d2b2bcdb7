"""Odd requests: an answer with a sentence for a person or a program, never a 500."""

import gzip
import io
import json

import pytest
from django.core.exceptions import BadRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import reverse

from common.middleware import CompressionMiddleware, DomainErrorMiddleware, PrivatePagesMiddleware

FORM = "application/x-www-form-urlencoded"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nabc\r\n--x--\r\n'


@pytest.fixture
def careful(client):
    """A visitor who sees the answer that a server gives, not the exception behind it."""
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "path", ["/accounts/login/?next=%00", "/accounts/login/?%00=1", "/accounts/signup/?a=b&a=c%00"]
)
def test_nul_in_a_query_is_400(careful, db, path):
    response = careful.get(path)
    assert response.status_code == 400
    assert b"That did not arrive whole" in response.content


def test_nul_in_a_form_is_400(careful, db):
    response = careful.post(reverse("account_login"), {"login": "a\x00@example.com", "password": "x"})
    assert response.status_code == 400
    assert careful.post(reverse("account_login"), {"next\x00": "/"}).status_code == 400


def test_nul_in_a_path_is_404(careful, db):
    for path in ("/%00", "/accounts/confirm-email/a%00b/", "/files/a%00b?expires=1&signature=x"):
        assert careful.get(path).status_code == 404


def test_nul_in_a_query_of_the_api_is_a_problem(careful, cast):
    careful.force_login(cast.student)
    response = careful.get("/api/v1/exams/?cursor=%00")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"]


def test_nul_reaches_no_filter_and_no_search_of_the_back_office(careful, cast):
    careful.force_login(cast.staff)
    people = reverse("admin:accounts_user_changelist")
    for query in ("q=%00", "is_student__exact=%00", "email=a%00"):
        assert careful.get(f"{people}?{query}").status_code == 400


@pytest.mark.parametrize("charset", ["rot13", "base64", "utf-16", "latin-1"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/files/upload/", "/api/v1/auth/token/"])
def test_another_charset_than_utf_8_is_400(careful, db, path, charset):
    response = careful.generic("POST", path, MULTIPART, f"multipart/form-data; boundary=x; charset={charset}")
    assert response.status_code == 400


def test_utf_8_by_any_name_is_read(careful, db):
    for charset in ("utf-8", "UTF8", "no-such-charset"):
        response = careful.generic(
            "POST", "/accounts/login/", MULTIPART, f"multipart/form-data; boundary=x; charset={charset}"
        )
        assert response.status_code == 200


def test_nul_in_the_session_cookie_is_400_before_it_is_looked_up(careful, db, django_assert_num_queries):
    careful.cookies["sessionid"] = "\x00aaaaaaaaaa"
    with django_assert_num_queries(0):
        response = careful.get(reverse("account_login"))
    assert response.status_code == 400
    assert b"That did not arrive whole" in response.content


def test_a_form_that_breaks_off_is_400(careful, db):
    class Broken(io.BytesIO):
        def read(self, *args):
            raise OSError("the line is gone")

    response = careful.post(
        reverse("account_login"), **{"wsgi.input": Broken(), "CONTENT_LENGTH": "50", "CONTENT_TYPE": FORM}
    )
    assert response.status_code == 400


@pytest.mark.parametrize("name", ["home", "person-settings", "exam-list", "admin:index", "account_logout"])
def test_what_a_signed_in_person_sees_is_in_no_cache(client, cast, name):
    client.force_login(cast.staff)
    assert {"private", "no-store"} <= set(client.get(reverse(name))["Cache-Control"].split(", "))


def test_a_public_page_may_be_kept(client, db):
    assert "no-store" not in client.get(reverse("landing")).get("Cache-Control", "")


def test_a_response_that_says_how_long_it_may_be_kept_is_believed(client, cast):
    def answer(request):
        return HttpResponse(headers={"Cache-Control": "private, max-age=120"})

    request = RequestFactory().get("/")
    request.user = cast.student
    assert PrivatePagesMiddleware(answer)(request)["Cache-Control"] == "private, max-age=120"


def test_nul_in_a_cookie_is_400():
    """Of all cookies that of the session is looked up in the database."""
    request = RequestFactory().get("/", HTTP_COOKIE='sessionid="\\000aaaaaaaaaa"')
    with pytest.raises(BadRequest):
        DomainErrorMiddleware(lambda request: None)(request)


def test_a_part_of_a_page_is_not_replaced_by_the_sign_in_page(client, cast):
    response = client.post(reverse("bank-list"), headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Reswap"], response.content) == (401, "none", b"")
    assert "You are signed out." in json.loads(response["HX-Trigger"])["toast"]["text"]
    whole = client.get(reverse("bank-list"), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert whole.status_code == 302


def test_texts_are_compressed_for_whoever_can_read_it(client, db):
    plain = client.get(reverse("account_login"))
    small = client.get(reverse("account_login"), headers={"Accept-Encoding": "gzip, br"})
    assert plain.headers.get("Content-Encoding") is None
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert len(small.content) * 2 < len(plain.content)
    assert b"</html>" in gzip.decompress(small.content)
    assert int(small.headers["Content-Length"]) == len(small.content)


@pytest.mark.parametrize(
    ("response", "encoding"),
    [
        (HttpResponse(b"a" * 1000, content_type="application/json"), "gzip"),
        (HttpResponse(b"a" * 100, content_type="application/json"), None),
        (HttpResponse(b"a" * 1000, content_type="image/jpeg"), None),
        (HttpResponse(b"a" * 1000, content_type="application/pdf"), None),
        (StreamingHttpResponse([b"a" * 1000], content_type="text/html"), None),
    ],
)
def test_pictures_files_and_streams_are_sent_as_they_are(response, encoding):
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip"})
    assert CompressionMiddleware(lambda _: response)(request).headers.get("Content-Encoding") == encoding
