"""Enrolling for other systems: what an account with the permission `courses.enrol_by_api` may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import NotPermittedError
from courses.enums import CourseState, EnrolmentSource
from courses.models import Course, Enrolment
from courses.services.checks import CourseError
from courses.services.enrolments import enrol_many

PERMISSION = "courses.enrol_by_api"


def is_partner(account: Any) -> bool:
    """Whether the account enrols people by the API in courses that it does not teach."""
    return bool(account.is_authenticated and not account.is_staff and account.has_perm(PERMISSION))


def courses_for(account: Any) -> QuerySet[Course]:
    """The courses that a partner may fill: those that are out, by invitation too."""
    courses: QuerySet[Course] = Course.objects.filter(state=CourseState.PUBLISHED)
    return courses if is_partner(account) else courses.none()


def made_by(account: Any) -> QuerySet[Enrolment]:
    """What a partner enrolled, and nothing else."""
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(source=EnrolmentSource.API, source_ref=str(account.pk))
    return rows


def enrol_by_api(
    *, course: Course, actor: User, email: str = "", student_id: UUID | None = None, now: datetime
) -> tuple[Enrolment, bool]:
    """Brings one student in, named by address or id, and says whether they came by this; else what stands is returned.

    Raises NotPermittedError, CourseError unknown_person and not_open.
    """
    if not (actor.has_perm("courses.teach_course", course) or courses_for(actor).filter(pk=course.pk).exists()):
        raise NotPermittedError(_("Only the teachers of this course may change it."), "not_your_course")
    people = User.objects.filter(is_active=True, is_student=True)
    found = people.filter(email=email.lower()) if email else people.filter(pk=student_id)
    student = found.first()
    if student is None:
        raise CourseError(_("No student here has this address or id."), "unknown_person")
    source = EnrolmentSource.API
    report = enrol_many(
        course=course, students=[student], source=source, source_ref=str(actor.pk), actor=actor, now=now
    )
    made = report.active + report.waiting
    return (made or report.already)[0], bool(made)
