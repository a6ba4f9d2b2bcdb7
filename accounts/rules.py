"""Who may do what with people's data. Written from SPEC §1, not from the querysets: a law test compares the two."""

from __future__ import annotations

from typing import Any

import rules

from accounts.enums import LinkState
from accounts.models import GuardianLink


@rules.predicate
def is_signed_in(user: Any) -> bool:
    return bool(user.is_authenticated)


@rules.predicate
def is_staff(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_staff)


@rules.predicate
def is_teacher(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_teacher)


@rules.predicate
def is_verified_teacher(user: Any) -> bool:
    """A teacher whom staff have let mark and publish."""
    if not user.is_authenticated or not user.is_teacher:
        return False
    profile = getattr(user, "teacher_profile", None)
    return profile is not None and profile.is_verified


@rules.predicate
def is_office(user: Any, obj: Any) -> bool:
    """Staff, about one concrete thing. What staff may do in general comes from their group."""
    return obj is not None and user.is_authenticated and user.is_staff


@rules.predicate
def is_anybody(user: Any, obj: Any) -> bool:
    """Everybody signed in, about one concrete thing."""
    return obj is not None and bool(user.is_authenticated)


def _same_person(user: Any, person_id: Any) -> bool:
    return bool(user.is_authenticated and user.pk == person_id)


def _looks_after(user: Any, person_id: Any) -> bool:
    return bool(
        user.is_authenticated
        and GuardianLink.objects.filter(guardian_id=user.pk, student_id=person_id, state=LinkState.ACTIVE).exists()
    )


def owns(attribute: str) -> rules.Predicate:
    """The person named by `attribute` of the object."""

    @rules.predicate(f"owns:{attribute}")
    def owner(user: Any, obj: Any) -> bool:
        return obj is not None and _same_person(user, getattr(obj, attribute))

    return owner


def guards(attribute: str) -> rules.Predicate:
    """An active guardian of the person named by `attribute` of the object."""

    @rules.predicate(f"guards:{attribute}")
    def guardian(user: Any, obj: Any) -> bool:
        return obj is not None and _looks_after(user, getattr(obj, attribute))

    return guardian


@rules.predicate
def may_act_as(user: Any, person: Any) -> bool:
    """Staff, for an account that is in use and gives no more than theirs, and never for their own."""
    if person is None or not is_staff(user) or user.pk == person.pk:
        return False
    return bool(person.is_active and not person.is_staff and not person.is_superuser)


never = rules.always_deny

# model: (view, change). Only staff add; nobody deletes except the two calendar rows.
TABLE: dict[str, tuple[rules.Predicate, rules.Predicate]] = {
    "user": (owns("pk") | guards("pk") | is_office, owns("pk") | is_office),
    "studentprofile": (owns("user_id") | guards("user_id") | is_office, is_office),
    "teacherprofile": (owns("user_id") | guards("user_id") | is_office, is_office),
    "workinghours": (owns("teacher_id") | is_office, is_office),
    "leave": (owns("teacher_id") | is_office, is_office),
    "guardianlink": (owns("guardian_id") | owns("student_id") | is_office, is_office),
    "consent": (owns("person_id") | owns("given_by_id") | guards("person_id") | is_office, never),
    "consenttext": (is_anybody, never),
    "familycode": (owns("guardian_id") | is_office, never),
    "familypin": (owns("student_id") | owns("guardian_id") | is_office, never),
    "guardianinvitation": (owns("invited_by_id") | owns("student_id") | owns("guardian_id") | is_office, never),
    "entitlement": (owns("user_id") | guards("user_id") | is_office, is_office),
    "auditevent": (is_office, never),
    "auditseal": (is_office, never),
    "dataexport": (owns("person_id") | owns("asked_by_id") | guards("person_id") | is_office, never),
    "erasurerequest": (owns("person_id") | owns("asked_by_id") | guards("person_id") | is_office, never),
    "doomedfile": (is_office, never),
    "retentionrule": (is_office, is_office),
}
ADDED_BY_SYSTEM = {
    "familycode", "familypin", "guardianinvitation", "consent", "auditevent", "auditseal", "dataexport",
    "erasurerequest", "doomedfile",
}  # fmt: skip
DELETABLE = {"workinghours", "leave"}

for model, (view, change) in TABLE.items():
    rules.add_perm(f"accounts.view_{model}", view)
    rules.add_perm(f"accounts.change_{model}", change)
    rules.add_perm(f"accounts.add_{model}", never if model in ADDED_BY_SYSTEM else is_office)
    rules.add_perm(f"accounts.delete_{model}", is_office if model in DELETABLE else never)
rules.add_perm("accounts.withdraw_leave", owns("teacher_id") | is_office)
rules.add_perm("accounts.move_leave", owns("teacher_id") | is_office)
rules.add_perm("accounts.act_as_user", may_act_as)
