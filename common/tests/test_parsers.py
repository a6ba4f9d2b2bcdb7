"""Whatever JSON comes from outside, it is read whole or refused with a sentence; nothing in it can break a database."""

import io
import json
from contextlib import suppress

import pytest
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import DomainError
from common.htmx import json_endpoint, read_json
from common.parsers import MAX_DEPTH, MAX_INTEGER, CarefulJSONParser, load_json


def refusal(body: bytes) -> tuple[int, str]:
    with pytest.raises(DomainError) as refused:
        load_json(body)
    assert refused.value.message.endswith(".")
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1} {}',
        b"NaN",
        b'[{"a": -Infinity}]',
        b"\xff",
        "[1]".encode("utf-16"),
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'{"a": [{"\\udfff": 1}]}',
        b"9" * 5000,
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 70 + b"1" + b"}" * 70,
    ],
)
def test_what_is_not_json_is_unreadable(body):
    assert refusal(body) == (400, "not_json")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'"\\u0000"', "nul"),
        (b'{"a\\u0000": 1}', "nul"),
        (b'[[{"a": "b\\u0000"}]]', "nul"),
        (b"[%d]" % (MAX_INTEGER + 1), "number_too_large"),
        (b"[-%d]" % (MAX_INTEGER + 1), "number_too_large"),
        (b"1" * 4000, "number_too_large"),
        (b"[1e400]", "number_too_large"),
        (b"-1e999", "number_too_large"),
    ],
)
def test_what_no_database_can_keep_is_refused(body, code):
    assert refusal(body) == (422, code)


def test_the_deepest_and_the_largest_that_pass():
    assert load_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert load_json(b"[%d, -%d, 1e308]" % (MAX_INTEGER, MAX_INTEGER)) == [MAX_INTEGER, -MAX_INTEGER, 1e308]


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NUMBERS = st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | PLAIN


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(PLAIN, inner), max_leaves=20))
def test_everything_else_is_read_as_it_is(data):
    assert load_json(json.dumps(data).encode()) == data


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u0d80eE+-19 ', max_size=60).map(str.encode))
def test_bytes_are_read_or_refused(body):
    with suppress(DomainError):
        json.dumps(load_json(body), ensure_ascii=False, allow_nan=False).encode()


def test_the_api_reads_no_more_than_django_takes_in_a_form(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert CarefulJSONParser().parse(io.BytesIO(b'"12345678"')) == "12345678"
    with pytest.raises(DomainError) as refused:
        CarefulJSONParser().parse(io.BytesIO(b'"123456789"'))
    assert (refused.value.status, refused.value.code) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"a": 1}', 200), (b"[1]", 422), (b"[" * 100_000, 400), (b'{"a": "\\u0000"}', 422)]
)
def test_a_page_s_script_gets_the_same(body, status):
    request = HttpRequest()
    request._body = body
    response = json_endpoint(read_json)(request)
    assert response.status_code == status
    if status != 200:
        assert response["Content-Type"] == "application/problem+json"
        assert set(json.loads(response.content)) == {"type", "title", "status", "detail", "code"}
