"""What a lesson of each kind holds: a form as it is typed, checked when it is published.

The form is a flat object of text: `body` for every kind, and by kind

- video: `file` (id of a file of the course) or `address` (https), `captions` (id), `captions_language`
- file: `file`
- live: `address` (https), `starts_at` (ISO 8601; without an offset it is by the clock of whoever publishes)
- quiz, project, external: `target` (an id, or an address that has it in it)

`content` of a version has the same names; `target` moves to the lesson.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from common.content import render_content
from courses.enums import CourseFileKind, LessonKind
from courses.models import CourseFile, Lesson
from courses.services.checks import CourseError

MOST_CHARACTERS = 200_000
MOST_ADDRESS = 500
NAMES: dict[str, tuple[str, ...]] = {
    LessonKind.TEXT: (),
    LessonKind.VIDEO: ("file", "address", "captions", "captions_language"),
    LessonKind.FILE: ("file",),
    LessonKind.LIVE: ("address", "starts_at"),
    LessonKind.QUIZ: ("target",),
    LessonKind.PROJECT: ("target",),
    LessonKind.EXTERNAL: ("target",),
}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class LessonContent:
    """What a version of a lesson is made of."""

    body_source: str
    body_html: str
    content: dict[str, str]
    target: UUID | None


def kept_form(kind: str, data: Mapping[str, str]) -> dict[str, str]:
    """The fields of this kind as they were typed. Raises CourseError too_long."""
    names = ("body", *NAMES[kind])
    kept = {name: str(data.get(name, "")).replace("\x00", "") for name in names if data.get(name)}
    if sum(map(len, kept.values())) > MOST_CHARACTERS:
        raise CourseError(_("This lesson is too long. Make two of it."), "too_long")
    return kept


def read_content(*, lesson: Lesson, data: Mapping[str, str]) -> LessonContent:
    """The form as a version, checked. Raises CourseError with a sentence, and ContentError for the text."""
    form = kept_form(lesson.kind, data)
    body = form.get("body", "")
    html = render_content(body).html
    if lesson.kind == LessonKind.TEXT and not html:
        raise CourseError(_("Write something first."), "body_missing")
    content, target = {}, None
    if lesson.kind == LessonKind.VIDEO:
        content = _video(lesson, form)
    elif lesson.kind == LessonKind.FILE:
        content = {"file": _file(lesson, form.get("file", ""), CourseFileKind.DOCUMENT, _("Add the file first."))}
    elif lesson.kind == LessonKind.LIVE:
        content = {"address": _address(form.get("address", "")), **_moment(form.get("starts_at", ""))}
    elif lesson.kind in (LessonKind.QUIZ, LessonKind.PROJECT, LessonKind.EXTERNAL):
        target = _target(form.get("target", ""))
    return LessonContent(body, html, content, target)


def _video(lesson: Lesson, form: Mapping[str, str]) -> dict[str, str]:
    content: dict[str, str] = {}
    if form.get("file"):
        content["file"] = _file(lesson, form["file"], CourseFileKind.VIDEO, "")
    else:
        content["address"] = _address(form.get("address", ""))
    if form.get("captions"):
        content["captions"] = _file(lesson, form["captions"], CourseFileKind.CAPTIONS, "")
        language = form.get("captions_language", "") or "en"
        if not LANGUAGE.fullmatch(language):
            raise CourseError(_("The language of the captions is a code such as en or hi."), "language_invalid")
        content["captions_language"] = language
    return content


def _file(lesson: Lesson, file_id: str, kind: str, missing: str) -> str:
    """The id of a file of this course and kind."""
    if not file_id and missing:
        raise CourseError(missing, "file_missing")
    files = CourseFile.objects.filter(course=lesson.module.course_id, kind=kind)
    if not ID.fullmatch(file_id) or not files.filter(pk=file_id).exists():
        raise CourseError(_("This file is not one of the course's. Add it again."), "file_unknown")
    return file_id


def _address(text: str) -> str:
    address = text.strip()
    try:
        parts = urlsplit(address)
        usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        usable = False
    if not usable or len(address) > MOST_ADDRESS or re.search(r"\s", address):
        raise CourseError(_("Enter an address that begins with https://."), "address_invalid")
    return address


def _moment(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CourseError(_("Enter the beginning as a date and a time."), "moment_invalid") from error
    return {"starts_at": (moment if moment.tzinfo else timezone.make_aware(moment)).isoformat()}


def begins_at(content: Mapping[str, str]) -> datetime | None:
    """When a published live lesson begins, if that is said."""
    return datetime.fromisoformat(content["starts_at"]) if content.get("starts_at") else None


def _target(text: str) -> UUID:
    found = ID.findall(text)
    if len(found) != 1:
        raise CourseError(_("Paste the address of the page it leads to."), "target_missing")
    return UUID(found[0])
