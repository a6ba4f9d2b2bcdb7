"""Where answer sheets live: one interface, two backends, chosen only by settings.

    STORAGES["sheets"] = {
        "BACKEND": "common.storage.SignedLocalStorage",
        "OPTIONS": {"location": "<folder>", "base_url": "/files/"},
    }
    STORAGES["sheets"] = {
        "BACKEND": "common.storage_s3.PresignedS3Storage",
        "OPTIONS": {
            "bucket_name": "...", "access_key": "...", "secret_key": "...", "region_name": "...",
            "endpoint_url": "http://minio:9000",  # how this process reaches the server
            "public_endpoint_url": "https://files.example.in",  # how a browser reaches it; default: endpoint_url
        },
    }

The local backend also takes `hard_limit_bytes` (default 16 MiB): no upload larger than this is ever spooled,
whatever a policy says. config/urls.py adds `*sheet_storage().url_patterns()` to its routes.

A browser uploads by POSTing a multipart form to `UploadTarget.url`: every entry of `fields` first, then the file in
a part named `file`. Both backends answer 204. A target may be used again until it expires (that is what makes a
retry safe), so the object under its key can still change: whoever gives a receipt must read the bytes once, check
*those* bytes, and keep them under a key for which no target was ever issued (`put_bytes`).

Keys are plain relative names: segments of letters, digits, `.`, `_`, `-`, no segment starting with a dot, at
most 512 characters. Anything else raises `SuspiciousFileOperation`. Reading what is not there raises
`FileNotFoundError` on both backends. Sizes are bytes, durations seconds.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

from django.core import signing
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.urls import URLPattern, URLResolver, include, path

CHUNK_BYTES = 256 * 1024
UPLOAD_SECONDS = 900
READ_SECONDS = 300
UPLOAD_SALT = "common.storage.upload"
READ_SALT = "common.storage.read"
KEY = re.compile(r"(?!.{513})[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)


@dataclass(frozen=True)
class UploadTarget:
    """Where and how a browser sends one file. `fields` go before the part named `file`."""

    method: str
    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class UploadPolicy:
    """What one signed local upload may write."""

    key: str
    content_type: str
    max_bytes: int


class BadSignature(Exception):
    """A signed upload or read that is forged, altered or too old. `expired` tells which sentence to show."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "forged")
        self.expired = expired


class SheetStorage(Protocol):
    """What the rest of the code may ask of either backend."""

    def presign_upload(
        self, *, key: str, content_type: str, max_bytes: int, expires_seconds: int = UPLOAD_SECONDS
    ) -> UploadTarget: ...
    def signed_url(self, key: str, *, expires_seconds: int = READ_SECONDS) -> str: ...
    def open_bytes(self, key: str, *, first: int = 0) -> IO[bytes]: ...
    def digest(self, key: str) -> tuple[str, int]: ...
    def put_bytes(self, key: str, data: bytes, content_type: str) -> None: ...
    def put_file(self, key: str, stream: IO[bytes], content_type: str) -> None: ...
    def delete(self, name: str) -> None: ...
    def exists(self, name: str) -> bool: ...
    def url_patterns(self) -> list[URLPattern | URLResolver]: ...


def sheet_storage() -> SheetStorage:
    """Return the backend named by STORAGES["sheets"]."""
    return cast(SheetStorage, storages["sheets"])


def checked_key(key: str) -> str:
    """Return `key` unchanged, or raise SuspiciousFileOperation when it is not a plain relative name."""
    if not KEY.fullmatch(key):
        raise SuspiciousFileOperation("This is not a name a stored file can have.")
    return key


def digest_chunks(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return (SHA-256 as hex, size in bytes) of a stream without holding it in memory."""
    sha, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha.update(chunk)
        size += len(chunk)
    return sha.hexdigest(), size


def byte_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


class SignedLocalStorage(FileSystemStorage):
    """A folder on this machine behind signed, expiring URLs (served by common.files)."""

    def __init__(self, *args: Any, hard_limit_bytes: int = 16 * 1024 * 1024, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hard_limit_bytes = hard_limit_bytes

    def presign_upload(
        self, *, key: str, content_type: str, max_bytes: int, expires_seconds: int = UPLOAD_SECONDS
    ) -> UploadTarget:
        """Return a target that may write `key`, at most `max_bytes`, until `expires_seconds` from now."""
        payload = {"k": checked_key(key), "t": content_type, "m": max_bytes, "e": int(time.time()) + expires_seconds}
        policy = signing.dumps(payload, salt=UPLOAD_SALT)
        fields = {"key": key, "Content-Type": content_type, "policy": policy}
        return UploadTarget(method="POST", url=f"{self.base_url}upload/", fields=fields)

    def read_policy(self, *, key: str, content_type: str, policy: str) -> UploadPolicy:
        """Check the fields of an upload form. Raises BadSignature when forged, altered or expired."""
        payload = self._loads(policy, UPLOAD_SALT)
        if (payload["k"], payload["t"]) != (key, content_type):
            raise BadSignature(expired=False)
        return UploadPolicy(key=checked_key(key), content_type=content_type, max_bytes=payload["m"])

    def signed_url(self, key: str, *, expires_seconds: int = READ_SECONDS) -> str:
        """Return an URL that reads `key` for between half of and all of `expires_seconds`.

        The expiry is rounded to half-periods so that the same page asked for twice has the same URL and comes from
        the browser's cache.
        """
        half = max(1, expires_seconds // 2)
        expires = int(time.time()) // half * half + expires_seconds
        token = signing.Signer(salt=READ_SALT).signature(f"{checked_key(key)}\n{expires}")
        return f"{self.base_url}{key}?expires={expires}&signature={token}"

    def check_read(self, *, key: str, expires: str, signature: str) -> int:
        """Return the seconds a read URL is still good for. Raises BadSignature when forged or expired."""
        try:
            signing.Signer(salt=READ_SALT).unsign(f"{checked_key(key)}\n{expires}:{signature}")
        except signing.BadSignature:
            raise BadSignature(expired=False) from None
        remaining = int(expires) - int(time.time())
        if remaining <= 0:
            raise BadSignature(expired=True)
        return remaining

    def open_bytes(self, key: str, *, first: int = 0) -> IO[bytes]:
        """Open `key` for reading from byte `first` on. The caller closes it."""
        stream = open(self.path(checked_key(key)), "rb")  # noqa: SIM115
        stream.seek(first)
        return stream

    def digest(self, key: str) -> tuple[str, int]:
        """Return (SHA-256 hex, size) of what is stored under `key`."""
        with self.open_bytes(key) as stream:
            return digest_chunks(byte_chunks(stream))

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        """Write `data` under `key`, replacing what was there. The type is told from the bytes when read."""
        self.put_chunks(key, (data,))

    def put_file(self, key: str, stream: IO[bytes], content_type: str) -> None:
        """`put_bytes` of a stream, of which only a piece is in memory at a time."""
        self.put_chunks(key, byte_chunks(stream))

    def put_chunks(self, key: str, chunks: Iterable[bytes]) -> None:
        """Write a stream under `key` so that a crash leaves the old file or the new one, never half of either."""
        target = Path(self.path(checked_key(key)))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as part:
                for chunk in chunks:
                    part.write(chunk)
                part.flush()
                os.fsync(part.fileno())
            os.chmod(name, self.file_permissions_mode or 0o600)
            os.replace(name, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
        _sync_folder(target.parent)

    def delete(self, name: str) -> None:
        """Remove the file; removing what is not there is fine."""
        super().delete(checked_key(name))

    def url(self, name: str | None) -> str:
        """Return a signed URL, because nothing here is public."""
        return self.signed_url(name or "")

    def url_patterns(self) -> list[URLPattern | URLResolver]:
        """Return the routes that serve this folder, under `base_url`."""
        return [path(str(self.base_url).lstrip("/"), include("common.files"))]

    def _save(self, name: str, content: "File[Any]") -> str:
        self.put_chunks(name, content.chunks())
        return name

    @staticmethod
    def _loads(token: str, salt: str) -> dict[str, Any]:
        try:
            payload: dict[str, Any] = signing.loads(token, salt=salt)
        except signing.BadSignature:
            raise BadSignature(expired=False) from None
        if payload["e"] <= time.time():
            raise BadSignature(expired=True)
        return payload


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
