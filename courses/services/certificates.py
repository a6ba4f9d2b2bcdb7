"""Certificates: issued with the completion, revoked, issued again with another name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from courses.models import Certificate, Course, CourseCompletion
from courses.services.checks import CourseError
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

MAX_NAME = 120


def issue_certificates(*, course: Course, completions: Sequence[CourseCompletion], now: datetime) -> int:
    """In the transaction of the completions, which are new. Returns how many: none of a course that gives none.

    A constant number of queries.
    """
    if not completions or not Course.objects.filter(pk=course.pk, gives_certificate=True).exists():
        return 0
    people = User.objects.in_bulk({one.enrolment.student_id for one in completions})
    rows = []
    for completion in completions:
        student = people[completion.enrolment.student_id]
        rows.append(_certificate(completion, student, course.title, student.name, now))
    Certificate.objects.bulk_create(rows, batch_size=500)
    notify_many([_news(row, people[row.completion.enrolment.student_id]) for row in rows], now=now)
    return len(rows)


def revoke_certificate(*, certificate: Certificate, reason: str, actor: User, now: datetime) -> Certificate:
    """Whoever checks it is told so from now on. Audited; final. Raises CourseError."""
    with transaction.atomic():
        row = Certificate.objects.select_for_update().get(pk=certificate.pk)
        _revoke(row, reason.strip(), actor, now)
    return row


def reissue_certificate(*, certificate: Certificate, name: str, reason: str, actor: User, now: datetime) -> Certificate:
    """Revokes it and issues another, under another code, to `name`. The course's title is that of today.

    Raises CourseError where it was revoked meanwhile, or name or reason are missing.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise CourseError(_("Write the name as it shall stand there, with at most %d letters.") % MAX_NAME, "name")
    with transaction.atomic():
        row = Certificate.objects.select_for_update().get(pk=certificate.pk)
        _revoke(row, reason.strip(), actor, now)
        enrolment = row.completion.enrolment
        new = _certificate(row.completion, enrolment.student, enrolment.course.title, name, now)
        new.save(force_insert=True)
        record_event(
            actor=actor, action="certificate.issued", obj=new, after={"instead_of": row.code}, reason=reason, now=now
        )
        notify_many([_news(new, enrolment.student)], now=now)
    return new


def _revoke(row: Certificate, reason: str, actor: User, now: datetime) -> None:
    if not reason:
        raise CourseError(_("Say why."), "reason")
    if row.revoked_at is not None:
        raise CourseError(_("This certificate is revoked already."), "revoked")
    row.revoked_at, row.revoked_by, row.revocation_reason = now, actor, reason[:300]
    row.save(update_fields=["revoked_at", "revoked_by", "revocation_reason"])
    record_event(actor=actor, action="certificate.revoked", obj=row, after={"code": row.code}, reason=reason, now=now)


def _certificate(completion: CourseCompletion, student: User, title: str, name: str, now: datetime) -> Certificate:
    day = completion.completed_at.astimezone(ZoneInfo(student.time_zone)).date()
    return Certificate(completion=completion, name=name, course_title=title, completed_on=day, issued_at=now)


def _news(row: Certificate, student: User) -> News:
    with translation.override(student.language):
        return News(
            user_id=student.pk,
            kind=NotificationKind.CERTIFICATE,
            cause=str(row.pk),
            title=_("Your certificate of “%(course)s” is there") % {"course": row.course_title},
            url="/certificates/",
        )
