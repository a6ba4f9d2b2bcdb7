"""What is being written in a lesson: autosaved, never overwritten unasked, published as a version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.content import render_content
from common.errors import ConflictError
from courses.models import Lesson, LessonDraft, LessonVersion
from courses.services.checks import CourseError, lock_course, require_teaching
from courses.services.lesson_content import kept_form, read_content
from courses.services.recounts import restructure


def save_draft(*, lesson: Lesson, data: Mapping[str, str], seen: int, actor: User, now: datetime) -> LessonDraft:
    """Keeps the form. `seen` is the version this tab last had, 0 for none; the kept one is one higher.

    What is already kept is kept once. Raises ConflictError with `version` and `data` as they are kept by now, and
    CourseError too_long.
    """
    require_teaching(lesson.module.course, actor)
    kept = kept_form(lesson.kind, data)
    try:
        with transaction.atomic():
            stored: LessonDraft | None = (
                LessonDraft.objects.select_for_update(of=("self",)).filter(lesson=lesson).first()
            )
            if stored is None:
                return _first(lesson, kept, seen, actor, now)
            if stored.data == kept:
                return stored
            if stored.version != seen:
                raise _stale(stored.version, stored.data)
            stored.data, stored.version, stored.updated_by, stored.updated_at = kept, seen + 1, actor, now
            stored.save(update_fields=["data", "version", "updated_by", "updated_at"])
            return stored
    except IntegrityError as error:
        # Another tab was first.
        first = LessonDraft.objects.get(lesson=lesson)
        raise _stale(first.version, first.data) from error


def _first(lesson: Lesson, kept: dict[str, str], seen: int, actor: User, now: datetime) -> LessonDraft:
    if seen:
        raise _stale(0, {})
    made: LessonDraft = LessonDraft.objects.create(lesson=lesson, data=kept, updated_by=actor, updated_at=now)
    return made


def preview_html(*, text: str) -> str:
    """The text as learners will see it. Raises ContentError."""
    return render_content(text).html


def publish_lesson(
    *, lesson: Lesson, data: Mapping[str, str] | None = None, seen: int = 0, actor: User, now: datetime
) -> LessonVersion:
    """Makes the form (or the draft as it is kept) the version that learners see. The old one stays as a row.

    The same content again makes no new version. Raises CourseError, ContentError, and ConflictError as `save_draft`.
    """
    require_teaching(lesson.module.course, actor)
    with transaction.atomic():
        course = lock_course(lesson.module.course_id)
        draft = save_draft(lesson=lesson, data=data, seen=seen, actor=actor, now=now) if data is not None else None
        draft = draft or LessonDraft.objects.filter(lesson=lesson).first()
        if draft is None:
            raise CourseError(_("Write something first."), "body_missing")
        locked = Lesson.objects.select_for_update(of=("self",)).select_related("module", "current").get(pk=lesson.pk)
        read = read_content(lesson=locked, data=draft.data)
        current, first = locked.current, locked.current is None
        made = {"body_source": read.body_source, "body_html": read.body_html, "content": read.content}
        same = current is not None and all(getattr(current, name) == value for name, value in made.items())
        if current is not None and same and locked.target == read.target:
            unchanged: LessonVersion = current
            return unchanged
        number = (locked.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version: LessonVersion = LessonVersion.objects.create(
            lesson=locked, number=number, created_by=actor, created_at=now, **made
        )
        locked.current, locked.target = version, read.target
        locked.save(update_fields=["current", "target"])
        record_event(actor=actor, action="lesson.published", obj=locked, after={"version": number}, now=now)
        if first and locked.is_required:
            restructure(course=course, now=now)
    return version


def take_version_back(*, version: LessonVersion, seen: int, actor: User, now: datetime) -> LessonDraft:
    """Puts an older version into the draft, for the teacher to look over and publish. Raises ConflictError."""
    lesson = version.lesson
    data = {"body": version.body_source, **version.content}
    if lesson.target is not None:
        data["target"] = str(lesson.target)
    return save_draft(lesson=lesson, data=data, seen=seen, actor=actor, now=now)


def _stale(version: int, data: Mapping[str, str]) -> ConflictError:
    return ConflictError(
        _("This lesson was changed in another place."), "draft_stale", version=version, data=dict(data)
    )
