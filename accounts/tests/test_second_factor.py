"""Codes by e-mail, the authenticator app, recovery codes, passkeys, and that staff have one of them."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.services.people import create_person
from accounts.services.second_factor import needs_second_factor
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db
EMAIL = "office@example.org"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def office(db):
    return create_person(
        email=EMAIL, name="Asha Office", password=PASSWORD, roles={"staff"}, verified_email=True, now=NOW
    )


def code_now(secret=SECRET, steps=0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def sign_in(client, **more):
    return client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD, **more})


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def prove(client):
    """Re-authenticates with the password."""
    return client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def set_up_app(client) -> str:
    """Sets the authenticator app up on the pages; returns its key."""
    prove(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    cache.clear()  # a code works once, also the one that was just tried
    return secret


# --- Codes by e-mail -------------------------------------------------------------------------------------------------
def test_sign_in_with_a_code_from_the_mail(client, office):
    answer = client.post(reverse("account_request_login_code"), {"email": EMAIL})
    assert answer.url == reverse("account_confirm_login_code")
    code = re.search(r"^([A-Z0-9-]{6,9})$", mail.outbox[-1].body, re.MULTILINE)[1]
    client.post(answer.url, {"code": code})
    assert signed_in(client)


def test_code_dies_after_three_wrong_ones(client, office):
    url = client.post(reverse("account_request_login_code"), {"email": EMAIL}).url
    code = re.search(r"^([A-Z0-9-]{6,9})$", mail.outbox[-1].body, re.MULTILINE)[1]
    for _ in range(3):
        client.post(url, {"code": "WRONG1"})
    client.post(url, {"code": code})
    assert not signed_in(client)


def test_code_for_an_unknown_address_looks_the_same(client, office):
    known = client.post(reverse("account_request_login_code"), {"email": EMAIL})
    other = type(client)()
    unknown = other.post(reverse("account_request_login_code"), {"email": "nobody@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


# --- The authenticator app -------------------------------------------------------------------------------------------
def test_setting_up_asks_who_it_is_first(client, office):
    sign_in(client)
    assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))


def test_app_is_asked_for_after_the_password(transactional_db, client, office):
    sign_in(client)
    secret = set_up_app(client)
    assert AuditEvent.objects.filter(action="second_factor.added", after={"kind": "totp"}).exists()
    client.logout()
    assert sign_in(client).url == reverse("mfa_authenticate")
    assert not signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert signed_in(client)


def test_code_of_the_app_works_once(client, office):
    TOTP.activate(office, SECRET)
    code = code_now()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert signed_in(client)
    again = type(client)()
    sign_in(again)
    again.post(reverse("mfa_authenticate"), {"code": code})
    assert not signed_in(again)


def test_five_wrong_codes_lock(client, office):
    TOTP.activate(office, SECRET)
    sign_in(client)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert not signed_in(client)


def test_secrets_are_kept_sealed(client, office):
    TOTP.activate(office, SECRET)
    assert SECRET not in str(Authenticator.objects.get().data)


def test_recovery_codes_are_shown_once_and_open_once(client, office):
    sign_in(client)
    set_up_app(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(set(codes)) == 10
    assert codes[0] not in client.get(reverse("mfa_view_recovery_codes")).content.decode()
    for works in (True, False):
        client.logout()
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert signed_in(client) is works


def test_change_of_a_factor_is_mailed(transactional_db, client, office):
    sign_in(client)
    set_up_app(client)
    told = [message.subject for message in mail.outbox if message.to == [EMAIL]]
    assert "An authenticator app was set up." in " ".join(told)


def test_rubbish_for_a_passkey_is_no_error_page(client, office):
    for sent in ("", "{", '{"id": 1}', "[]"):
        answer = client.post(reverse("mfa_login_webauthn"), {"credential": sent})
        assert answer.status_code == 302
    assert not signed_in(client)


# --- Enforced --------------------------------------------------------------------------------------------------------
@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = "required"
    return settings


def test_staff_without_one_reach_only_the_page_that_sets_it_up(transactional_db, client, office, required):
    sign_in(client)
    for name in ("admin:index", "home", "person-settings", "account_email", "mfa_index", "session-list"):
        assert client.get(reverse(name)).url == reverse("second-factor"), name
    assert client.get(reverse("second-factor")).status_code == 200
    assert client.post(reverse("person-settings"), {"name": "Other"}).status_code == 403
    assert client.get("/api/v1/exams/").status_code == 403
    set_up_app(client)
    assert client.get(reverse("admin:index")).status_code == 200


def test_session_older_than_the_factor_must_prove_it(client, office, required):
    sign_in(client)
    TOTP.activate(office, SECRET)
    assert client.get(reverse("admin:index")).url == reverse("second-factor")
    assert client.get(reverse("mfa_add_webauthn")).url == reverse("second-factor"), "a stolen session adds its own"
    client.post(reverse("mfa_reauthenticate"), {"code": code_now()})
    assert client.get(reverse("admin:index")).status_code == 200


def test_last_factor_of_staff_stays(client, office, required):
    sign_in(client)
    set_up_app(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize(("staff", "teachers", "wanted"), [
    ("required", "optional", {"staff"}), ("optional", "optional", set()), ("optional", "required", {"teacher"}),
])  # fmt: skip
def test_settings_say_who_needs_one(cast, settings, staff, teachers, wanted):
    settings.STAFF_SECOND_FACTOR, settings.TEACHER_SECOND_FACTOR = staff, teachers
    assert {name for name in ("staff", "teacher", "student") if needs_second_factor(cast.people[name])} == wanted


def test_api_tokens_ask_for_the_factor_too(client, office, required):
    def ask(**more):
        body = {"email": EMAIL, "password": PASSWORD, **more}
        return client.post(reverse("api-token"), body, content_type="application/json")

    assert ask().json()["code"] == "second_factor_missing"
    TOTP.activate(office, SECRET)
    assert (ask().status_code, ask().json()["code"]) == (401, "second_factor_needed")
    assert ask(code="000000").json()["code"] == "second_factor_wrong"
    assert ask(code=code_now()).status_code == 200
