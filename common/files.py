"""The two routes behind common.storage.SignedLocalStorage: a signed upload and a signed read.

The signature is the permission: no session is needed, so neither login nor a CSRF token is asked for. Refusals are
problem details (RFC 9457) whose `detail` is a sentence for the person uploading.
"""

import hashlib
from http import HTTPStatus
from typing import IO, Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common.errors import PROBLEM_TYPE, problem_body
from common.storage import BadSignature, SignedLocalStorage, UploadPolicy

# The form fields around the file: boundaries, policy, names.
FORM_SLACK_BYTES = 16 * 1024
INLINE_TYPES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}


class UploadQuota(FileUploadHandler):
    """Stop spooling an upload at `limit` bytes; `exceeded` says whether that happened."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.received = 0
        self.exceeded = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > self.limit:
            self.exceeded = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def _problem(status: HTTPStatus, code: str, sentence: str) -> JsonResponse:
    response = JsonResponse(problem_body(status, sentence, code), status=status, content_type=PROBLEM_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def _too_large() -> JsonResponse:
    sentence = _("This file is too large. Take the photo again at a lower resolution, or send the pages one by one.")
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", sentence)


def _refused(error: BadSignature) -> JsonResponse:
    if error.expired:
        sentence = _("This link is too old. Go back to the page and try again; your work is still there.")
        return _problem(HTTPStatus.FORBIDDEN, "expired", sentence)
    return _problem(HTTPStatus.FORBIDDEN, "forged", _("This link is not valid for this file."))


def _incomplete() -> JsonResponse:
    sentence = _("The file did not arrive whole. Check the connection and send it again.")
    return _problem(HTTPStatus.BAD_REQUEST, "incomplete", sentence)


@csrf_exempt
@login_not_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Store one file as its signed policy allows: 204, or 400, 403, 413 with a sentence."""
    storage = cast(SignedLocalStorage, storages["sheets"])
    if _content_length(request) > storage.hard_limit_bytes + FORM_SLACK_BYTES:
        return _too_large()
    quota = UploadQuota(storage.hard_limit_bytes)
    request.upload_handlers = [quota, TemporaryFileUploadHandler()]
    try:
        policy, file = _read_form(request, storage)
    except BadSignature as error:
        return _refused(error)
    except (MultiPartParserError, UnreadablePostError, SuspiciousOperation):
        return _incomplete()
    if quota.exceeded or (file is not None and cast(int, file.size) > policy.max_bytes):
        return _too_large()
    if file is None or not file.size:
        return _incomplete()
    storage.put_chunks(policy.key, file.chunks())
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read_form(request: HttpRequest, storage: SignedLocalStorage) -> "tuple[UploadPolicy, UploadedFile[Any] | None]":
    """Parse the multipart body, then check its policy."""
    form: dict[str, Any] = {name: request.POST.get(name, "") for name in ("key", "Content-Type", "policy")}
    policy = storage.read_policy(key=form["key"], content_type=form["Content-Type"], policy=form["policy"])
    return policy, request.FILES.get("file")


@login_not_required
@require_safe
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send one stored file to whoever holds its signed URL."""
    storage = cast(SignedLocalStorage, storages["sheets"])
    query = request.GET
    try:
        seconds = storage.check_read(key=key, expires=query.get("expires", ""), signature=query.get("signature", ""))
        stream = storage.open_bytes(key)
    except BadSignature as error:
        return _refused(error)
    except SuspiciousOperation:
        return _refused(BadSignature(expired=False))
    except (FileNotFoundError, IsADirectoryError):
        return _problem(HTTPStatus.NOT_FOUND, "missing", _("This file is no longer here."))
    return _file_response(request, storage, key, stream, seconds)


def _file_response(
    request: HttpRequest, storage: SignedLocalStorage, key: str, stream: IO[bytes], seconds: int
) -> HttpResponseBase:
    """Build the answer: 304 when the browser has this version, else the bytes with a type told by their content."""
    version = f"{key}:{storage.get_modified_time(key).timestamp()}:{storage.size(key)}"
    etag = f'"{hashlib.sha256(version.encode()).hexdigest()[:32]}"'
    response: HttpResponseNotModified | FileResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        stream.close()
        response = HttpResponseNotModified()
    else:
        content_type = _inline_type(stream)
        name = key.rsplit("/", 1)[-1]
        response = FileResponse(
            stream,
            as_attachment=content_type is None,
            filename=name,
            content_type=content_type or "application/octet-stream",
        )
        if content_type != "application/pdf":
            # Even if a browser were talked into treating it as a page, nothing in it may run.
            response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={seconds}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _inline_type(stream: IO[bytes]) -> str | None:
    """Return the type a browser may show, told by the first bytes, or None. Leaves the stream at its start."""
    head = stream.read(16)
    stream.seek(0)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in INLINE_TYPES.items() if head.startswith(magic)), None)


urlpatterns = [
    path("upload/", upload, name="file_upload"),
    path("<path:key>", download, name="file_download"),
]
