"""Reading people and what they may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.enums import LinkState
from accounts.models import (
    Entitlement,
    FamilyCode,
    FamilyPin,
    GuardianInvitation,
    GuardianLink,
    TeacherProfile,
    User,
)


def find_entitlement(*, user: User, feature: str, now: datetime) -> Entitlement | None:
    """The standing grant of `feature` that would be used next: soonest to end, with some left. Consumes nothing."""
    return (
        Entitlement.objects.filter(user=user, feature=feature)
        .standing(now)
        .filter(Q(quantity__isnull=True) | Q(used__lt=F("quantity")))
        .order_by(F("ends_at").asc(nulls_last=True), "id")
        .first()
    )


def guardian_students(user: Any) -> QuerySet[User]:
    """The active students that `user` may look after, by name."""
    if not user.is_authenticated:
        nobody: QuerySet[User] = User.objects.none()
        return nobody
    links = user.guardian_links.filter(state=LinkState.ACTIVE)
    students: QuerySet[User] = User.objects.filter(pk__in=links.values("student_id"), is_active=True)
    return students.order_by("name", "pk")


def verified_teachers() -> QuerySet[User]:
    """Teachers who may mark and publish, by name, each with the profile."""
    teachers: QuerySet[User] = User.objects.filter(
        is_active=True, is_teacher=True, teacher_profile__verified_at__isnull=False
    )
    return teachers.select_related("teacher_profile").order_by("name", "pk")


def is_guardian_of(*, user: Any, student: User) -> bool:
    """Whether `user` looks after `student` now."""
    return bool(user.is_authenticated and user.guardian_links.filter(student=student, state=LinkState.ACTIVE).exists())


def teacher_calendar(user: User) -> TeacherProfile | None:
    """The teacher's profile with working hours and leave fetched, or None for somebody who does not teach."""
    return TeacherProfile.objects.filter(user=user).prefetch_related("working_hours", "leave").first()


@dataclass(frozen=True)
class Family:
    """Both sides of a person's links that stand or wait; each child's has `pin`, whether there is one under `code`."""

    guardians: list[GuardianLink]
    children: list[Any]
    code: FamilyCode | None
    invitations: list[GuardianInvitation]


def family_of(user: User, now: datetime) -> Family:
    """What the page of guardians and children shows, in five queries."""
    links = GuardianLink.objects.exclude(state=LinkState.ENDED).order_by("created_at", "pk")
    children: list[Any] = list(links.filter(guardian=user).select_related("student__student_profile"))
    pins = set(FamilyPin.objects.filter(family__guardian=user).values_list("student_id", flat=True))
    for link in children:
        link.pin = link.student_id in pins
    return Family(
        guardians=list(links.filter(student=user).select_related("guardian")),
        children=children,
        code=FamilyCode.objects.filter(guardian=user).first(),
        invitations=list(GuardianInvitation.objects.open(now).filter(Q(student=user) | Q(guardian=user))),
    )
