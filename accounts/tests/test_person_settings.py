"""The person's own settings page."""

from datetime import date, time

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Leave, WorkingHours

URL = "/me/"


@pytest.fixture
def me(cast, client):
    client.force_login(cast.student)
    return cast.student


def save(client, **changes):
    given = {"name": "Meera Nair", "language": "en", "time_zone": "Asia/Kolkata"}
    headers = changes.pop("headers", {})
    return client.post(URL, {**given, **changes}, headers=headers)


def test_page_needs_sign_in(client, db):
    response = client.get(URL)
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_page_shows_what_is_set(client, me):
    response = client.get(URL)
    assert response.status_code == 200
    assert b'value="Meera Nair"' in response.content
    assert response.context["calendar"] is None


def test_saved_settings_change_the_person_and_leave_a_trace(client, me):
    assert save(client, name="Meera N", language="hi", time_zone="Europe/Berlin").status_code == 302
    me.refresh_from_db()
    assert (me.name, me.language, me.time_zone) == ("Meera N", "hi", "Europe/Berlin")
    assert AuditEvent.objects.get(action="person.changed").after["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 121), ("language", "xx"), ("time_zone", "Mars/Olympus"), ("time_zone", "../etc")],
)
def test_wrong_value_is_422_and_changes_nothing(client, me, field, value):
    response = save(client, **{field: value})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    me.refresh_from_db()
    assert (me.name, me.language, me.time_zone) == ("Meera Nair", "en", "Asia/Kolkata")


def test_wrong_value_by_htmx_is_the_form_alone(client, me):
    response = save(client, name="", headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert b'id="settings"' in response.content
    assert b"<html" not in response.content
    assert "HX-Request" in response["Vary"]


def test_nobody_gets_a_role_or_another_address_here(client, me):
    save(client, is_staff="on", is_superuser="on", is_teacher="on", email="other@example.com")
    me.refresh_from_db()
    assert (me.is_staff, me.is_superuser, me.is_teacher, me.email) == (False, False, False, "meera@example.com")


def test_teacher_sees_hours_and_leave(client, cast):
    profile = cast.teacher.teacher_profile
    WorkingHours.objects.create(teacher=profile, weekday=0, opens=time(10), closes=time(13, 30))
    Leave.objects.create(teacher=profile, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26), reason="Christmas")
    client.force_login(cast.teacher)
    text = client.get(URL).content.decode()
    assert "13:30" in text
    assert "Christmas" in text


def test_page_costs_the_same_for_one_and_for_many_rows(client, cast):
    client.force_login(cast.teacher)
    profile = cast.teacher.teacher_profile

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        return len(queries)

    WorkingHours.objects.create(teacher=profile, weekday=0, opens=time(10), closes=time(12))
    one = cost()
    for day in range(1, 7):
        WorkingHours.objects.create(teacher=profile, weekday=day, opens=time(10), closes=time(12))
    assert cost() == one


def test_page_leads_to_what_is_kept_elsewhere(client, me):
    assert f'href="{reverse("mfa_index")}"' in client.get(URL).content.decode()
    page = client.get(reverse("mfa_index")).content.decode()
    for name in ("account_change_password", "account_email"):
        assert f'href="{reverse(name)}"' in page


def test_the_only_address_once_confirmed_has_nothing_to_press(client, me):
    EmailAddress.objects.update_or_create(user=me, email=me.email, defaults={"verified": True, "primary": True})
    page = reverse("account_email")
    assert b"action_remove" not in client.get(page).content
    EmailAddress.objects.create(user=me, email="second@example.com")
    assert b"action_remove" in client.get(page).content
