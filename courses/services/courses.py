"""Courses as a whole: made, changed, put out, archived."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import verified_teachers
from accounts.services.audit import record_event
from common.content import render_content
from common.errors import NotPermittedError
from courses.enums import CourseAccess, CourseState
from courses.models import Course, CourseTeacher, LearningPath, Lesson
from courses.services.checks import CourseError, checked_title, lock_course, note_change, require_seen, require_teaching
from courses.services.path_progress import count_path
from courses.services.places import promote_waiting

MAX_METADATA = 10_000
#: What the settings page changes.
FIELDS = (
    "title",
    "summary",
    "description_source",
    "programme",
    "access",
    "capacity",
    "cover_alt",
    "gives_certificate",
    "only_by_path",
    "metadata",
)
ALLOWED = {
    CourseState.DRAFT: {CourseState.SCHEDULED, CourseState.PUBLISHED, CourseState.ARCHIVED},
    CourseState.SCHEDULED: {CourseState.DRAFT, CourseState.SCHEDULED, CourseState.PUBLISHED, CourseState.ARCHIVED},
    CourseState.PUBLISHED: {CourseState.ARCHIVED},
    CourseState.ARCHIVED: {CourseState.PUBLISHED},
}


def make_course(*, title: str, actor: User, now: datetime, **fields: Any) -> Course:
    """A new draft that `actor` teaches; `fields` are among FIELDS. Raises CourseError, ContentError."""
    if not actor.has_perm("courses.make_course"):
        raise NotPermittedError(_("Only verified teachers and staff make courses."), "not_permitted")
    course = Course(slug="", created_by=actor, created_at=now, updated_at=now, **_checked({"title": title, **fields}))
    with transaction.atomic():
        course.slug = _free_slug(course.title)
        course.words = _words(course)
        course.save(force_insert=True)
        if actor.is_teacher:
            CourseTeacher.objects.create(course=course, teacher=actor)
        record_event(actor=actor, action="course.made", obj=course, after={"title": course.title}, now=now)
    return course


def change_course(
    *, course: Course, fields: Mapping[str, Any], seen: int | None = None, actor: User, now: datetime
) -> Course:
    """Changes settings (names of FIELDS). `seen` is the version the form was made from; a newer one is a ConflictError.

    More places let those who wait longest in. Raises CourseError, ContentError, NotPermittedError.
    """
    require_teaching(course, actor)
    wanted = _checked(fields)
    with transaction.atomic():
        locked = lock_course(course.pk)
        require_seen(locked.version, seen)
        before = {name: getattr(locked, name) for name in wanted}
        for name, value in wanted.items():
            setattr(locked, name, value)
        locked.words, locked.updated_at, locked.version = _words(locked), now, locked.version + 1
        locked.save(update_fields=[*wanted, "words", "updated_at", "version"])
        note_change(actor=actor, action="course.changed", obj=locked, before=before, after=wanted, now=now)
        promote_waiting(course=locked, actor=actor, now=now)
    return locked


def set_teachers(*, course: Course, teachers: Iterable[User], actor: User, now: datetime) -> None:
    """Exactly these people teach the course, in this order; the first one owns it and chooses the others, as staff do.

    Raises NotPermittedError, CourseError: nobody, not_a_teacher.
    """
    if not actor.has_perm("courses.choose_teachers", course):
        raise NotPermittedError(_("Only the first teacher of this course and staff choose its teachers."), "not_owner")
    wanted = list(dict.fromkeys(teachers))
    if not wanted:
        raise CourseError(_("Somebody has to teach the course."), "nobody")
    allowed = set(verified_teachers().filter(pk__in=[person.pk for person in wanted]).values_list("pk", flat=True))
    # Whoever lost the verification meanwhile stays until taken out: they change nothing without it.
    allowed |= set(course.teaching.values_list("teacher_id", flat=True))
    for person in wanted:
        if person.pk not in allowed:
            raise CourseError(_("%s is not a verified teacher.") % person, "not_a_teacher")
    with transaction.atomic():
        locked = lock_course(course.pk)
        before = list(locked.teaching.order_by("position", "pk").values_list("teacher_id", flat=True))
        locked.teaching.exclude(teacher__in=wanted).delete()
        for position, person in enumerate(wanted):
            CourseTeacher.objects.update_or_create(course=locked, teacher=person, defaults={"position": position})
        locked.words = _words(locked)
        locked.save(update_fields=["words"])
        after = {"teachers": [person.pk for person in wanted]}
        note_change(
            actor=actor, action="course.teachers_set", obj=locked, before={"teachers": before}, after=after, now=now
        )


def add_teacher(*, course: Course, teacher: User, actor: User, now: datetime) -> None:
    """Lets somebody teach the course too. Raises as `set_teachers`."""
    with transaction.atomic():
        locked = lock_course(course.pk)
        set_teachers(course=locked, teachers=[*_teaching(locked), teacher], actor=actor, now=now)


def put_teacher_first(*, course: Course, teacher: User, actor: User, now: datetime) -> None:
    """Gives the course to another of its teachers. Raises as `set_teachers`."""
    with transaction.atomic():
        locked = lock_course(course.pk)
        others = [person for person in _teaching(locked) if person != teacher]
        set_teachers(course=locked, teachers=[teacher, *others], actor=actor, now=now)


def remove_teacher(*, course: Course, teacher: User, actor: User, now: datetime) -> None:
    """Somebody does not teach the course any more; what they made stays. Raises as `set_teachers`."""
    with transaction.atomic():
        locked = lock_course(course.pk)
        left = [person for person in _teaching(locked) if person != teacher]
        set_teachers(course=locked, teachers=left, actor=actor, now=now)


def _teaching(course: Course) -> list[User]:
    rows = course.teaching.select_related("teacher").order_by("position", "pk")
    return [row.teacher for row in rows]


def publish_course(*, course: Course, actor: User | None, now: datetime) -> Course:
    """Puts the course out, or out again after it was archived. Raises CourseError: nothing_in_it, state_not_allowed."""
    return _enter(course, CourseState.PUBLISHED, actor, now)


def schedule_course(*, course: Course, publish_at: datetime, actor: User, now: datetime) -> Course:
    """Lets the course come out by itself at a moment to come. Raises CourseError, also: in_the_past."""
    if publish_at <= now:
        raise CourseError(_("This moment is over. Choose one to come, or publish the course now."), "in_the_past")
    return _enter(course, CourseState.SCHEDULED, actor, now, publish_at=publish_at)


def unschedule_course(*, course: Course, actor: User, now: datetime) -> Course:
    """Back to a draft, before it came out."""
    return _enter(course, CourseState.DRAFT, actor, now, publish_at=None)


def archive_course(*, course: Course, actor: User, now: datetime) -> Course:
    """Takes the course out of the catalogue. Who was in it may still read it; nobody comes in or goes on."""
    return _enter(course, CourseState.ARCHIVED, actor, now)


def publish_due_courses(*, now: datetime) -> int:
    """Puts out what is scheduled for by now; returns how many. What cannot come out goes back to a draft."""
    due = Course.objects.filter(state=CourseState.SCHEDULED, publish_at__lte=now).order_by("publish_at", "pk")
    done = 0
    for course in list(due[:100]):
        try:
            publish_course(course=course, actor=None, now=now)
        except CourseError as error:
            _give_back(course, error, now)
        else:
            done += 1
    return done


def _give_back(course: Course, error: CourseError, now: datetime) -> None:
    if error.code == "nothing_in_it":
        _enter(course, CourseState.DRAFT, None, now, publish_at=None)


def _enter(course: Course, state: CourseState, actor: User | None, now: datetime, **fields: Any) -> Course:
    """One change of state, under the course's lock; the same state again changes nothing."""
    if actor is not None:
        require_teaching(course, actor)
    with transaction.atomic():
        locked = lock_course(course.pk)
        if locked.state == state and not fields:
            return locked
        if state not in ALLOWED[CourseState(locked.state)]:
            now_is = {"state": locked.get_state_display()}
            raise CourseError(
                _("This cannot be done with a course in this state: %(state)s.") % now_is, "state_not_allowed"
            )
        if state in (CourseState.PUBLISHED, CourseState.SCHEDULED):
            _require_something(locked)
        before, locked.state = {"state": locked.state}, state
        for name, value in fields.items():
            setattr(locked, name, value)
        if state == CourseState.PUBLISHED:
            locked.published_at, locked.archived_at = locked.published_at or now, None
        if state == CourseState.ARCHIVED:
            locked.archived_at = now
        locked.version, locked.updated_at = locked.version + 1, now
        locked.save()
        for path in LearningPath.objects.filter(steps__course=locked).order_by("pk"):
            # What is over holds nobody up, and what is out again counts again.
            count_path(path=path, now=now)
        note_change(
            actor=actor, action=f"course.{state}", obj=locked, before=before, after={"state": state, **fields}, now=now
        )
    return locked


def _require_something(course: Course) -> None:
    if not Lesson.objects.published().filter(module__course=course).exists():
        raise CourseError(_("Nothing in this course is out yet. Publish a lesson first."), "nothing_in_it")


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are stored, with the description rendered. Raises CourseError, ContentError."""
    if unknown := set(fields) - {*FIELDS, "cover"}:
        raise CourseError(_("A course has no such setting: %s.") % ", ".join(sorted(unknown)), "unknown_field")
    wanted = {name: value.replace("\x00", "") if isinstance(value, str) else value for name, value in fields.items()}
    if "title" in wanted:
        wanted["title"] = checked_title(str(wanted["title"]))
    if "description_source" in wanted:
        wanted["description_html"] = render_content(wanted["description_source"]).html
    if "access" in wanted and wanted["access"] not in CourseAccess.values:
        raise CourseError(_("Say how people come into the course."), "access_unknown")
    capacity = wanted.get("capacity")
    if capacity is not None and not (isinstance(capacity, int) and 1 <= capacity <= 1_000_000):
        raise CourseError(_("The number of places is a whole number from 1."), "capacity_invalid")
    if "metadata" in wanted:
        _check_metadata(wanted["metadata"])
    return wanted


def _check_metadata(metadata: Any) -> None:
    """A flat object: names to text, numbers, yes or no, or lists of text."""
    simple = str | int | float | bool
    whole = isinstance(metadata, dict) and all(
        isinstance(value, simple) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        for value in metadata.values()
    )
    if not whole or len(json.dumps(metadata, ensure_ascii=False)) > MAX_METADATA:
        raise CourseError(
            _("Further facts are a JSON object of names with text, numbers, or lists of text."), "metadata_invalid"
        )


def _words(course: Course) -> str:
    """What the search of the catalogue looks through."""
    people = " ".join(course.teachers.values_list("name", flat=True)) if not course._state.adding else ""
    programme = str(course.programme) if course.programme_id else ""
    parts = (course.title, course.summary, course.description_source, programme, people)
    return " ".join(" ".join(parts).lower().split())[:20_000]


def _free_slug(title: str) -> str:
    """A short name that no course has; the constraint refuses the second of two who make the same at once."""
    base = slugify(title)[:50].strip("-") or "course"
    taken = set(Course.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
