"""What docs/security.md promises and no other test shows."""

import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.services.passwords import BREACHED, DIGEST, OwnWordsValidator, digest_of, is_breached
from accounts.services.people import create_person
from accounts.services.second_factor import remove_factors
from common.errors import NotPermittedError
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db
EMAIL = "meera@example.net"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def person():
    return create_person(
        email=EMAIL, name="Meera Nair", password=PASSWORD, roles={"student"}, verified_email=True, now=NOW
    )


def sign_in(client, password=PASSWORD, **more):
    return client.post(reverse("account_login"), {"login": EMAIL, "password": password, **more})


def is_in(client) -> bool:
    return client.get(reverse("person-settings")).status_code == 200


# --- Passwords -------------------------------------------------------------------------------------------------------
def test_password_boxes_are_masked_and_named_for_managers(client):
    for name, known in (("account_login", "current-password"), ("account_signup", "new-password")):
        box = re.search(r'<input[^>]*type="password"[^>]*>', client.get(reverse(name)).content.decode())[0]
        assert known in box
        assert "onpaste" not in box


@pytest.mark.parametrize("password", ["qwertyuiop", "Password123", "MANCHESTER", "1qaz2wsx3edc"])
def test_passwords_known_from_breaches_are_refused(password):
    assert is_breached(password)
    with pytest.raises(ValidationError) as caught:
        validate_password(password)
    assert "password_breached" in {error.code for error in caught.value.error_list}


def test_list_of_breached_passwords_is_whole_and_lets_others_pass(tmp_path):
    data = BREACHED.read_bytes()
    digests = [data[at : at + DIGEST] for at in range(0, len(data), DIGEST)]
    assert len(digests) == len(set(digests)) == 107_505
    assert digests == sorted(digests)
    assert not any(map(is_breached, ("quite another horse", PASSWORD, "", "zq8 tall kites on a wire")))
    source, made = tmp_path / "list.txt", tmp_path / "made.bin"
    source.write_text("short\n12345678901234\nManchester\nmanchester\n", encoding="utf-8")
    call_command("pack_passwords", str(source), "--out", str(made), stdout=StringIO())
    assert made.read_bytes() == digest_of("MANCHESTER")


def test_long_password_counts_to_its_end(client, person):
    long = "quite another horse, " * 6
    person.set_password(long.strip())
    person.save()
    sign_in(client, long.strip()[:-1])
    assert not is_in(client)
    sign_in(client, long.strip())
    assert is_in(client)


def test_words_of_the_installation_are_refused(client, settings):
    settings.PASSWORD_WORDS = ["abhyas", "sunrise academy"]
    for password in ("MyAbhyas-4-ever", "sunrise academy 9"):
        sent = {"name": "A", "email": "new@example.net", "password1": password}
        assert "password1" in client.post(reverse("account_signup"), sent).context["form"].errors
        with pytest.raises(ValidationError):
            OwnWordsValidator().validate(password)


def test_reset_password_still_asks_for_the_second_factor(client, person):
    TOTP.activate(person, SECRET)
    client.post(reverse("account_reset_password"), {"email": EMAIL})
    link = re.search(r"http://testserver(/accounts/password/reset/key/[^/\s]+/)", mail.outbox[-1].body)[1]
    form = client.get(link, follow=True)
    new = "quite another horse"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert not is_in(client)
    assert sign_in(client, new).url == reverse("mfa_authenticate")


# --- Codes by mail ---------------------------------------------------------------------------------------------------
def code_of(client) -> tuple[str, str]:
    url = client.post(reverse("account_request_login_code"), {"email": EMAIL}).url
    return url, re.search(r"^([A-Z0-9-]{6,9})$", mail.outbox[-1].body, re.MULTILINE)[1]


def test_mailed_code_dies_after_five_minutes(client, person):
    with time_machine.travel(NOW, tick=False) as clock:
        url, code = code_of(client)
        clock.shift(timedelta(minutes=5, seconds=5))
        client.post(url, {"code": code})
        assert not is_in(client)


def test_mailed_code_belongs_to_the_browser_that_asked(client, person):
    url, code = code_of(client)
    other = type(client)()
    other.post(url, {"code": code})
    assert not is_in(other)


# --- Sessions --------------------------------------------------------------------------------------------------------
def test_proving_again_makes_a_new_key(client, person):
    sign_in(client)
    before = client.session.session_key
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    after = client.session.session_key
    assert before != after
    assert not Session.objects.filter(session_key=before).exists()
    assert UserSession.objects.filter(session_key=after, user=person).count() == 1
    assert is_in(client)


def test_session_ends_after_a_fortnight(client, person):
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(client, remember="on")
        for _ in range(5):
            clock.shift(timedelta(hours=67))
            assert is_in(client)
        clock.shift(timedelta(hours=2))
        # Redis forgets by its own clock, which no test can move.
        caches["sessions"].clear()
        assert not is_in(client)


@pytest.mark.parametrize(("roles", "hours"), [({}, 72), ({"is_teacher": True}, 8), ({"is_staff": True}, 8)])
def test_sign_in_that_nobody_uses_ends(client, person, roles, hours):
    User.objects.filter(pk=person.pk).update(**roles)
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(client, remember="on")
        for _ in range(3):
            clock.shift(timedelta(hours=hours) - timedelta(minutes=11))
            assert is_in(client), "each use counts"
        clock.shift(timedelta(hours=hours, minutes=11))
        assert not is_in(client)


def test_signed_out_key_opens_nothing(client, person):
    sign_in(client)
    kept = client.cookies["sessionid"].value
    page = client.get(reverse("person-settings"))
    assert "no-store" in page.headers["Cache-Control"]
    client.post(reverse("account_logout"))
    client.cookies["sessionid"] = kept
    assert not is_in(client)


def test_closed_account_is_out_at_once(client, person):
    sign_in(client)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not is_in(client)


def test_signing_out_is_on_the_page(client, person):
    sign_in(client)
    for name in ("student-home", "person-settings", "mfa_index", "consents", "family"):
        assert f'action="{reverse("account_logout")}"' in client.get(reverse(name)).content.decode(), name


def test_new_address_asks_who_it_is(client, person):
    sign_in(client)
    answer = client.post(reverse("account_email"), {"email": "other@example.net", "action_add": ""})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not EmailAddress.objects.filter(email="other@example.net").exists()


# --- The office ------------------------------------------------------------------------------------------------------
def test_office_removes_lost_factors_and_ends_sign_ins(client, cast, person):
    sign_in(client)
    TOTP.activate(person, SECRET)
    remove_factors(person=person, actor=cast.staff, now=NOW)
    assert not Authenticator.objects.filter(user=person).exists()
    assert not is_in(client)
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert (event.actor, event.before) == (cast.staff, {"kinds": ["totp"]})


def test_factors_of_staff_are_for_administrators(cast):
    boss = User.objects.create_superuser("boss@example.com", PASSWORD, name="Boss")
    with pytest.raises(NotPermittedError):
        remove_factors(person=boss, actor=cast.staff, now=NOW)
    with pytest.raises(NotPermittedError):
        remove_factors(person=boss, actor=boss, now=NOW)


# --- Other providers -------------------------------------------------------------------------------------------------
def test_equal_address_at_another_provider_opens_nothing(settings):
    """An account elsewhere is known by its provider and its id there, never by its address."""
    assert settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION is False
    assert SocialAccount._meta.unique_together == (("provider", "uid"),)


def test_provider_is_not_begun_by_a_link(settings):
    assert getattr(settings, "SOCIALACCOUNT_LOGIN_ON_GET", False) is False
