"""SignedLocalStorage and its two routes."""

import hashlib
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from common.storage import SignedLocalStorage, UploadTarget, sheet_storage

urlpatterns = SignedLocalStorage(base_url="/files/").url_patterns()
pytestmark = pytest.mark.urls(__name__)

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
KEY = "uploads/attempt-1/page-01.jpg"


@pytest.fixture
def storage(settings, tmp_path):
    options = {"location": str(tmp_path / "sheets"), "base_url": "/files/", "hard_limit_bytes": 100_000}
    sheets = {"BACKEND": "common.storage.SignedLocalStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "sheets": sheets}
    return sheet_storage()


@pytest.fixture
def strict_client():
    """A browser without session that would be refused wherever login or a CSRF token is wanted."""
    return Client(enforce_csrf_checks=True)


def _send(client, target: UploadTarget, data: bytes = JPEG, **changed_fields: str):
    form = {**target.fields, **changed_fields, "file": SimpleUploadedFile("photo.jpg", data, "image/jpeg")}
    return client.post(target.url, form)


def _target(storage, **changes) -> UploadTarget:
    return storage.presign_upload(**{"key": KEY, "content_type": "image/jpeg", "max_bytes": 50_000, **changes})


def _files(storage) -> list[Path]:
    return [found for found in Path(storage.location).rglob("*") if found.is_file()]


def test_upload_stores_exactly_what_was_sent(storage, strict_client):
    assert _send(strict_client, _target(storage)).status_code == 204
    assert storage.digest(KEY) == (hashlib.sha256(JPEG).hexdigest(), len(JPEG))
    assert [found.name for found in _files(storage)] == ["page-01.jpg"]


def test_upload_again_with_same_target_is_fine(storage, strict_client):
    target = _target(storage)
    assert [_send(strict_client, target).status_code for _ in range(3)] == [204, 204, 204]
    assert storage.digest(KEY)[1] == len(JPEG)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "uploads/attempt-2/page-01.jpg"},
        {"key": "../../etc/passwd"},
        {"Content-Type": "text/html"},
        {"policy": ""},
        {"policy": "eyJrIjoiYSJ9:1abc:def"},
        {"policy": "\x00\u0939"},
    ],
)
def test_upload_with_changed_field_is_refused(storage, strict_client, changes):
    response = _send(strict_client, _target(storage), **changes)
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "forged"
    assert _files(storage) == []


def test_read_signature_does_not_open_an_upload(storage, strict_client):
    signature = storage.signed_url(KEY).split("signature=")[1]
    assert _send(strict_client, _target(storage), policy=signature).status_code == 403


def test_upload_after_expiry_is_refused_with_a_sentence(storage, strict_client):
    with time_machine.travel("2026-03-01 10:00:00Z", tick=False) as clock:
        target = _target(storage, expires_seconds=900)
        clock.shift(899)
        assert _send(strict_client, target).status_code == 204
        clock.shift(2)
        response = _send(strict_client, target)
    assert response.status_code == 403
    assert response.json()["code"] == "expired"
    assert "too old" in response.json()["detail"]


@pytest.mark.parametrize("size", [50_001, 99_999, 100_001, 400_000])
def test_upload_over_the_limit_is_refused_and_leaves_nothing(storage, strict_client, size):
    """Over the policy, over the spool limit, and over it by so much that the body is not read at all."""
    response = _send(strict_client, _target(storage), data=b"\xff" * size)
    assert response.status_code == 413
    assert response.json()["detail"].startswith("This file is too large")
    assert _files(storage) == []


def test_spooling_stops_at_the_hard_limit_whatever_the_policy_says(storage, strict_client):
    response = _send(strict_client, _target(storage, max_bytes=10**9), data=b"\xff" * 110_000)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"\xff\xfe", "application/octet-stream"),
        (b'{"key": 1}', "application/json"),
    ],
)
def test_upload_that_is_not_a_form_never_breaks_the_server(storage, strict_client, body, content_type):
    response = strict_client.generic("POST", "/files/upload/", body, content_type=content_type)
    assert response.status_code in (400, 403)
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("data", [b"", None])
def test_upload_without_file_is_refused(storage, strict_client, data):
    target = _target(storage)
    response = strict_client.post(target.url, target.fields) if data is None else _send(strict_client, target, data)
    assert response.status_code == 400
    assert "did not arrive whole" in response.json()["detail"]


def test_get_on_upload_is_not_allowed(storage, strict_client):
    assert strict_client.get("/files/upload/").status_code == 405


@pytest.mark.parametrize(
    ("head", "content_type", "disposition"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg", "inline"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "inline"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp", "inline"),
        (b"%PDF-1.7\n", "application/pdf", "inline"),
        (b"<html><script>", "application/octet-stream", "attachment"),
        (b"<svg onload=x>", "application/octet-stream", "attachment"),
    ],
)
def test_download_tells_the_type_by_content(storage, strict_client, head, content_type, disposition):
    storage.put_bytes("pages/evil.jpg", head + b"x" * 100, "image/jpeg")
    response = strict_client.get(storage.signed_url("pages/evil.jpg"))
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == head + b"x" * 100
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith(disposition)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("private, max-age=")


def test_download_again_with_etag_is_not_sent_twice(storage, strict_client):
    storage.put_bytes(KEY, JPEG, "image/jpeg")
    url = storage.signed_url(KEY)
    etag = strict_client.get(url)["ETag"]
    assert strict_client.get(url, headers={"If-None-Match": etag}).status_code == 304
    storage.put_bytes(KEY, JPEG + b"more", "image/jpeg")
    assert strict_client.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_download_url_is_stable_then_expires(storage, strict_client):
    storage.put_bytes(KEY, JPEG, "image/jpeg")
    with time_machine.travel("2026-03-01 10:00:00Z", tick=False) as clock:
        url = storage.signed_url(KEY, expires_seconds=300)
        clock.shift(149)
        assert storage.signed_url(KEY, expires_seconds=300) == url
        assert strict_client.get(url)["Cache-Control"] == "private, max-age=151"
        clock.shift(152)
        response = strict_client.get(url)
    assert (response.status_code, response.json()["code"]) == (403, "expired")


@pytest.mark.parametrize("part", ["expires", "signature", "key"])
def test_download_with_changed_url_is_refused(storage, strict_client, part):
    storage.put_bytes(KEY, JPEG, "image/jpeg")
    storage.put_bytes("uploads/other.jpg", JPEG, "image/jpeg")
    url = storage.signed_url(KEY)
    changed = {
        "expires": url.replace("expires=", "expires=9"),
        "signature": url[:-3] + ("AAA" if url[-3:] != "AAA" else "BBB"),
        "key": url.replace(KEY, "uploads/other.jpg"),
    }[part]
    assert strict_client.get(changed).json()["code"] == "forged"


@pytest.mark.parametrize("url", ["/files/../settings.py", "/files/a/%2e%2e/b", "/files/.part-1", "/files/x"])
def test_download_of_odd_name_without_signature_is_refused(storage, strict_client, url):
    assert strict_client.get(url).status_code in (403, 404)


def test_download_of_deleted_file_says_so(storage, strict_client):
    response = strict_client.get(storage.signed_url("pages/gone.jpg"))
    assert response.status_code == 404
    assert response.json()["detail"] == "This file is no longer here."


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden", "a/.part-x", "a\\b", "a b", "ह", "a\n", "x" * 513],
)
def test_odd_keys_are_refused_everywhere(storage, key):
    for use in (
        lambda: _target(storage, key=key),
        lambda: storage.signed_url(key),
        lambda: storage.put_bytes(key, b"x", "image/jpeg"),
        lambda: storage.open_bytes(key),
        lambda: storage.delete(key),
    ):
        with pytest.raises(SuspiciousFileOperation):
            use()


def test_failed_write_keeps_the_old_file_and_no_leftovers(storage):
    storage.put_bytes(KEY, b"old", "image/jpeg")

    def breaking():
        yield b"new"
        raise ConnectionError("client went away")

    with pytest.raises(ConnectionError):
        storage.put_chunks(KEY, breaking())
    with storage.open_bytes(KEY) as stream:
        assert stream.read() == b"old"
    assert [found.name for found in _files(storage)] == ["page-01.jpg"]


def test_django_save_is_atomic_too_and_delete_is_idempotent(storage):
    assert storage.save("a/b.jpg", ContentFile(JPEG)) == "a/b.jpg"
    assert storage.exists("a/b.jpg")
    storage.delete("a/b.jpg")
    storage.delete("a/b.jpg")
    assert not storage.exists("a/b.jpg")
    with pytest.raises(FileNotFoundError):
        storage.digest("a/b.jpg")
