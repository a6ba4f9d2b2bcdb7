"""What the rules say about people's data, by hand; the law test compares them with visible_to for every model."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import AuditEvent, Consent, Entitlement, GuardianLink, Leave, StudentProfile, TeacherProfile, User
from tests.law_samples import accounts, notifications

# (model, verb, who may do it to the row that belongs to `student`, or for teachers' rows to `teacher`)
TABLE = [
    (User, "view", {"student", "guardian", "staff"}),
    (User, "change", {"student", "staff"}),
    (User, "delete", set()),
    (StudentProfile, "view", {"student", "guardian", "staff"}),
    (StudentProfile, "change", {"staff"}),
    (GuardianLink, "view", {"student", "guardian", "staff"}),
    (GuardianLink, "change", {"staff"}),
    (Consent, "view", {"student", "guardian", "staff"}),
    (Consent, "change", set()),
    (Entitlement, "view", {"guardian", "staff", "student"}),
    (Entitlement, "change", {"staff"}),
    (TeacherProfile, "view", {"teacher", "staff"}),
    (TeacherProfile, "change", {"staff"}),
    (Leave, "view", {"teacher", "staff"}),
    (Leave, "delete", {"staff"}),
    (AuditEvent, "view", {"staff"}),
    (AuditEvent, "change", set()),
    (AuditEvent, "delete", set()),
]


def row_of(cast, model):
    owner = {User: "pk", GuardianLink: "student", Consent: "person", AuditEvent: None}.get(model, "user")
    owner = "teacher" if model is Leave else owner
    person = cast.teacher.pk if model in (TeacherProfile, Leave) else cast.student.pk
    return model.objects.get(**{owner: person}) if owner else model.objects.first()


@pytest.mark.parametrize(("model", "verb", "allowed"), TABLE, ids=lambda value: getattr(value, "__name__", None))
def test_who_may(cast, model, verb, allowed):
    accounts.samples(cast)
    row, perm = row_of(cast, model), f"accounts.{verb}_{model._meta.model_name}"
    assert {name for name, person in cast.people.items() if person.has_perm(perm, row)} == allowed
    assert not AnonymousUser().has_perm(perm, row)


@pytest.mark.parametrize("make", [accounts.samples, notifications.samples], ids=["accounts", "notifications"])
def test_may_view_exactly_what_is_visible(cast, make):
    for model, rows in make(cast).items():
        assert rows, model
        perm = f"{model._meta.app_label}.view_{model._meta.model_name}"
        for name, person in {**cast.people, "anonymous": AnonymousUser()}.items():
            visible = set(model.objects.visible_to(person))
            permitted = {row for row in rows if person.has_perm(perm, row)}
            assert permitted == visible & set(rows), (model, name)


def test_staff_without_the_group_have_no_general_permission(cast):
    assert not cast.newcomer.has_perm("accounts.change_user")
    assert not cast.newcomer.has_perm("accounts.view_auditevent")
