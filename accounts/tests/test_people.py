"""People are made with what their roles need; whoever changes them leaves a trace."""

from functools import partial

import pytest
from allauth.account.models import EmailAddress

from accounts.enums import LinkState
from accounts.models import AuditEvent, GuardianLink, User
from accounts.selectors import guardian_students, is_guardian_of, verified_teachers
from accounts.services.people import (
    change_person,
    change_roles,
    create_person,
    link_guardian,
    make_staff,
    verify_teacher,
)
from accounts.signals import teacher_verified
from common.errors import DomainError, NotPermittedError
from common.testing.database import run_at_once
from tests.factories import NOW, PASSWORD, StudentFactory, TeacherFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(name="Root", is_staff=True, is_superuser=True)


@pytest.fixture
def office():
    return UserFactory(name="Office", is_staff=True)


def make(**changes):
    given = {"email": "New.Person@Example.com ", "name": " Meera ", "password": PASSWORD, "roles": {"student"}}
    return create_person(**{**given, "now": NOW, **changes})


def test_student_gets_profile_address_and_event():
    person = make(grade="X")
    assert (person.email, person.name, person.student_profile.grade) == ("new.person@example.com", "Meera", "X")
    assert person.check_password(PASSWORD)
    address = EmailAddress.objects.get(user=person)
    assert (address.email, address.verified, address.primary) == (person.email, False, True)
    event = AuditEvent.objects.get(action="person.created")
    assert (event.actor_id, event.after["roles"]) == (person.pk, ["student"])
    assert PASSWORD not in str(event.after)


def test_teacher_gets_unverified_profile():
    person = make(roles={"teacher", "guardian"}, verified_email=True)
    assert person.teacher_profile.verified_at is None
    assert EmailAddress.objects.get(user=person).verified
    assert not hasattr(person, "student_profile")


def test_person_without_password_cannot_sign_in_with_one():
    assert not make(password=None).has_usable_password()


def test_same_address_twice_is_a_sentence():
    make()
    with pytest.raises(DomainError, match="already somebody"):
        make(email="NEW.person@example.com")
    assert User.objects.count() == 1


@pytest.fixture
def second_address():
    """Somebody has confirmed a second address of theirs, which no account has as its first."""
    owner = create_person(email="ravi@example.com", name="Ravi", password=PASSWORD, roles={"student"}, now=NOW)
    return EmailAddress.objects.create(user=owner, email="second@example.com", verified=True).email


def test_address_confirmed_as_a_second_one_is_taken(office, second_address):
    with pytest.raises(DomainError) as refused:
        create_person(
            email=second_address, name="M", password=None, roles={"student"}, verified_email=True, actor=office, now=NOW
        )
    assert refused.value.code == "email_taken"
    person = create_person(email="meera@example.com", name="Meera", password=None, roles={"student"}, now=NOW)
    with pytest.raises(DomainError) as refused:
        change_person(person=person, actor=office, email=second_address, now=NOW)
    assert refused.value.code == "email_taken"
    person.refresh_from_db()
    assert person.email == "meera@example.com"


def test_own_second_address_becomes_the_first(office, second_address):
    owner = User.objects.get(email="ravi@example.com")
    change_person(person=owner, actor=office, email=second_address, now=NOW)
    assert EmailAddress.objects.get(user=owner).email == second_address


def test_two_who_change_to_one_address_at_once_both_get_an_answer(transactional_db):
    office = create_person(email="o@example.com", name="O", password=None, roles={"staff"}, now=NOW)
    people = [
        create_person(email=f"p{n}@example.com", name="P", password=None, roles={"student"}, now=NOW) for n in range(4)
    ]

    def change(person):
        try:
            change_person(person=person, actor=office, email="one@example.com", now=NOW)
        except DomainError as refused:
            return refused.code
        return "changed"

    answers = run_at_once([partial(change, person) for person in people])
    assert sorted(answers) == ["changed", "email_taken", "email_taken", "email_taken"]


def test_unknown_role_is_refused():
    with pytest.raises(DomainError, match="no role called wizard"):
        make(roles={"wizard"})
    assert not User.objects.exists()


def test_staff_join_the_staff_group():
    person = make(roles={"staff"})
    assert person.groups.get().name == "Staff"
    assert person.has_perm("accounts.change_user")
    assert not person.has_perm("accounts.change_auditevent")
    assert person.has_perm("accounts.view_auditevent")
    assert not person.has_perm("auth.change_group")


def test_change_roles_is_audited_and_makes_the_profile(office):
    person = make()
    change_roles(person=person, roles={"student", "teacher"}, actor=office, reason="assists", now=NOW)
    person.refresh_from_db()
    assert person.is_teacher
    assert person.teacher_profile.verified_at is None
    event = AuditEvent.objects.get(action="person.roles_changed")
    assert (event.before, event.after) == ({"roles": ["student"]}, {"roles": ["student", "teacher"]})
    assert event.reason == "assists"


def test_change_roles_to_the_same_writes_nothing(office):
    change_roles(person=make(), roles={"student"}, actor=office, now=NOW)
    assert not AuditEvent.objects.filter(action="person.roles_changed").exists()


def test_staff_cannot_make_staff(office):
    with pytest.raises(NotPermittedError):
        make_staff(person=make(), actor=office, now=NOW)


def test_administrator_makes_and_unmakes_staff(admin):
    person = make_staff(person=make(), actor=admin, now=NOW)
    assert person.is_student
    assert person.groups.exists()
    person = change_roles(person=person, roles={"student"}, actor=admin, now=NOW)
    assert not person.is_staff
    assert not person.groups.exists()


def test_administrator_keeps_own_staff_role(admin):
    with pytest.raises(DomainError, match="your own staff role"):
        change_roles(person=admin, roles=set(), actor=admin, now=NOW)


def test_change_person_writes_only_what_changed(office):
    person = make()
    change_person(person=person, actor=office, now=NOW, name="Meera N", language="en")
    event = AuditEvent.objects.get(action="person.changed")
    assert (event.before, event.after) == ({"name": "Meera"}, {"name": "Meera N"})


def test_change_of_address_moves_the_sign_in_with_it(office):
    person = make()
    change_person(person=person, actor=office, now=NOW, email="Other@Example.com")
    addresses = EmailAddress.objects.filter(user=person).values_list("email", "verified")
    assert list(addresses) == [("other@example.com", True)]


def test_change_to_a_taken_address_is_refused(office):
    UserFactory(email="taken@example.com")
    with pytest.raises(DomainError, match="already somebody"):
        change_person(person=make(), actor=office, now=NOW, email="Taken@example.com")


@pytest.mark.parametrize("changes", [{"email": "mine@example.com"}, {"is_active": False}])
def test_staff_cannot_change_other_staff(office, changes):
    colleague = UserFactory(is_staff=True)
    with pytest.raises(NotPermittedError):
        change_person(person=colleague, actor=office, now=NOW, **changes)


def test_nobody_deactivates_themselves(admin):
    with pytest.raises(DomainError, match="own account"):
        change_person(person=admin, actor=admin, now=NOW, is_active=False)


def test_verify_teacher_once_announces_and_audits(office, django_capture_on_commit_callbacks):
    teacher, heard = TeacherFactory(profile__verified_at=None), []

    def hear(teacher_id, **kwargs):
        heard.append(teacher_id)

    teacher_verified.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            first = verify_teacher(teacher=teacher, actor=office, now=NOW)
            verify_teacher(teacher=teacher, actor=office, now=NOW)
    finally:
        teacher_verified.disconnect(hear)
    assert (first.verified_at, first.verified_by) == (NOW, office)
    assert heard == [teacher.pk]
    assert AuditEvent.objects.filter(action="teacher.verified").count() == 1
    assert list(verified_teachers()) == [teacher]


def test_student_cannot_be_verified_as_teacher(office):
    with pytest.raises(DomainError, match="is not a teacher"):
        verify_teacher(teacher=make(), actor=office, now=NOW)


def test_former_teacher_is_not_verified(office):
    person = create_person(email="t@example.com", name="T", password=None, roles={"teacher"}, now=NOW)
    person = change_roles(person=person, roles={"student"}, actor=office, now=NOW)
    with pytest.raises(DomainError) as refused:
        verify_teacher(teacher=person, actor=office, now=NOW)
    assert refused.value.code == "not_a_teacher"
    assert person.teacher_profile.verified_at is None


def test_teacher_in_the_office_cannot_verify_themselves():
    teacher = TeacherFactory(is_staff=True, profile__verified_at=None)
    with pytest.raises(NotPermittedError):
        verify_teacher(teacher=teacher, actor=teacher, now=NOW)


def test_link_guardian_gives_role_and_view(office):
    guardian, student = UserFactory(), StudentFactory()
    link = link_guardian(guardian=guardian, student=student, relation="mother", actor=office, now=NOW)
    guardian.refresh_from_db()
    assert (link.state, guardian.is_guardian) == (LinkState.ACTIVE, True)
    assert list(guardian_students(guardian)) == [student]
    assert is_guardian_of(user=guardian, student=student)
    assert AuditEvent.objects.get(action="guardian.linked").after["relation"] == "mother"


def test_link_guardian_again_changes_the_one_link(office):
    guardian, student = UserFactory(is_guardian=True), StudentFactory()
    for state in (LinkState.ACTIVE, LinkState.ENDED, LinkState.ENDED):
        link_guardian(guardian=guardian, student=student, relation="father", state=state, actor=office, now=NOW)
    assert GuardianLink.objects.get().state == LinkState.ENDED
    assert AuditEvent.objects.filter(action="guardian.linked").count() == 2
    assert not guardian_students(guardian).exists()


def test_link_guardian_refuses_self_and_non_students(office):
    student = StudentFactory()
    with pytest.raises(DomainError, match="own guardian"):
        link_guardian(guardian=student, student=student, relation="father", actor=office, now=NOW)
    with pytest.raises(DomainError, match="is not a student"):
        link_guardian(guardian=student, student=UserFactory(name="Nobody"), relation="father", actor=office, now=NOW)
