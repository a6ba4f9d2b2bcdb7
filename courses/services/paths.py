"""Learning paths: made, arranged, put out, and followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import NotPermittedError
from courses.enums import CourseAccess, CourseState
from courses.models import Course, Enrolment, LearningPath, PathCourse, PathEnrolment
from courses.services.checks import CourseError, checked_title, note_change, require_seen
from courses.services.path_progress import count_path

FIELDS = {"title", "summary", "programme", "interests"}
MOST_STEPS = 40
MOST_INTERESTS = 12


def make_path(*, title: str, actor: User, now: datetime) -> LearningPath:
    """A path without courses, seen by its maker and staff until it is published. Raises CourseError."""
    if not actor.has_perm("courses.make_course"):
        raise NotPermittedError(_("Only verified teachers and staff make learning paths."), "not_permitted")
    title = checked_title(title)
    with transaction.atomic():
        path = LearningPath(title=title, slug=_free_slug(title), created_by=actor)
        path.save(force_insert=True)
        record_event(actor=actor, action="path.made", obj=path, after={"title": title}, now=now)
    return path


def change_path(
    *, path: LearningPath, fields: Mapping[str, Any], seen: int | None, actor: User, now: datetime
) -> LearningPath:
    """Changes names of FIELDS. Raises CourseError, ConflictError."""
    wanted = {name: fields[name] for name in FIELDS & set(fields)}
    if "title" in wanted:
        wanted["title"] = checked_title(str(wanted["title"]))
    if "summary" in wanted:
        wanted["summary"] = " ".join(str(wanted["summary"]).replace("\x00", "").split())[:300]
    if "interests" in wanted:
        wanted["interests"] = _interests(wanted["interests"])
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        before = {name: getattr(locked, name) for name in wanted}
        for name, value in wanted.items():
            setattr(locked, name, value)
        note_change(actor=actor, action="path.changed", obj=locked, before=before, after=wanted, now=now)
        return _saved(locked)


def add_step(*, path: LearningPath, course: Course, seen: int | None = None, actor: User, now: datetime) -> PathCourse:
    """The course at the end of the path. Raises CourseError: not_for_paths, step_there, too_many; ConflictError."""
    if course.state == CourseState.ARCHIVED or course.access == CourseAccess.INVITE:
        raise CourseError(_("A course that is archived or by invitation has no place on a path."), "not_for_paths")
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        steps = list(locked.steps.order_by("position", "pk"))
        if any(step.course_id == course.pk for step in steps):
            raise CourseError(_("This course is on the path already."), "step_there")
        if len(steps) >= MOST_STEPS:
            raise CourseError(_("A path has at most %d courses.") % MOST_STEPS, "too_many")
        step: PathCourse = PathCourse.objects.create(
            path=locked, course=course, position=max((one.position for one in steps), default=0) + 1
        )
        record_event(actor=actor, action="path.step_added", obj=locked, after={"course": course.pk}, now=now)
        _saved(locked)
        count_path(path=locked, now=now)
    return step


def change_step(
    *, path: LearningPath, course_id: UUID, is_required: bool, seen: int | None = None, actor: User, now: datetime
) -> None:
    """Whether the path goes on only after this course. Raises CourseError, ConflictError."""
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        step = _step(locked, course_id)
        if step.is_required == is_required:
            return
        step.is_required = is_required
        step.save(update_fields=["is_required"])
        _require_way(locked)
        after = {"course": course_id, "required": is_required}
        record_event(actor=actor, action="path.step_changed", obj=locked, after=after, now=now)
        _saved(locked)
        count_path(path=locked, now=now)


def move_step(
    *, path: LearningPath, course_id: UUID, to: int, seen: int | None = None, actor: User, now: datetime
) -> None:
    """Puts a course to place `to` (from 0) of the path. Raises CourseError, ConflictError."""
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        step = _step(locked, course_id)
        others = list(locked.steps.exclude(pk=step.pk).order_by("position", "pk"))
        index = max(0, min(to, len(others)))
        ordered = [*others[:index], step, *others[index:]]
        for position, one in enumerate(ordered, start=1):
            one.position = position
        PathCourse.objects.bulk_update(ordered, ["position"])
        after = {"course": course_id, "to": index}
        record_event(actor=actor, action="path.step_moved", obj=locked, after=after, now=now)
        _saved(locked)


def remove_step(*, path: LearningPath, course_id: UUID, seen: int | None = None, actor: User, now: datetime) -> None:
    """Takes a course off the path; who is in the course stays in it. Raises CourseError, ConflictError."""
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        _step(locked, course_id).delete()
        _require_way(locked)
        record_event(actor=actor, action="path.step_removed", obj=locked, before={"course": course_id}, now=now)
        _saved(locked)
        count_path(path=locked, now=now)


def publish_path(
    *, path: LearningPath, publish: bool, seen: int | None = None, actor: User, now: datetime
) -> LearningPath:
    """Shows the path to students, or takes it back: who follows it keeps their place. Raises CourseError."""
    with transaction.atomic():
        locked = _lock(path, seen, actor)
        if locked.is_published == publish:
            return locked
        locked.is_published = publish
        _require_way(locked)
        record_event(
            actor=actor, action="path.published" if publish else "path.taken_back", obj=locked,
            before={"published": not publish}, after={"published": publish}, now=now,
        )  # fmt: skip
        return _saved(locked)


def begin_path(*, path: LearningPath, student: User, now: datetime) -> PathEnrolment:
    """The person follows the path from now on; courses they have completed count. Again changes nothing.

    Raises CourseError: path_not_open.
    """
    with transaction.atomic():
        locked = LearningPath.objects.select_for_update(no_key=True).get(pk=path.pk)
        if not locked.is_published:
            raise CourseError(_("This path is not open."), "path_not_open")
        # Whoever completes one of its courses at this moment holds its row: they finish first, or see this place.
        own = Enrolment.objects.filter(student=student, course__in=locked.steps.values("course_id"))
        list(own.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        place, _made = PathEnrolment.objects.get_or_create(path=locked, student=student, defaults={"begun_at": now})
        if place.left_at is not None:
            place.left_at = None
            place.save(update_fields=["left_at"])
        count_path(path=locked, student=student.pk, now=now)
        place.refresh_from_db()
    return place


def leave_path(*, path: LearningPath, student: User, now: datetime) -> None:
    """The path is not shown as theirs any more. Their courses and what they have done stay as they are."""
    PathEnrolment.objects.standing().filter(path=path, student=student).update(left_at=now)


# --- Inside ----------------------------------------------------------------------------------------------------------
def _lock(path: LearningPath, seen: int | None, actor: User) -> LearningPath:
    if not actor.has_perm("courses.arrange_path", path):
        raise NotPermittedError(_("Only staff and whoever made this path may change it."), "not_your_path")
    locked: LearningPath = LearningPath.objects.select_for_update(no_key=True, of=("self",)).get(pk=path.pk)
    require_seen(locked.version, seen)
    return locked


def _saved(path: LearningPath) -> LearningPath:
    path.version += 1
    path.save()
    return path


def _step(path: LearningPath, course_id: UUID) -> PathCourse:
    step: PathCourse | None = path.steps.filter(course=course_id).first()
    if step is None:
        raise CourseError(_("This course is not on the path any more."), "gone")
    return step


def _require_way(path: LearningPath) -> None:
    """What is out has at least one course that can be completed."""
    if path.is_published and not path.steps.filter(is_required=True, course__state=CourseState.PUBLISHED).exists():
        raise CourseError(
            _("A published path needs a course that is out and not extra. Take the path back first."), "path_empty"
        )


def _interests(given: Any) -> list[str]:
    words = [" ".join(str(word).replace("\x00", "").split()).lower()[:40] for word in given]
    kept = list(dict.fromkeys(filter(None, words)))
    if len(kept) > MOST_INTERESTS:
        raise CourseError(_("A path has at most %d interests.") % MOST_INTERESTS, "too_many")
    return kept


def _free_slug(title: str) -> str:
    base = slugify(title)[:50].strip("-") or "path"
    taken = set(LearningPath.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
