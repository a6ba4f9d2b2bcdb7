"""Files of courses: told by their content, kept once, read by whoever may read the course."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import datetime
from io import BytesIO
from typing import IO

from django.utils.translation import gettext as _

from accounts.models import User
from common.pictures import encode_picture
from common.storage import sheet_storage
from courses.enums import CourseFileKind
from courses.models import Course, CourseFile
from courses.services.checks import CourseError, require_teaching

MEGABYTE = 1024 * 1024
MOST_BYTES = {
    CourseFileKind.COVER: 5 * MEGABYTE,
    CourseFileKind.DOCUMENT: 20 * MEGABYTE,
    CourseFileKind.VIDEO: 64 * MEGABYTE,
    CourseFileKind.CAPTIONS: MEGABYTE,
}
MAX_FILES = 500
#: What the first bytes of a document say of it.
MAGIC = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def add_file(*, course: Course, kind: str, name: str, data: bytes, actor: User, now: datetime) -> CourseFile:
    """Keeps a file of the course. The same again is the same row. Raises CourseError, and DomainError for pictures.

    Covers: pictures. Documents: PDF, PNG, JPEG, Word, PowerPoint, Excel, ZIP, plain text. Videos: MP4, WebM.
    Captions: WebVTT.
    """
    require_teaching(course, actor)
    most = MOST_BYTES[CourseFileKind(kind)]
    if len(data) > most:
        raise CourseError(_("This file is larger than %d MB.") % (most // MEGABYTE), "too_large")
    if kind == CourseFileKind.COVER:
        picture = encode_picture(data)
        data, media_type = picture.data, picture.media_type
    else:
        media_type = _media_type(kind, data)
    sha256 = hashlib.sha256(data).hexdigest()
    known: CourseFile | None = CourseFile.objects.filter(course=course, kind=kind, sha256=sha256).first()
    if known is not None:
        return known
    if CourseFile.objects.filter(course=course).count() >= MAX_FILES:
        raise CourseError(_("A course has at most %d files.") % MAX_FILES, "too_many")
    row = CourseFile(
        course=course, kind=kind, name=_clean(name), media_type=media_type, size=len(data), sha256=sha256,
        added_by=actor, created_at=now,
    )  # fmt: skip
    sheet_storage().put_bytes(row.storage_key, data, media_type)
    # Two who send the same file at once both succeed.
    CourseFile.objects.bulk_create([row], ignore_conflicts=True)
    found: CourseFile = CourseFile.objects.get(course=course, kind=kind, sha256=sha256)
    return found


def open_file(file: CourseFile, *, first: int = 0) -> IO[bytes]:
    """The stored bytes from `first` on; the caller closes them. Raises FileNotFoundError."""
    return sheet_storage().open_bytes(file.storage_key, first=first)


def _clean(name: str) -> str:
    kept = "".join(letter for letter in name.rsplit("/")[-1] if letter.isprintable() and letter not in '\\"')
    return kept.strip()[-160:] or "file"


def _media_type(kind: str, data: bytes) -> str:
    if kind == CourseFileKind.VIDEO:
        if data[4:8] == b"ftyp":
            return "video/mp4"
        if data.startswith(b"\x1a\x45\xdf\xa3"):
            return "video/webm"
        raise CourseError(_("This is not a video we can show. Use MP4 or WebM."), "not_a_video")
    if kind == CourseFileKind.CAPTIONS:
        if _is_text(data) and data.decode("utf-8-sig").startswith("WEBVTT"):
            return "text/vtt"
        raise CourseError(_("These are not captions we can show. Use WebVTT."), "not_captions")
    for head, media_type in MAGIC.items():
        if data.startswith(head):
            return media_type
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    if _is_text(data):
        return "text/plain"
    raise CourseError(_("This kind of file is not taken. Use PDF, a picture, Office, ZIP or plain text."), "not_taken")


def _archive(data: bytes) -> str:
    """Nothing in it is unpacked; its list of names is read."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise CourseError(_("This archive is damaged."), "not_taken") from error
    return next(
        (kind for folder, kind in OFFICE.items() if any(n.startswith(folder) for n in names)), "application/zip"
    )


def _is_text(data: bytes) -> bool:
    if b"\x00" in data:
        return False
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
