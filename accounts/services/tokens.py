"""API credentials: a short access token and a refresh token that is good for one use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.utils import has_verified_email
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from accounts.models import User
from common.errors import DomainError

REMEMBER = "remember"


class SignInError(DomainError):
    """The person is not let in. HTTP 401."""

    status = 401


@dataclass(frozen=True)
class TokenPair:
    """`access` opens the API for 15 minutes; `refresh` buys the next pair, once, within 7 days (30 if remembered)."""

    access: str
    refresh: str


def issue_tokens(*, user: User, remember: bool = False) -> TokenPair:
    """Tokens for somebody whose password was just checked. Raises SignInError for an inactive account or an address
    that is not confirmed yet."""
    check_may_enter(user)
    with transaction.atomic():
        token: Any = RefreshToken()
        token[api_settings.USER_ID_CLAIM] = str(user.pk)
        token[api_settings.REVOKE_TOKEN_CLAIM] = get_md5_hash_password(user.password)
        token[REMEMBER] = remember
        return _hand_out(token)


def rotate_tokens(*, refresh: str) -> TokenPair:
    """Trades a refresh token for a new pair; the old one is void from then on, also for a second caller at the same
    moment. Raises SignInError when it is used up, expired, revoked, or its person changed the password or left."""
    with transaction.atomic():
        token = _locked(refresh)
        user = User.objects.filter(pk=token.get(api_settings.USER_ID_CLAIM)).first()
        if user is None or token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
            raise _spent()
        check_may_enter(user)
        token.blacklist()
        token.set_jti()
        token.set_iat()
        return _hand_out(token)


def revoke_token(*, refresh: str) -> None:
    """Voids a refresh token. A token that is already void stays so; its access token ends within 15 minutes."""
    with transaction.atomic():
        try:
            _locked(refresh).blacklist()
        except SignInError:
            return


def revoke_all(*, user: User) -> None:
    """Voids every refresh token of the person; access tokens end within 15 minutes."""
    void = BlacklistedToken.objects.values("token_id")
    known = OutstandingToken.objects.select_for_update().filter(user=user).exclude(pk__in=void)
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=token) for token in known], ignore_conflicts=True)


def check_may_enter(user: User) -> None:
    """Raises SignInError unless the account is active and its e-mail address confirmed."""
    if not user.is_active:
        raise SignInError(_("This account is closed. Ask your institute."), "inactive")
    if not has_verified_email(user):
        raise SignInError(_("Confirm your e-mail address first: open the link we mailed you."), "email_unverified")


def _locked(refresh: str) -> Any:
    """The refresh token, its row locked, so that of two callers with the same token the second finds it used."""
    try:
        token: Any = RefreshToken(refresh)  # type: ignore[arg-type]
    except TokenError as error:
        raise _spent() from error
    jti = token[api_settings.JTI_CLAIM]
    known = OutstandingToken.objects.select_for_update().filter(jti=jti).first()
    if known is None or BlacklistedToken.objects.filter(token=known).exists():
        raise _spent()
    return token


def _hand_out(token: Any) -> TokenPair:
    usual: timedelta = api_settings.REFRESH_TOKEN_LIFETIME
    token.set_exp(lifetime=settings.REMEMBERED_REFRESH_LIFETIME if token.get(REMEMBER) else usual)
    # The row is how a token is revoked; the token itself, good for 30 days, has no business in a database.
    OutstandingToken.objects.create(
        user_id=token[api_settings.USER_ID_CLAIM],
        jti=token[api_settings.JTI_CLAIM],
        token="",
        created_at=token.current_time,
        expires_at=datetime_from_epoch(token["exp"]),
    )
    return TokenPair(access=str(token.access_token), refresh=str(token))


def _spent() -> SignInError:
    return SignInError(_("This sign-in has ended. Sign in again."), "token_not_valid")
