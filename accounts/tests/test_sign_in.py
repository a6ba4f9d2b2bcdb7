"""Signing up, confirming the address, signing in, being locked out, resetting the password."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.urls import reverse

from accounts.models import User
from accounts.services.people import create_person
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db
EMAIL = "meera@example.com"
LOCKED = "Too many failed sign-ins. Wait 15 minutes and try again, or reset your password."
WRONG = "The e-mail address or the password is not right."


@pytest.fixture
def person():
    return create_person(
        email=EMAIL, name="Meera Nair", password=PASSWORD, roles={"student"}, verified_email=True, now=NOW
    )


def sign_in(client, password=PASSWORD, email=EMAIL, ip="203.0.113.1"):
    return client.post(reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=ip)


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def sign_up(client, **changes):
    given = {"name": "Meera Nair", "email": EMAIL, "password1": PASSWORD}
    return client.post(reverse("account_signup"), {**given, **changes})


def link_in(message, pattern: str) -> str:
    return re.search(rf"http://testserver({pattern})", message.body)[1]


def test_sign_up_then_confirm_then_sign_in(client):
    assert sign_up(client).url == reverse("account_email_verification_sent")
    person = User.objects.get()
    assert (person.name, person.is_student, person.is_teacher, person.is_staff) == ("Meera Nair", True, False, False)
    assert person.student_profile.grade == ""
    assert sign_in(client).url == reverse("account_email_verification_sent")
    assert not signed_in(client)

    link = link_in(mail.outbox[0], r"/accounts/confirm-email/[^/\s]+/")
    client.get(link)
    assert not EmailAddress.objects.get().verified, "a mail scanner that opens the link must not confirm it"
    client.post(link)
    assert EmailAddress.objects.get().verified
    sign_in(client)
    assert signed_in(client)


@pytest.mark.parametrize(
    ("field", "value"),
    [("password1", "short"), ("password1", "1234567890"), ("email", "nonsense"), ("name", "")],
)
def test_sign_up_with_a_wrong_value_makes_nobody(client, field, value):
    response = sign_up(client, **{field: value})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not User.objects.exists()


def test_address_longer_than_addresses_are_is_refused(client, person):
    """Django's form field takes 320 characters, the column 254: PostgreSQL would refuse the row."""
    email = "a" * 245 + "@example.com"
    signup = client.post(reverse("account_signup"), {"email": email, "name": "Long", "password1": PASSWORD})
    assert signup.context["form"].errors["email"] == ["This e-mail address is too long."]
    client.force_login(person)
    another = client.post(reverse("account_email"), {"email": email, "action_add": ""})
    assert another.context["form"].errors["email"] == ["This e-mail address is too long."]
    assert not EmailAddress.objects.filter(email=email).exists()


def test_sign_up_does_not_tell_that_an_address_is_known(client, person):
    known, unknown = sign_up(client), sign_up(client, email="new@example.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert User.objects.count() == 2
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_sign_up_gives_no_other_role(client):
    sign_up(client, is_staff="on", is_teacher="on", roles="staff")
    person = User.objects.get()
    assert (person.is_staff, person.is_teacher, person.is_superuser) == (False, False, False)


def test_sign_up_can_be_closed(client, settings):
    settings.SIGNUP_OPEN = False
    sign_up(client)
    assert not User.objects.exists()


def test_sign_in_with_any_case_of_the_address(client, person):
    sign_in(client, email="Meera@Example.COM")
    assert signed_in(client)


def test_wrong_password_and_unknown_address_read_the_same(client, person):
    wrong, unknown = sign_in(client, "not it at all"), sign_in(client, email="nobody@example.com")
    for response in (wrong, unknown):
        assert response.context["form"].non_field_errors() == [WRONG]
    assert not signed_in(client)


def test_inactive_person_is_not_let_in(client, person):
    User.objects.update(is_active=False)
    assert sign_in(client).url == reverse("account_inactive")
    assert not signed_in(client)


def test_five_failures_lock_for_fifteen_minutes(client, person):
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(5):
            assert sign_in(client, "wrong password").context["form"].non_field_errors() == [WRONG]
        refused = sign_in(client)
        assert refused.context["form"].non_field_errors() == [LOCKED]
        assert not signed_in(client)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert sign_in(client).context["form"].non_field_errors() == [LOCKED]
        clock.shift(timedelta(seconds=2))
        sign_in(client)
        assert signed_in(client)


def test_lock_counts_any_case_of_the_address(client, person):
    for email in (EMAIL, EMAIL.upper(), "Meera@example.com", f" {EMAIL}", EMAIL):
        sign_in(client, "wrong password", email=email)
    assert sign_in(client).context["form"].non_field_errors() == [LOCKED]


def test_lock_holds_for_one_network_address_only(client, person):
    for _ in range(6):
        sign_in(client, "wrong password", ip="198.51.100.7")
    sign_in(client, ip="203.0.113.1")
    assert signed_in(client), "somebody guessing elsewhere must not lock the owner out"


def test_lock_is_per_person(client, person):
    for _ in range(6):
        sign_in(client, "wrong password", email="other@example.com")
    sign_in(client)
    assert signed_in(client)


def test_success_does_not_wipe_earlier_failures(client, person):
    for _ in range(4):
        sign_in(client, "wrong password")
    sign_in(client)
    client.logout()
    sign_in(client, "wrong password")
    assert sign_in(client).context["form"].non_field_errors() == [LOCKED]


def test_forwarding_header_is_not_believed(client, person):
    for n in range(6):
        client.post(
            reverse("account_login"),
            {"login": EMAIL, "password": "wrong password"},
            REMOTE_ADDR="203.0.113.1",
            HTTP_X_FORWARDED_FOR=f"198.51.100.{n}",
        )
    assert sign_in(client).context["form"].non_field_errors() == [LOCKED]


def test_back_office_sign_in_is_the_one_with_the_lock(client, person):
    response = client.get(reverse("admin:login"))
    assert (response.status_code, response.url.split("?")[0]) == (302, reverse("account_login"))


def test_reset_link_works_once_and_for_half_an_hour(client, person):
    with time_machine.travel(NOW, tick=False) as clock:
        client.post(reverse("account_reset_password"), {"email": EMAIL})
        link = link_in(mail.outbox[-1], r"/accounts/password/reset/key/[^/\s]+/")
        clock.shift(timedelta(minutes=29))
        form = client.get(link, follow=True)
        new = "quite another horse"
        client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
        person.refresh_from_db()
        assert person.check_password(new)
        again = client.get(link, follow=True)
        assert again.context["token_fail"]


def test_reset_link_dies_after_half_an_hour(client, person):
    with time_machine.travel(NOW, tick=False) as clock:
        client.post(reverse("account_reset_password"), {"email": EMAIL})
        link = link_in(mail.outbox[-1], r"/accounts/password/reset/key/[^/\s]+/")
        clock.shift(timedelta(minutes=30, seconds=1))
        assert client.get(link, follow=True).context["token_fail"]


def test_reset_does_not_tell_whether_an_address_is_known(client, person):
    known = client.post(reverse("account_reset_password"), {"email": EMAIL})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert person.email in mail.outbox[0].to


def test_password_change_ends_other_sessions(client, person):
    other = type(client)()
    sign_in(client)
    sign_in(other)
    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "quite another horse", "password2": "quite another horse"},
    )
    assert client.get(reverse("person-settings")).status_code == 200
    assert other.get(reverse("person-settings")).status_code == 302


def test_passwords_are_kept_with_argon2id_and_old_hashes_renewed(client, person, settings):
    settings.PASSWORD_HASHERS = [
        "accounts.services.passwords.Argon2Hasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save()
    sign_in(client)
    person.refresh_from_db()
    assert signed_in(client)
    assert person.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


RULES = b"At least 10 characters, not only digits, not your name or address."


def test_every_new_password_is_asked_for_with_the_same_sentence(client, person):
    pages = [client.get(reverse("account_signup"))]
    client.post(reverse("account_reset_password"), {"email": EMAIL})
    link = link_in(mail.outbox[-1], r"/accounts/password/reset/key/[^/\s]+/")
    pages.append(client.get(link, follow=True))
    client.force_login(person)
    pages.append(client.get(reverse("account_change_password")))
    assert [page.content.count(RULES) for page in pages] == [1, 1, 1]


def test_a_new_password_that_is_wrong_is_said_beside_its_box(client, person):
    client.force_login(person)
    sent = {"oldpassword": PASSWORD, "password1": "quite another horse", "password2": "quite another cow"}
    page = client.post(reverse("account_change_password"), sent).content.decode()
    assert "You must type the same password each time." in page
    assert page.index("id_password2") < page.index("You must type the same password each time.")
