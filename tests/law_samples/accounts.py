"""Rows of every model of accounts, so that each member of the cast owns some, is near some and is far from some."""

from datetime import date, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.enums import ConsentKind, LinkState
from accounts.models import (
    AuditEvent,
    AuditSeal,
    Consent,
    ConsentText,
    Entitlement,
    FamilyCode,
    FamilyPin,
    GuardianInvitation,
    GuardianLink,
    Leave,
    StudentProfile,
    TeacherProfile,
    User,
    WorkingHours,
)
from accounts.services.audit import record_event, seal_events
from tests.factories import NOW


def samples(cast: Any) -> dict[type, list[Any]]:
    """Model → its rows. The guardian also has an ended link to the classmate, which must open nothing."""
    GuardianLink.objects.create(guardian=cast.guardian, student=cast.classmate, state=LinkState.ENDED)
    GuardianLink.objects.create(guardian=cast.guardian, student=cast.outsider, state=LinkState.INVITED)
    given_by = {cast.student: cast.guardian, cast.classmate: cast.classmate, cast.outsider: cast.outsider}
    for person, giver in given_by.items():
        Consent.objects.create(
            person=person, given_by=giver, kind=ConsentKind.LEADERBOARD, text_version="1", given_at=NOW
        )
    for teacher in (cast.teacher, cast.colleague):
        profile = teacher.teacher_profile
        WorkingHours.objects.create(teacher=profile, weekday=0, opens=time(10), closes=time(12))
        Leave.objects.create(teacher=profile, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26))
    record_event(actor=cast.staff, action="test", obj=cast.student, now=NOW)
    seal_events(now=timezone.now() + timedelta(minutes=1))
    code = FamilyCode.objects.create(guardian=cast.guardian, code="BCDFGHJK", made_at=NOW)
    FamilyPin.objects.create(student=cast.student, family=code, first_name="meera", pin="x", set_at=NOW)
    for number, sides in enumerate(({"student": cast.student}, {"guardian": cast.guardian})):
        GuardianInvitation.objects.create(
            **sides, invited_by=cast.staff if number else cast.student, email="new@example.com",
            token_digest=str(number), created_at=NOW, expires_at=NOW,
        )  # fmt: skip
    models = [
        ConsentText,
        FamilyCode,
        FamilyPin,
        GuardianInvitation,
        User,
        StudentProfile,
        TeacherProfile,
        WorkingHours,
        Leave,
        GuardianLink,
        Consent,
        Entitlement,
        AuditEvent,
        AuditSeal,
    ]
    return {model: list(model._default_manager.all()) for model in models}
