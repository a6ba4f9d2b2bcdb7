"""Acting for others: read-only by default, in a frame, never into staff's accounts, never at secrets, audited."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import AuditEvent, User
from accounts.services.acting import ACTING, start_acting
from common.errors import DomainError, NotPermittedError
from config.guards import SessionGuard
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db
REASON = "The family cannot find the marks"


def begin(client, staff, person, **more):
    client.force_login(staff)
    return client.post(reverse("act-as", args=[person.pk]), {"reason": REASON, **more})


@pytest.fixture
def acting(client, cast):
    assert begin(client, cast.staff, cast.student).url == reverse("home")
    return client


@pytest.fixture
def writer(cast):
    cast.staff.user_permissions.add(Permission.objects.get(codename="act_as_write"))
    return User.objects.get(pk=cast.staff.pk)


@pytest.fixture
def writing(client, cast, writer):
    client.force_login(writer)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("act-as", args=[cast.student.pk]), {"reason": REASON, "write": "on"})
    return client


def events(action):
    return AuditEvent.objects.filter(action=f"act_as.{action}")


def test_pages_are_those_of_the_person_in_a_frame(acting, cast):
    page = acting.get(reverse("student-home"))
    assert page.status_code == 200
    assert page.context["user"] == cast.student
    assert 'class="acting' in page.content.decode()
    assert "Meera Nair" in page.content.decode()
    started = events("started").get()
    assert (started.actor, started.object_id, started.reason) == (cast.staff, str(cast.student.pk), REASON)


def test_nothing_can_be_changed(acting, cast):
    sent = {"name": "Other", "language": "hi", "time_zone": "UTC"}
    for answer in (
        acting.post(reverse("person-settings"), sent),
        acting.post(reverse("notification-read")),
        acting.put(reverse("api-attempt-times", args=[cast.student.pk]), {}, content_type="application/json"),
        acting.delete(reverse("exam-list")),
    ):
        assert answer.status_code == 403
    cast.student.refresh_from_db()
    assert cast.student.name == "Meera Nair"


def test_what_a_page_writes_on_its_way_is_undone(cast, rf):
    def page(request):
        assert request.user == cast.staff, "the person comes with the view"
        User.objects.filter(pk=cast.student.pk).update(name="Somebody else")
        return HttpResponse()

    request = rf.get("/")
    request.user = cast.staff
    request.COOKIES["sessionid"] = "some"
    request.session = {
        ACTING: start_acting(staff=cast.staff, person=cast.student, write=False, reason=REASON, now=now())
    }
    SessionGuard(page)(request)
    cast.student.refresh_from_db()
    assert cast.student.name == "Meera Nair"


@pytest.mark.parametrize(
    "name",
    ["account_email", "account_change_password", "mfa_index", "mfa_activate_totp", "session-list", "family",
     "second-factor", "account_reauthenticate", "socialaccount_connections"],
)  # fmt: skip
def test_secrets_stay_closed(acting, name):
    assert acting.get(reverse(name)).status_code == 403


def test_back_office_is_not_the_persons(acting):
    assert acting.get(reverse("admin:index")).status_code == 403


def test_stop_gives_the_staff_back(acting, cast):
    assert acting.post(reverse("act-as-stop")).status_code == 302
    assert acting.get(reverse("admin:index")).status_code == 200
    assert events("stopped").get().actor == cast.staff


def test_it_ends_by_itself(client, cast):
    with time_machine.travel(NOW, tick=False) as clock:
        begin(client, cast.staff, cast.student)
        clock.shift(timedelta(minutes=29))
        assert client.get(reverse("student-home")).status_code == 200
        clock.shift(timedelta(minutes=2))
        assert client.get(reverse("student-home")).status_code == 403, "staff have no such page"
        assert client.get(reverse("admin:index")).status_code == 200
        assert events("stopped").count() == 1


def test_signing_out_ends_both(acting):
    acting.post(reverse("account_logout"))
    assert "_auth_user_id" not in acting.session
    assert acting.get(reverse("student-home")).status_code == 302


@pytest.mark.parametrize("who", ["student", "guardian", "teacher", "newcomer"])
def test_only_staff_act_for_others(client, cast, who):
    assert begin(client, cast.people[who], cast.classmate).status_code == 404


def test_never_for_staff_or_oneself(client, cast):
    boss = User.objects.create_superuser("boss@example.com", PASSWORD, name="Boss")
    for person in (boss, cast.staff):
        assert begin(client, cast.staff, person).status_code == 403
        with pytest.raises(NotPermittedError):
            start_acting(staff=cast.staff, person=person, write=False, reason=REASON, now=NOW)


def test_person_who_becomes_staff_is_left_at_once(acting, cast):
    User.objects.filter(pk=cast.student.pk).update(is_staff=True)
    assert acting.get(reverse("student-home")).status_code == 403
    assert acting.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("reason", ["", "   ", "ok", "x" * 201])
def test_reason_is_needed(cast, reason):
    with pytest.raises(DomainError):
        start_acting(staff=cast.staff, person=cast.student, write=False, reason=reason, now=NOW)


def test_changing_needs_the_permission(client, cast):
    begin(client, cast.staff, cast.student, write="on")
    assert events("started").get().after["write"] is False
    with pytest.raises(NotPermittedError):
        start_acting(staff=cast.staff, person=cast.student, write=True, reason=REASON, now=NOW)


def test_changing_asks_for_the_password_first(client, cast, writer):
    answer = begin(client, writer, cast.student, write="on")
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not events("started").exists()


def test_change_is_the_staffs_in_the_audit_trail(writing, cast, writer):
    sent = {"name": "Meera K Nair", "language": "en", "time_zone": "Asia/Kolkata"}
    assert writing.post(reverse("person-settings"), sent).status_code == 302
    cast.student.refresh_from_db()
    assert cast.student.name == "Meera K Nair"
    note = events("write").get()
    assert (note.actor, note.reason) == (writer, REASON)
    change = AuditEvent.objects.get(action="person.changed")
    assert change.actor == writer
    assert "Office" in change.actor_label
    assert "Meera" in change.actor_label


def test_secrets_stay_closed_to_changes_too(writing, cast):
    sent = {"oldpassword": PASSWORD, "password1": "quite another horse", "password2": "quite another horse"}
    assert writing.post(reverse("account_change_password"), sent).status_code == 403
    assert writing.post(reverse("consent-decide", args=[cast.student.pk]), {"withdraw": "scan_use"}).status_code == 403
