"""People: who exists, what they are, who looks after whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.enums import LinkState, Relation
from accounts.models import GuardianLink, StudentProfile, TeacherProfile, User
from accounts.services.audit import record_event
from accounts.services.staff_group import STAFF_GROUP
from accounts.signals import teacher_verified
from common.errors import DomainError, NotPermittedError
from common.events import announce

ROLES = {"student": "is_student", "teacher": "is_teacher", "guardian": "is_guardian", "staff": "is_staff"}


def create_person(
    *,
    email: str,
    name: str,
    password: str | None,
    roles: set[str],
    actor: User | None = None,
    now: datetime,
    verified_email: bool = False,
    grade: str = "",
) -> User:
    """Makes a person with the profiles their `roles` (student, teacher, guardian, staff) need.

    `password` None makes an account that can only be entered by resetting the password. `verified_email` says that
    somebody vouches for the address; otherwise it must be confirmed before the first sign-in.
    """
    _check_roles(roles)
    email = email.strip().lower()
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                email, password, name=name.strip(), date_joined=now, **{ROLES[role]: True for role in roles}
            )
            EmailAddress.objects.create(user=person, email=email, verified=verified_email, primary=True)
            _fit_roles(person, grade=grade)
            after = {"email": email, "name": person.name, "roles": roles_of(person)}
            record_event(actor=actor or person, action="person.created", obj=person, after=after, now=now)
    except IntegrityError:
        _check_address_free(email)
        raise
    return person


def adopt_person(*, person: User, now: datetime) -> User:
    """Makes a student of an account that a sign-in through another provider has just made."""
    with transaction.atomic():
        person.is_student = True
        person.save(update_fields=["is_student"])
        _fit_roles(person)
        after = {"email": person.email, "name": person.name, "roles": roles_of(person), "through": "another provider"}
        record_event(actor=person, action="person.created", obj=person, after=after, now=now)
    return person


def roles_of(person: User) -> list[str]:
    """The person's roles in a fixed order."""
    return [role for role, flag in ROLES.items() if getattr(person, flag)]


def change_roles(*, person: User, roles: set[str], actor: User, reason: str = "", now: datetime) -> User:
    """Sets exactly these roles. Only a superuser makes or unmakes staff; nobody takes their own staff role away."""
    _check_roles(roles)
    with transaction.atomic():
        locked: User = User.objects.select_for_update().get(pk=person.pk)
        before = roles_of(locked)
        if ("staff" in roles) != locked.is_staff:
            _check_may_change_staff(person=locked, actor=actor)
        for role, flag in ROLES.items():
            setattr(locked, flag, role in roles)
        if roles_of(locked) != before:
            locked.save(update_fields=list(ROLES.values()))
            _fit_roles(locked)
            record_event(
                actor=actor,
                action="person.roles_changed",
                obj=locked,
                before={"roles": before},
                after={"roles": roles_of(locked)},
                reason=reason,
                now=now,
            )
    return locked


def make_staff(*, person: User, actor: User, reason: str = "", now: datetime) -> User:
    """Lets a person work in the back office: the staff role and the Staff group with its permissions."""
    return change_roles(person=person, roles={*roles_of(person), "staff"}, actor=actor, reason=reason, now=now)


def change_person(*, person: User, actor: User, now: datetime, reason: str = "", **changes: Any) -> User:
    """Changes any of name, language, time_zone, email and is_active. A new address counts as verified, since staff
    vouch for it; nobody deactivates themselves."""
    unknown = set(changes) - {"name", "language", "time_zone", "email", "is_active"}
    if unknown:
        raise TypeError(f"change_person cannot change {', '.join(sorted(unknown))}")
    check_may_change(person=person, actor=actor)
    if changes.get("is_active") is False and actor.pk == person.pk:
        raise DomainError(_("You cannot deactivate your own account."), "own_account")
    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
    try:
        return _apply_changes(person, changes, actor=actor, now=now, reason=reason)
    except IntegrityError:
        if "email" in changes:
            _check_address_free(changes["email"], person)
        raise


def _apply_changes(person: User, changes: dict[str, Any], *, actor: User, now: datetime, reason: str) -> User:
    with transaction.atomic():
        locked: User = User.objects.select_for_update().get(pk=person.pk)
        before = {name: getattr(locked, name) for name in changes}
        for name, value in changes.items():
            setattr(locked, name, value)
        if before != changes:
            locked.save(update_fields=list(changes))
            _record_changes(locked, before, changes, actor=actor, reason=reason, now=now)
        if before.get("email") != changes.get("email"):
            EmailAddress.objects.filter(user=locked).delete()
            EmailAddress.objects.create(user=locked, email=locked.email, verified=True, primary=True)
    return locked


def verify_teacher(*, teacher: User, actor: User, now: datetime) -> TeacherProfile:
    """Lets a teacher mark and publish. Verifying again changes nothing. Announces teacher_verified."""
    with transaction.atomic():
        profile: TeacherProfile | None = TeacherProfile.objects.select_for_update().filter(user=teacher).first()
        if profile is None or not teacher.is_teacher:
            raise DomainError(_("%(name)s is not a teacher.") % {"name": teacher.name}, "not_a_teacher")
        if teacher.pk == actor.pk:
            raise NotPermittedError(_("Somebody else must verify you."), "own_account")
        if profile.verified_at is None:
            profile.verified_at, profile.verified_by = now, actor
            profile.save(update_fields=["verified_at", "verified_by"])
            record_event(
                actor=actor,
                action="teacher.verified",
                obj=teacher,
                before={"verified_at": None},
                after={"verified_at": now},
                now=now,
            )
            announce(teacher_verified, teacher_id=teacher.pk)
    return profile


def link_guardian(
    *,
    guardian: User,
    student: User,
    relation: str = Relation.GUARDIAN,
    state: str = LinkState.ACTIVE,
    actor: User | None,
    reason: str = "",
    now: datetime,
) -> GuardianLink:
    """Lets a guardian see a student's results, or changes how. The guardian gets the guardian role."""
    if guardian.pk == student.pk:
        raise DomainError(_("Nobody is their own guardian."), "own_guardian")
    if not student.is_student:
        raise DomainError(_("%(name)s is not a student.") % {"name": student.name}, "not_a_student")
    with transaction.atomic():
        link, created = GuardianLink.objects.select_for_update().get_or_create(
            guardian=guardian, student=student, defaults={"relation": relation, "state": state}
        )
        before = {} if created else {"relation": link.relation, "state": link.state}
        after = {"relation": str(relation), "state": str(state)}
        if before != after:
            link.relation, link.state = relation, state
            link.save(update_fields=["relation", "state"])
            people = {"guardian": guardian.pk, "student": student.pk}
            record_event(
                actor=actor,
                action="guardian.linked",
                obj=link,
                before=before,
                after={**people, **after},
                reason=reason,
                now=now,
            )
        if not guardian.is_guardian:
            User.objects.filter(pk=guardian.pk).update(is_guardian=True)
            guardian.is_guardian = True
            record_event(
                actor=actor, action="person.roles_changed", obj=guardian, after={"roles": roles_of(guardian)}, now=now
            )
    return link


def check_may_change(*, person: User, actor: User) -> None:
    """Staff accounts are changed by their owner and by administrators only: whoever can set another's address or
    password can become them."""
    if (person.is_staff or person.is_superuser) and actor.pk != person.pk and not actor.is_superuser:
        raise NotPermittedError(_("Only an administrator can change a staff account."), "not_permitted")


def _check_address_free(email: str, person: User | None = None) -> None:
    """Raises DomainError when somebody other than `person` signs in with the address, as their first or another one.
    Asked after the database has refused: only its constraints see two callers at the same moment."""
    pk = person.pk if person else None
    people = User.objects.filter(email=email).exclude(pk=pk)
    addresses = EmailAddress.objects.filter(email=email, verified=True).exclude(user=pk)
    if people.exists() or addresses.exists():
        raise DomainError(_("There is already somebody with this e-mail address."), "email_taken")


def _check_roles(roles: set[str]) -> None:
    unknown = roles - set(ROLES)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise DomainError(_("There is no role called %(names)s.") % {"names": names}, "unknown_role")


def _check_may_change_staff(*, person: User, actor: User) -> None:
    if not actor.is_superuser:
        raise NotPermittedError(_("Only an administrator can give or take the staff role."), "not_permitted")
    if actor.pk == person.pk:
        raise DomainError(_("You cannot take your own staff role away."), "own_account")


def _fit_roles(person: User, *, grade: str = "") -> None:
    """Makes the profiles and the group membership that the roles need. Profiles are kept when a role goes."""
    if person.is_student:
        StudentProfile.objects.get_or_create(user=person, defaults={"grade": grade})
    if person.is_teacher:
        TeacherProfile.objects.get_or_create(user=person)
    group, _created = Group.objects.get_or_create(name=STAFF_GROUP)
    if person.is_staff:
        person.groups.add(group)
    else:
        person.groups.remove(group)


def _record_changes(
    person: User, before: Mapping[str, Any], after: Mapping[str, Any], *, actor: User, reason: str, now: datetime
) -> None:
    changed = [name for name in after if before[name] != after[name]]
    record_event(
        actor=actor,
        action="person.changed",
        obj=person,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
        now=now,
    )
