"""How allauth behaves here: who may sign up, how failures are counted, what an unverified person is told."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

EMAIL_LENGTH: int = User._meta.get_field("email").max_length or 254


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _(
            "Too many failed sign-ins. Wait 15 minutes and try again, or reset your password."
        ),
        "email_password_mismatch": _("The e-mail address or the password is not right."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def clean_email(self, email: str) -> str:
        """Django's form field allows more characters than an address may have, and than the column holds."""
        if len(email) > EMAIL_LENGTH:
            raise ValidationError(_("This e-mail address is too long."), code="email_too_long")
        return str(super().clean_email(email))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures are counted per e-mail address and network address together: somebody guessing passwords elsewhere
        locks themselves out, not the owner of the address."""
        email = str(credentials.get("email", "")).strip().lower()
        return f"{email}|{self.get_client_ip(request)}"
