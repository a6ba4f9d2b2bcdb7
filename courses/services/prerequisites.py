"""What has to be done before what: between modules of a course, and between courses. Circles are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from courses.models import Course, CoursePrerequisite, Module, ModulePrerequisite
from courses.services.checks import CourseError, lock_course, require_teaching
from courses.services.graph import find_cycle

#: Any number that no other advisory lock of the project uses: whoever changes what courses require of one another.
COURSES_LOCK = 4_201_980


class CycleError(CourseError):
    """The things would wait for one another; `titles` names the circle."""

    def __init__(self, titles: list[str]) -> None:
        shown = " → ".join(f"“{title}”" for title in titles)
        said = _("These would wait for one another: %s. Take one of them out of the circle.") % shown
        super().__init__(said, "prerequisite_cycle", titles=titles)


def require_modules(*, module: Module, required: Iterable[Module], actor: User, now: datetime) -> None:
    """`module` waits for exactly these modules of its course. Raises CycleError, CourseError other_course."""
    require_teaching(module.course, actor)
    wanted = list({other.pk: other for other in required}.values())
    if any(other.course_id != module.course_id for other in wanted):
        raise CourseError(_("A module waits only for modules of its own course."), "other_course")
    with transaction.atomic():
        lock_course(module.course_id)
        rows = ModulePrerequisite.objects.filter(module__course=module.course_id)
        edges = list(rows.exclude(module=module).values_list("module_id", "required_id"))
        names = dict(Module.objects.filter(course=module.course_id).values_list("pk", "title"))
        _refuse_cycles(edges, module.pk, [other.pk for other in wanted], names)
        before = set(module.prerequisites.values_list("required_id", flat=True))
        module.prerequisites.exclude(required__in=wanted).delete()
        ModulePrerequisite.objects.bulk_create(
            ModulePrerequisite(module=module, required=other) for other in wanted if other.pk not in before
        )
        after = {other.pk for other in wanted}
        if before != after:
            record_event(
                actor=actor, action="module.requires", obj=module, before={"modules": before}, after={"modules": after},
                now=now,
            )  # fmt: skip


def require_courses(*, course: Course, required: Iterable[Course], actor: User, now: datetime) -> None:
    """`course` waits for exactly these courses, for whoever enrols themselves from now on. Raises CycleError."""
    require_teaching(course, actor)
    wanted = list({other.pk: other for other in required}.values())
    with transaction.atomic():
        _hold_courses()
        lock_course(course.pk)
        rows = CoursePrerequisite.objects.exclude(course=course)
        edges = list(rows.values_list("course_id", "required_id"))
        ids = {one for edge in edges for one in edge} | {course.pk} | {other.pk for other in wanted}
        names = dict(Course.objects.filter(pk__in=ids).values_list("pk", "title"))
        _refuse_cycles(edges, course.pk, [other.pk for other in wanted], names)
        before = set(course.prerequisites.values_list("required_id", flat=True))
        course.prerequisites.exclude(required__in=wanted).delete()
        CoursePrerequisite.objects.bulk_create(
            CoursePrerequisite(course=course, required=other) for other in wanted if other.pk not in before
        )
        after = {other.pk for other in wanted}
        if before != after:
            record_event(
                actor=actor, action="course.requires", obj=course, before={"courses": before}, after={"courses": after},
                now=now,
            )  # fmt: skip


def _refuse_cycles(
    edges: list[tuple[UUID, UUID]], thing: UUID, required: list[UUID], names: Mapping[UUID, str]
) -> None:
    for other in required:
        if cycle := find_cycle(edges, (thing, other)):
            raise CycleError([names[one] for one in cycle])


def _hold_courses() -> None:
    """A circle may run through courses that neither of two people locks; so one after the other."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COURSES_LOCK])
