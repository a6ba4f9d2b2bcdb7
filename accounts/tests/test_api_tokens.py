"""API tokens: the same rules as the sign-in page, one use per refresh token, nothing left after a password change."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.urls import reverse
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
from accounts.services.people import create_person
from accounts.services.tokens import SignInError, issue_tokens, rotate_tokens
from common.testing.database import run_at_once
from tests.factories import NOW, PASSWORD

EMAIL = "meera@example.com"


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def person(db):
    return create_person(email=EMAIL, name="Meera", password=PASSWORD, roles={"student"}, verified_email=True, now=NOW)


def obtain(api, **changes):
    given = {"email": EMAIL, "password": PASSWORD}
    return api.post(reverse("api-token"), {**given, **changes}, format="json")


def refresh(api, token):
    return api.post(reverse("api-token-refresh"), {"refresh": token}, format="json")


def opens(api, access: str) -> int:
    """The status of an API call with the token; whether the door opens is what counts."""
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    status = api.get("/api/v1/exams/").status_code
    api.credentials()
    return status


def assert_refused(response, status: int, code: str, sentence: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["detail"]) == (code, sentence)


def test_tokens_open_the_api(api, person):
    response = obtain(api, email="Meera@Example.com")
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert response["Cache-Control"] == "no-store"
    assert opens(api, response.json()["access"]) == 200


def test_no_token_no_entry(api, person):
    response = api.get("/api/v1/exams/")
    assert response.status_code == 401
    assert "Bearer" in response["WWW-Authenticate"]


def test_wrong_password_and_unknown_address_read_the_same(api, person):
    sentence = "The e-mail address or the password is not right."
    assert_refused(obtain(api, password="wrong"), 401, "wrong_credentials", sentence)
    assert_refused(obtain(api, email="nobody@example.com"), 401, "wrong_credentials", sentence)


def test_missing_password_is_invalid(api, person):
    response = api.post(reverse("api-token"), {"email": EMAIL}, format="json")
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert "password" in response.json()["errors"]


def test_inactive_person_is_refused(api, person):
    User.objects.update(is_active=False)
    assert_refused(obtain(api), 401, "inactive", "This account is closed. Ask your institute.")


def test_unconfirmed_address_is_refused(api, person):
    EmailAddress.objects.update(verified=False)
    sentence = "Confirm your e-mail address first: open the link we mailed you."
    assert_refused(obtain(api), 401, "email_unverified", sentence)


def test_failures_here_and_on_the_page_count_together(api, client, person):
    for _ in range(3):
        obtain(api, password="wrong password")
    for _ in range(2):
        client.post(reverse("account_login"), {"login": EMAIL, "password": "wrong password"})
    assert_refused(
        obtain(api),
        429,
        "too_many_failures",
        "Too many failed sign-ins. Wait 15 minutes and try again, or reset your password.",
    )
    page = client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert page.context["form"].non_field_errors()[0].startswith("Too many failed sign-ins")


def test_access_ends_after_fifteen_minutes(api, person):
    with time_machine.travel(NOW, tick=False) as clock:
        access = obtain(api).json()["access"]
        clock.shift(timedelta(minutes=14, seconds=59))
        assert opens(api, access) == 200
        clock.shift(timedelta(seconds=2))
        assert opens(api, access) == 401


@pytest.mark.parametrize(("remember", "days"), [(False, 7), (True, 30)])
def test_refresh_lasts(api, person, remember, days):
    with time_machine.travel(NOW, tick=False) as clock:
        pair = obtain(api, remember=remember).json()
        clock.shift(timedelta(days=days, seconds=-1))
        pair = refresh(api, pair["refresh"]).json()
        # The promise holds for the token that came out of the trade, too.
        clock.shift(timedelta(days=days, seconds=-1))
        pair = refresh(api, pair["refresh"]).json()
        clock.shift(timedelta(days=days, seconds=1))
        assert refresh(api, pair["refresh"]).status_code == 401


def test_refresh_is_good_for_one_use(api, person):
    first = obtain(api).json()
    second = refresh(api, first["refresh"])
    assert second.status_code == 200
    assert second.json()["refresh"] != first["refresh"]
    assert opens(api, second.json()["access"]) == 200
    assert_refused(refresh(api, first["refresh"]), 401, "token_not_valid", "This sign-in has ended. Sign in again.")


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_refresh_with_nonsense(api, person, token):
    assert refresh(api, token).status_code in {401, 422}


def test_access_token_is_no_refresh_token(api, person):
    assert refresh(api, obtain(api).json()["access"]).status_code == 401


def test_refresh_token_that_was_never_handed_out_is_refused(api, person):
    forged = RefreshToken()
    forged["user_id"] = str(person.pk)
    assert refresh(api, str(forged)).status_code == 401


def test_database_holds_no_token(api, person):
    first = obtain(api).json()
    refresh(api, first["refresh"])
    assert list(OutstandingToken.objects.values_list("user", "token")) == [(person.pk, "")] * 2


def test_revoked_refresh_token_is_void_and_revoking_twice_is_fine(api, person):
    token = obtain(api).json()["refresh"]
    for _ in range(2):
        assert api.post(reverse("api-token-revoke"), {"refresh": token}, format="json").status_code == 204
    assert refresh(api, token).status_code == 401


def test_new_password_ends_every_token_at_once(api, person):
    pair = obtain(api).json()
    person.set_password("quite another horse")
    person.save()
    assert opens(api, pair["access"]) == 401
    assert refresh(api, pair["refresh"]).status_code == 401


def test_deactivated_person_is_out_at_once(api, person):
    pair = obtain(api).json()
    User.objects.update(is_active=False)
    assert opens(api, pair["access"]) == 401
    assert_refused(refresh(api, pair["refresh"]), 401, "inactive", "This account is closed. Ask your institute.")


def test_one_refresh_token_traded_ten_times_at_once_gives_one_pair(transactional_db):
    person = create_person(
        email=EMAIL, name="Meera", password=PASSWORD, roles={"student"}, verified_email=True, now=NOW
    )
    token = issue_tokens(user=person).refresh

    def trade() -> bool:
        try:
            rotate_tokens(refresh=token)
        except SignInError:
            return False
        return True

    assert sum(run_at_once([trade] * 10)) == 1
