"""The back office of people: staff find, change and verify; every change goes through a service and is audited."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Feature, LinkState
from accounts.models import AuditEvent, Entitlement, GuardianLink, User
from tests.factories import PASSWORD, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"


@pytest.fixture
def office(client):
    person = UserFactory(name="Office", email="desk@example.com", is_staff=True)
    person.groups.add(Group.objects.get(name="Staff"))
    client.force_login(person)
    return person


@pytest.fixture
def root(client):
    person = UserFactory(name="Root", email="root@example.com", is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def page(person: User) -> str:
    return reverse("admin:accounts_user_change", args=[person.pk])


def form_data(client, url: str) -> dict:
    """What the browser would post if nothing were changed."""
    context = client.get(url).context
    data = {}
    for form in [context["adminform"].form, *[f for s in context["inline_admin_formsets"] for f in s.formset.forms]]:
        for bound in form:
            value = bound.value()
            if value is True:
                data[bound.html_name] = "on"
            elif value is not None and value is not False:
                data[bound.html_name] = value
    for formset in context["inline_admin_formsets"]:
        for bound in formset.formset.management_form:
            data[bound.html_name] = bound.value()
    for name, value in list(data.items()):
        if isinstance(value, datetime):
            del data[name]
            local = value.astimezone(ZoneInfo("Asia/Kolkata"))
            data[f"{name}_0"], data[f"{name}_1"] = f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"
    data.pop("password", None)
    return data


def test_outsiders_are_sent_to_the_sign_in_page(client, cast):
    client.force_login(cast.teacher)
    response = client.get(LIST)
    assert response.status_code == 302


def test_staff_without_the_group_may_do_nothing(client, db):
    client.force_login(UserFactory(is_staff=True))
    assert client.get(LIST).status_code == 403


@pytest.mark.parametrize(("query", "found"), [("meera", True), ("MEERA@EXAMPLE", True), ("zoya", False)])
def test_search_by_name_and_address(client, office, cast, query, found):
    response = client.get(LIST, {"q": query})
    assert response.status_code == 200
    assert (cast.student in response.context["cl"].result_list) is found


def test_list_costs_the_same_for_few_and_many(client, office, cast):
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        costs.append(len(queries))
        UserFactory.create_batch(10)
    assert costs[0] == costs[1]


@pytest.mark.parametrize("who", ["student", "guardian", "teacher", "newcomer"])
def test_person_pages_open(client, office, cast, who):
    response = client.get(page(cast.people[who]))
    assert response.status_code == 200
    assert cast.people[who].email in response.content.decode()


def test_pages_name_their_icon(client, office, cast):
    """A browser asks for /favicon.ico, which there is not, where a page names none."""
    for url in ("/admin/", LIST, page(cast.student)):
        assert client.get(url).content.count(b'rel="icon"') == 1


def test_add_person_makes_profile_address_and_event(client, office):
    assert client.get("/admin/accounts/user/add/").status_code == 200
    data = {"email": "New@Example.com", "name": "New", "password1": PASSWORD, "password2": PASSWORD, "is_teacher": "on"}
    data["usable_password"] = "true"
    response = client.post("/admin/accounts/user/add/", data)
    person = User.objects.get(email="new@example.com")
    assert response.url == page(person)
    assert person.check_password(PASSWORD)
    assert person.teacher_profile.verified_at is None
    assert person.emailaddress_set.get().verified
    assert AuditEvent.objects.get(action="person.created").actor_id == office.pk


def test_roles_change_through_the_service(client, office, cast):
    data = form_data(client, page(cast.classmate)) | {"is_guardian": "on", "name": "Rohan G"}
    response = client.post(page(cast.classmate), data)
    assert response.status_code == 302, response.context["errors"]
    event = AuditEvent.objects.get(action="person.roles_changed")
    assert (event.actor_id, event.after) == (office.pk, {"roles": ["student", "guardian"]})
    assert AuditEvent.objects.get(action="person.changed").after == {"name": "Rohan G"}


def test_saving_without_a_change_writes_nothing(client, office, cast):
    client.post(page(cast.student), form_data(client, page(cast.student)))
    assert not AuditEvent.objects.exists()


def test_entitlement_change_is_audited_and_what_was_granted_stays(client, office, cast):
    row = cast.student.entitlements.get()
    data = form_data(client, page(cast.student))
    client.post(page(cast.student), data | {"entitlements-0-quantity": "60"})
    event = AuditEvent.objects.get(action="entitlement.changed")
    assert (event.before["quantity"], event.after["quantity"]) == (50, 60)
    client.post(page(cast.student), data | {"entitlements-0-quantity": "60", "entitlements-0-source": "else"})
    row.refresh_from_db()
    assert (row.quantity, row.source) == (60, "test")


def test_change_of_a_profile_is_audited(client, office, cast):
    data = form_data(client, page(cast.student)) | {"student_profile-0-grade": "XI"}
    client.post(page(cast.student), data)
    event = AuditEvent.objects.get(action="studentprofile.changed")
    assert (event.before, event.after) == ({"grade": "X"}, {"grade": "XI"})


def test_guardian_link_is_ended_through_the_service(client, office, cast):
    data = form_data(client, page(cast.student)) | {"student_links-0-state": "ended"}
    client.post(page(cast.student), data)
    assert GuardianLink.objects.get().state == LinkState.ENDED
    assert AuditEvent.objects.get(action="guardian.linked").after["state"] == "ended"


def test_verify_action(client, office, cast):
    data = {"action": "verify_teachers", "_selected_action": [cast.newcomer.pk, cast.student.pk]}
    text = client.post(LIST, data, follow=True).content.decode()
    cast.newcomer.teacher_profile.refresh_from_db()
    assert cast.newcomer.teacher_profile.verified_by == office
    assert "Meera Nair is not a teacher." in text
    assert AuditEvent.objects.filter(action="teacher.verified").count() == 1


def test_grant_action_gives_five_exams(client, office, cast):
    client.post(LIST, {"action": "grant_exams", "_selected_action": [cast.outsider.pk]})
    granted = Entitlement.objects.get(user=cast.outsider, source="staff")
    assert (granted.feature, granted.quantity, granted.used) == (Feature.EXAM_ATTEMPT, 5, 0)
    assert AuditEvent.objects.get(action="entitlement.granted").actor_id == office.pk


def detail(name: str, person: User) -> str:
    return reverse(f"admin:accounts_user_{name}", args=[person.pk])


def test_detail_actions_ask_first_and_change_by_post(client, office, cast):
    for name, who in (("verify_this_teacher", cast.newcomer), ("grant_exams_here", cast.student)):
        asked = client.get(detail(name, who))
        assert asked.status_code == 200
        assert b"csrfmiddlewaretoken" in asked.content
    cast.newcomer.teacher_profile.refresh_from_db()
    assert not cast.newcomer.teacher_profile.is_verified
    assert not Entitlement.objects.filter(source="staff").exists()
    sent = {"_form_submitted": "True"}
    assert client.post(detail("verify_this_teacher", cast.newcomer), sent).url == page(cast.newcomer)
    shown = client.post(detail("grant_exams_here", cast.student), sent, headers={"HX-Request": "true"})
    assert shown["HX-Redirect"] == page(cast.student)
    cast.newcomer.teacher_profile.refresh_from_db()
    assert cast.newcomer.teacher_profile.is_verified
    assert Entitlement.objects.filter(user=cast.student, source="staff").count() == 1


def test_verify_is_offered_for_unverified_teachers_only(client, office, cast):
    offered = {
        name: detail("verify_this_teacher", cast.people[name]) in client.get(page(cast.people[name])).content.decode()
        for name in ("student", "guardian", "teacher", "newcomer")
    }
    assert offered == {"student": False, "guardian": False, "teacher": False, "newcomer": True}
    assert client.get(detail("verify_this_teacher", cast.student)).status_code == 403


def test_nobody_by_that_id_is_no_crash(client, office):
    for pk in ("junk", "_00", "01a1fedb-e1bf-7195-bc65-317198c7c8be"):
        assert client.get(f"{LIST}{pk}/change/").url == "/admin/"
        assert client.get(f"{LIST}{pk}/verify_this_teacher/").status_code == 403
        assert client.post(f"{LIST}{pk}/grant_exams_here/", {"_form_submitted": "True"}).status_code == 404


def test_staff_cannot_make_staff_or_touch_staff(client, office, cast):
    data = form_data(client, page(cast.student)) | {"is_staff": "on", "is_superuser": "on"}
    client.post(page(cast.student), data)
    cast.student.refresh_from_db()
    assert (cast.student.is_staff, cast.student.is_superuser) == (False, False)
    client.post(page(cast.staff), {"email": "mine@example.com", "name": "x"})
    cast.staff.refresh_from_db()
    assert cast.staff.email == "office@example.com"
    password = reverse("admin:auth_user_password_change", args=[cast.staff.pk])
    assert client.get(password).status_code == 403


def test_administrator_makes_staff(client, root, cast):
    data = form_data(client, page(cast.teacher)) | {"is_staff": "on"}
    client.post(page(cast.teacher), data)
    cast.teacher.refresh_from_db()
    assert cast.teacher.is_staff
    assert cast.teacher.groups.get().name == "Staff"


def test_domain_error_is_a_message_not_a_crash(client, root, cast):
    data = form_data(client, page(root))
    data.pop("is_staff")
    response = client.post(page(root), data, follow=True)
    assert "You cannot take your own staff role away." in response.content.decode()
    root.refresh_from_db()
    assert root.is_staff


def test_password_set_by_staff_is_audited(client, office, cast):
    url = reverse("admin:auth_user_password_change", args=[cast.student.pk])
    new = "quite another horse"
    client.post(url, {"password1": new, "password2": new, "usable_password": "true"})
    cast.student.refresh_from_db()
    assert cast.student.check_password(new)
    event = AuditEvent.objects.get(action="person.password_set")
    assert (event.actor_id, event.object_id, event.after) == (office.pk, str(cast.student.pk), {})


def test_working_hours_are_saved_removed_and_audited(client, office, cast):
    url = reverse("admin:accounts_teacherprofile_change", args=[cast.teacher.pk])
    data = form_data(client, url) | {
        "working_hours-TOTAL_FORMS": "1",
        "working_hours-0-weekday": "0",
        "working_hours-0-opens": "10:00",
        "working_hours-0-closes": "13:00",
        "working_hours-0-teacher": cast.teacher.pk,
    }
    assert client.post(url, data).status_code == 302
    row = cast.teacher.teacher_profile.working_hours.get()
    assert AuditEvent.objects.get(action="workinghours.added").after["opens"] == "10:00:00"
    data |= {"working_hours-INITIAL_FORMS": "1", "working_hours-0-id": row.pk, "working_hours-0-DELETE": "on"}
    client.post(url, data)
    assert not cast.teacher.teacher_profile.working_hours.exists()
    assert AuditEvent.objects.get(action="workinghours.removed").before["teacher_id"] == str(cast.teacher.pk)


def test_audit_trail_is_searched_by_object_and_read_only(client, office, cast):
    EntitlementFactory(user=cast.classmate, source="x")
    client.post(LIST, {"action": "grant_exams", "_selected_action": [cast.student.pk, cast.outsider.pk]})
    wanted = Entitlement.objects.get(user=cast.student, source="staff")
    response = client.get("/admin/accounts/auditevent/", {"q": str(wanted.pk)})
    assert [event.object_id for event in response.context["cl"].result_list] == [str(wanted.pk)]
    event = response.context["cl"].result_list[0]
    url = reverse("admin:accounts_auditevent_change", args=[event.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"action": "forged"}).status_code == 403
    assert client.get("/admin/accounts/auditevent/add/").status_code == 403
    assert client.post(reverse("admin:accounts_auditevent_delete", args=[event.pk])).status_code == 403
    assert client.get("/admin/accounts/auditseal/").status_code == 200


def test_audit_event_knows_where_from(client, office, cast):
    data = {"action": "grant_exams", "_selected_action": [cast.student.pk]}
    client.post(LIST, data, REMOTE_ADDR="203.0.113.5", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert AuditEvent.objects.get().origin == "203.0.113.5"
