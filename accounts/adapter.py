"""How allauth behaves here: who may sign up, how failures are counted, what an unverified person is told."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.consents import asked_again
from accounts.services.people import adopt_person
from accounts.services.second_factor import needs_second_factor
from common.sealing import seal, unseal

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

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To the consents whose text is newer than the one agreed to, once after a sign-in; nothing waits for them."""
        person = request.user
        if isinstance(person, User) and asked_again(actor=person, now=timezone.now()):
            return reverse("consents")
        return str(super().get_login_redirect_url(request))

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


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. Codes of an app change every 30 seconds."),
        "unverified_email": _("Confirm all your e-mail addresses first, or remove those that are not confirmed."),
        "cannot_delete_authenticator": _("Your institute wants a second factor. Set up another one first."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text, purpose="second factor")

    def decrypt(self, encrypted_text: str) -> str:
        # What was sealed under a key that is gone opens nothing, and is no error page.
        return unseal(encrypted_text, purpose="second factor") or ""

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Whoever must have a second factor keeps at least one."""
        kinds = ("totp", "webauthn")
        others = type(authenticator).objects.filter(user_id=authenticator.user_id, type__in=kinds)
        return not needs_second_factor(authenticator.user) or others.exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return str(_("Passkey"))


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever comes through another provider for the first time is a student, as at the sign-up page."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "email_taken": _(
            "There is an account with this e-mail address. Sign in to it, then connect %s in your settings."
        ),
        "connected_other": _("That account is connected to somebody else here."),
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("name"), f"{data.get('first_name') or ''} {data.get('last_name') or ''}".strip(), user.email)
        user.name = next((part for part in parts if part), "")[:120]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        adopt_person(person=user, now=timezone.now())
        return user
