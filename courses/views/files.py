"""Files of courses, with ranges so that a video can be played from anywhere."""

from __future__ import annotations

import re
from typing import IO
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from common.access import get_permitted
from common.storage import byte_chunks
from courses.enums import CourseFileKind
from courses.models import CourseFile
from courses.selectors.courses import enrolment_of
from courses.services.files import open_file

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
SHOWN = ("image/", "video/", "text/vtt", "application/pdf")
CHUNK = 256 * 1024


@require_safe
def course_file(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """A cover for whoever sees the course; everything else for whoever is in it or teaches it."""
    file = get_permitted(request.user, "courses.view_coursefile", CourseFile.objects.select_related("course"), file_id)
    if file.kind != CourseFileKind.COVER and not _may_read(request, file):
        raise Http404
    try:
        response = _ranged(request, file)
    except FileNotFoundError as error:
        raise Http404 from error
    shown = file.media_type.startswith(SHOWN)
    response["Content-Type"] = file.media_type if shown else "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(not shown, file.name) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    if file.media_type != "application/pdf":
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _may_read(request: HttpRequest, file: CourseFile) -> bool:
    if request.user.has_perm("courses.teach_course", file.course):
        return True
    enrolment = enrolment_of(user=request.user, course=file.course)
    return enrolment is not None and enrolment.is_inside


def _ranged(request: HttpRequest, file: CourseFile) -> HttpResponseBase:
    """The whole file, or the one range that was asked for (RFC 9110 §14); what cannot be met is 416.

    Raises FileNotFoundError.
    """
    size = file.size
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked[0] == "bytes=-":
        whole = StreamingHttpResponse(byte_chunks(open_file(file)))
        whole["Content-Length"] = str(size)
        return whole
    first = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
    last = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    part = StreamingHttpResponse(_part(open_file(file, first=first), last - first + 1), status=206)
    part["Content-Range"] = f"bytes {first}-{last}/{size}"
    part["Content-Length"] = str(last - first + 1)
    return part


def _part(stream: IO[bytes], left: int):  # type: ignore[no-untyped-def]  # a generator of bytes
    with stream:
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
