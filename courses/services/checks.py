"""What several services of courses ask: who teaches, which course is locked, what words a title may have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import ConflictError, DomainError, NotPermittedError
from courses.models import Course


class CourseError(DomainError):
    """Something that a course does not allow; the message says what."""


def require_teaching(course: Course, actor: User) -> None:
    """Raises NotPermittedError unless `actor` may change the course."""
    if not actor.has_perm("courses.teach_course", course):
        raise NotPermittedError(_("Only the teachers of this course may change it."), "not_your_course")


def lock_course(course_id: UUID) -> Course:
    """The course, locked until the transaction ends. Others may go on writing rows that point to it."""
    course: Course = Course.objects.select_for_update(no_key=True).get(pk=course_id)
    return course


def checked_title(text: str, most: int = 140) -> str:
    """The title without what no database keeps. Raises CourseError."""
    title = " ".join(text.replace("\x00", "").split())
    if not title:
        raise CourseError(_("Give it a title."), "title_missing")
    if len(title) > most:
        raise CourseError(_("This title is too long: %d characters is the most.") % most, "title_too_long")
    return title


def require_seen(stored: int, seen: int | None) -> None:
    """Raises ConflictError when somebody else has saved since `seen`; None asks for nothing."""
    if seen is not None and seen != stored:
        raise ConflictError(
            _("This was changed in another place. Look at it again before you save."), "stale", version=stored
        )


def note_change(
    *, actor: User | None, action: str, obj: Any, before: dict[str, Any], after: dict[str, Any], now: datetime
) -> None:
    """An audit event with what differs; none when nothing does."""
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_event(
            actor=actor,
            action=action,
            obj=obj,
            before={name: before.get(name) for name in changed},
            after={name: after[name] for name in changed},
            now=now,
        )
