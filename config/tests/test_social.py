"""Other providers to sign in with come from the environment alone."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Env
from config.sign_in import social_of


def test_nobody_by_default():
    made = social_of(Env({}))
    assert (made.apps, made.providers, made.origins) == ([], {}, [])


def test_three_kinds():
    made = social_of(
        Env({
            "GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET": "s", "MICROSOFT_CLIENT_ID": "m",
            "MICROSOFT_CLIENT_SECRET": "s", "MICROSOFT_TENANT": "school", "OIDC_CLIENT_ID": "o",
            "OIDC_CLIENT_SECRET": "s", "OIDC_NAME": "Our school", "OIDC_ISSUER": "https://id.school.example/realm",
        })
    )  # fmt: skip
    assert [app.rsplit(".", 1)[1] for app in made.apps] == ["google", "microsoft", "openid_connect"]
    assert made.providers["microsoft"]["APPS"][0]["settings"] == {"tenant": "school"}
    assert made.providers["openid_connect"]["APPS"][0]["name"] == "Our school"
    assert made.origins == [
        "https://accounts.google.com", "https://login.microsoftonline.com", "https://id.school.example",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [
    {"GOOGLE_CLIENT_ID": "g"},
    {"GOOGLE_CLIENT_SECRET": "s"},
    {"OIDC_CLIENT_ID": "o", "OIDC_CLIENT_SECRET": "s", "OIDC_NAME": "x"},
    {"OIDC_CLIENT_ID": "o", "OIDC_CLIENT_SECRET": "s", "OIDC_NAME": "x", "OIDC_ISSUER": "http://id.example"},
    {"OIDC_CLIENT_ID": "o", "OIDC_CLIENT_SECRET": "s", "OIDC_ISSUER": "https://id.example"},
])  # fmt: skip
def test_half_a_provider_stops_the_start(given):
    with pytest.raises(ImproperlyConfigured):
        social_of(Env(given))
