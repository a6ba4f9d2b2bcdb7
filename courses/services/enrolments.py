"""Coming into a course and leaving it, in every way there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import User
from accounts.services.audit import Change, record_event, record_events
from common.errors import NotPermittedError
from courses.enums import CourseAccess, CourseState, EnrolmentSource, EnrolmentState
from courses.models import Cohort, Course, CoursePrerequisite, Enrolment, InviteCode
from courses.selectors.cohorts import students_of
from courses.selectors.paths import gate_of
from courses.services.checks import CourseError, lock_course, require_teaching
from courses.services.places import free_places, let_in, promote_waiting
from courses.services.webhook_data import enrolment_data
from notifications.enums import WebhookType
from notifications.services.webhooks import record_webhooks

#: Ways that a person takes themselves: prerequisites hold for them, and the course has to be out.
OWN_WAYS = {EnrolmentSource.SELF, EnrolmentSource.CODE, EnrolmentSource.ENTITLEMENT}


@dataclass
class Enrolled:
    """What became of many people, for the report."""

    active: list[Enrolment] = field(default_factory=list)
    waiting: list[Enrolment] = field(default_factory=list)
    already: list[Enrolment] = field(default_factory=list)


def enrol_self(*, course: Course, student: User, now: datetime) -> Enrolment:
    """A person enrols themselves in a free course, or in a paid one that their plan opens.

    Enrolling again returns the enrolment that stands. Raises CourseError: not_open, needs_code, needs_plan,
    needs_course, needs_path.
    """
    source = EnrolmentSource.SELF
    if course.access == CourseAccess.INVITE:
        raise CourseError(_("This course is by invitation. Enter the code that you were given."), "needs_code")
    ref = ""
    if course.access == CourseAccess.PAID:
        source, ref = EnrolmentSource.ENTITLEMENT, _paid(course, student, now)
    return _one(course, student, source, ref, student, now)


def enrol_by_code(*, code: str, student: User, now: datetime) -> Enrolment:
    """A code lets a person into its course, paid or by invitation. Who is in already uses nothing of it.

    Raises CourseError: code_unknown, code_closed, code_expired, code_used_up, and those of `enrol_self`.
    """
    found = InviteCode.objects.filter(code=code.strip().upper()).first()
    if found is None:
        raise CourseError(_("There is no such code. Look at it again, letter by letter."), "code_unknown")
    with transaction.atomic():
        course = lock_course(found.course_id)
        stands = Enrolment.objects.filter(course=course, student=student).exclude(state=EnrolmentState.LEFT).first()
        if stands is not None:
            return stands
        locked = InviteCode.objects.select_for_update().get(pk=found.pk)
        _require_usable(locked, now)
        enrolment = _one(course, student, EnrolmentSource.CODE, locked.code, student, now)
        locked.used = F("used") + 1
        locked.save(update_fields=["used"])
    return enrolment


def enrol_person(
    *, course: Course, student: User, source: EnrolmentSource, actor: User | None, source_ref: str = "", now: datetime
) -> Enrolment:
    """Somebody else brings a person in: the institute, a partner, a plan that was bought. Prerequisites do not hold.

    The caller has asked for the permission where `actor` is None (the system). Raises CourseError: not_open.
    """
    if actor is not None:
        require_teaching(course, actor)
    return _one(course, student, source, source_ref, actor, now)


def enrol_cohort(*, course: Course, cohort: Cohort, actor: User, now: datetime) -> Enrolled:
    """Everybody of a batch, by name; whoever finds no place waits in that order."""
    require_teaching(course, actor)
    if not actor.has_perm("courses.view_cohort", cohort):
        raise NotPermittedError(_("This is not a batch of yours."), "not_your_cohort")
    return enrol_many(
        course=course, students=students_of(cohort), source=EnrolmentSource.COHORT, source_ref=str(cohort.pk),
        actor=actor, now=now,
    )  # fmt: skip


def enrol_many(
    *,
    course: Course,
    students: Iterable[User],
    source: EnrolmentSource,
    source_ref: str = "",
    actor: User | None,
    now: datetime,
) -> Enrolled:
    """Many people at once, in their order, in a constant number of queries."""
    wanted = list({person.pk: person for person in students}.values())
    report = Enrolled()
    with transaction.atomic():
        locked = lock_course(course.pk)
        _require_open(locked, source)
        stored = {row.student_id: row for row in Enrolment.objects.filter(course=locked, student__in=wanted)}
        rows: list[Enrolment] = []
        for person in wanted:
            row = stored.get(person.pk) or Enrolment(course=locked, student=person, created_at=now)
            row.student = person
            if person.pk in stored and row.state != EnrolmentState.LEFT:
                report.already.append(row)
                continue
            row.source, row.source_ref = source, source_ref[:60]
            rows.append(row)
        _place(locked, rows, report, now)
        changes = [Change(row, {}, {"state": row.state, "source": source, "student": row.student_id}) for row in rows]
        record_events(actor=actor, action="enrolment.made", changes=changes, now=now)
        # Whoever comes back is told of once more.
        facts = [(f"{row.pk}:{now.isoformat()}", partial(enrolment_data, row, locked)) for row in rows]
        record_webhooks(type=WebhookType.ENROLMENT_CREATED, facts=facts, now=now)
    return report


def leave_course(*, enrolment: Enrolment, actor: User, now: datetime) -> Enrolment:
    """Leaves the course, or its waiting list; who waits longest gets the place. What was done is kept.

    Students leave themselves; teachers and staff may take people out.
    """
    if enrolment.student_id != actor.pk:
        require_teaching(enrolment.course, actor)
    with transaction.atomic():
        course = lock_course(enrolment.course_id)
        locked: Enrolment = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        if locked.state == EnrolmentState.LEFT:
            return locked
        before = {"state": locked.state}
        locked.state, locked.left_at, locked.queued_at = EnrolmentState.LEFT, now, None
        locked.save(update_fields=["state", "left_at", "queued_at"])
        record_event(
            actor=actor, action="enrolment.left", obj=locked, before=before, after={"state": locked.state}, now=now
        )
        promote_waiting(course=course, actor=actor, now=now)
    return locked


# --- Inside ----------------------------------------------------------------------------------------------------------
def _one(
    course: Course, student: User, source: EnrolmentSource, ref: str, actor: User | None, now: datetime
) -> Enrolment:
    if source in OWN_WAYS:
        _require_before(course, student)
        _require_path(course, student)
    report = enrol_many(course=course, students=[student], source=source, source_ref=ref, actor=actor, now=now)
    return (report.active + report.waiting + report.already)[0]


def _place(course: Course, rows: list[Enrolment], report: Enrolled, now: datetime) -> None:
    """Gives places in the order of `rows`; the rest waits. Nobody passes those who wait already."""
    free = free_places(course)
    if free is not None and Enrolment.objects.filter(course=course, state=EnrolmentState.WAITING).exists():
        free = 0
    report.active = rows if free is None else rows[:free]
    report.waiting = [] if free is None else rows[free:]
    for row in report.waiting:
        row.state, row.queued_at, row.left_at = EnrolmentState.WAITING, now, None
    for row in report.active:
        row.state, row.left_at = EnrolmentState.ACTIVE, None
    new = [row for row in rows if row._state.adding]
    old = [row for row in rows if not row._state.adding]
    Enrolment.objects.bulk_create(new, batch_size=500)
    Enrolment.objects.bulk_update(old, ["state", "queued_at", "left_at", "source", "source_ref"], batch_size=500)
    if report.active:
        let_in(course=course, enrolments=report.active, now=now)


def _require_open(course: Course, source: EnrolmentSource) -> None:
    """Teachers fill a course before it is out; nobody comes into an archived one."""
    closed = {CourseState.ARCHIVED} if source not in OWN_WAYS else set(CourseState) - {CourseState.PUBLISHED}
    if course.state in closed:
        raise CourseError(_("This course is not open."), "not_open")


def _require_before(course: Course, student: User) -> None:
    done = student.enrolments.filter(completed_at__isnull=False).values("course_id")
    missing = CoursePrerequisite.objects.filter(course=course).exclude(required__in=done).select_related("required")
    if titles := [edge.required.title for edge in missing.order_by("pk")]:
        raise CourseError(_("Complete this first: %s.") % ", ".join(titles), "needs_course")


def _require_path(course: Course, student: User) -> None:
    """A course that opens only within a path lets in those whom a path has led to it; who is in stays in."""
    if not course.only_by_path:
        return
    if Enrolment.objects.filter(course=course, student=student).exclude(state=EnrolmentState.LEFT).exists():
        return
    gate = gate_of(course, student)
    if gate.is_open:
        return
    if gate.first is not None:
        raise CourseError(_("Complete this first: %s.") % gate.first.title, "needs_course")
    if gate.paths:
        titles = ", ".join(f"“{path.title}”" for path in gate.paths)
        raise CourseError(
            _("This course opens within a learning path. Begin the path first: %s.") % titles, "needs_path"
        )
    raise CourseError(_("This course opens within a learning path, and none leads here yet."), "needs_path")


def _paid(course: Course, student: User, now: datetime) -> str:
    """The grant that opens the course: its value is the short name of the course, or empty for every one.

    Reading is free: a grant is for a course, not for a visit."""
    grants = student.entitlements.filter(feature=Feature.COURSE_ACCESS, value__in=(course.slug, "")).standing(now)
    found: UUID | None = grants.values_list("pk", flat=True).first()
    if found is None:
        raise CourseError(_("Your plan does not include this course. Ask your institute."), "needs_plan")
    return str(found)


def _require_usable(code: InviteCode, now: datetime) -> None:
    if code.closed_at is not None:
        raise CourseError(_("This code is closed. Ask your teacher for another."), "code_closed")
    if code.expires_at is not None and code.expires_at <= now:
        raise CourseError(_("This code is too old. Ask your teacher for another."), "code_expired")
    if code.limit is not None and code.used >= code.limit:
        raise CourseError(_("This code is used up. Ask your teacher for another."), "code_used_up")
