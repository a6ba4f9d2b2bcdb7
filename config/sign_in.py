"""Whom people may sign in with besides us. Nobody, unless the environment names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.env import Env

PROVIDERS = "allauth.socialaccount.providers"


@dataclass(frozen=True)
class Social:
    """What the settings need: apps to install, allauth's SOCIALACCOUNT_PROVIDERS, and where a form may lead to."""

    apps: list[str]
    providers: dict[str, dict[str, Any]]
    origins: list[str]


def social_of(env: Env) -> Social:
    """The providers whose client id is set: GOOGLE_, MICROSOFT_ and OIDC_ (any provider of OpenID Connect)."""
    made = Social([], {}, [])
    if client := _client(env.text("GOOGLE_CLIENT_ID", ""), env.text("GOOGLE_CLIENT_SECRET", ""), "GOOGLE"):
        options = {"SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True}
        _add(made, "google", client, "https://accounts.google.com", **options)
    if client := _client(env.text("MICROSOFT_CLIENT_ID", ""), env.text("MICROSOFT_CLIENT_SECRET", ""), "MICROSOFT"):
        tenant = env.text("MICROSOFT_TENANT", "organizations")
        client["settings"] = {"tenant": tenant}
        _add(made, "microsoft", client, "https://login.microsoftonline.com")
    if client := _client(env.text("OIDC_CLIENT_ID", ""), env.text("OIDC_CLIENT_SECRET", ""), "OIDC"):
        issuer = urlsplit(env.url("OIDC_ISSUER", ""))
        if issuer.scheme != "https":
            raise ImproperlyConfigured("OIDC_ISSUER must begin with https://.")
        client |= {
            "provider_id": "oidc",
            "name": env.text("OIDC_NAME"),
            "settings": {"server_url": issuer.geturl(), "oauth_pkce_enabled": True},
        }
        origins = env.names("OIDC_ORIGINS") or [f"https://{issuer.netloc}"]
        _add(made, "openid_connect", client, *origins)
    return made


def _client(client_id: str, secret: str, name: str) -> dict[str, Any]:
    """The client of `name`, or nothing when it is not set. One half alone is a mistake."""
    if bool(client_id) != bool(secret):
        raise ImproperlyConfigured(f"{name}_CLIENT_ID and {name}_CLIENT_SECRET are set together or not at all.")
    return {"client_id": client_id, "secret": secret} if client_id else {}


def _add(made: Social, provider: str, client: dict[str, Any], *origins: str, **options: Any) -> None:
    made.apps.append(f"{PROVIDERS}.{provider}")
    made.providers[provider] = {"APPS": [client], **options}
    made.origins.extend(origins)
