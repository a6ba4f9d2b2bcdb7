"""Getting, renewing and giving back API tokens."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from accounts.api.serializers import RefreshSerializer, SignInSerializer, TokenPairSerializer
from accounts.models import User
from accounts.services.second_factor import check_second_factor
from accounts.services.tokens import SignInError, TokenPair, issue_tokens, revoke_token, rotate_tokens
from common.errors import DomainError

REFUSED = OpenApiResponse(description="Problem details: why not, in one sentence.")


class LockedOutError(DomainError):
    """Too many failures. HTTP 429."""

    status = 429


class TokenView(APIView):
    """Open to everybody: whoever asks here has no token yet."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [AnonRateThrottle]


class ObtainTokenView(TokenView):
    @extend_schema(
        operation_id="auth_token_create",
        tags=["auth"],
        auth=[],
        request=SignInSerializer,
        responses={200: TokenPairSerializer, 401: REFUSED, 422: REFUSED, 429: REFUSED},
        summary="Sign in",
    )
    def post(self, request: Request) -> Response:
        asked = _valid(SignInSerializer, request)
        user = _authenticate(request, asked["email"], asked["password"])
        check_second_factor(user=user, code=asked["code"], now=timezone.now())
        return _answer(issue_tokens(user=user, remember=asked["remember"]))


class RefreshTokenView(TokenView):
    @extend_schema(
        operation_id="auth_token_refresh",
        tags=["auth"],
        auth=[],
        request=RefreshSerializer,
        responses={200: TokenPairSerializer, 401: REFUSED, 422: REFUSED},
        summary="Trade a refresh token for a new pair",
    )
    def post(self, request: Request) -> Response:
        return _answer(rotate_tokens(refresh=_valid(RefreshSerializer, request)["refresh"]))


class RevokeTokenView(TokenView):
    @extend_schema(
        operation_id="auth_token_revoke",
        tags=["auth"],
        auth=[],
        request=RefreshSerializer,
        responses={204: None, 422: REFUSED},
        summary="Sign out: void a refresh token",
    )
    def post(self, request: Request) -> Response:
        revoke_token(refresh=_valid(RefreshSerializer, request)["refresh"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _authenticate(request: Request, email: str, password: str) -> User:
    """Through allauth's adapter, so that failures here and on the sign-in page count together."""
    adapter = get_adapter(request._request)
    try:
        user: User | None = adapter.authenticate(request._request, email=email.strip().lower(), password=password)
    except ValidationError as error:
        raise LockedOutError(error.messages[0], "too_many_failures") from error
    if user is None:
        raise SignInError(str(adapter.error_messages["email_password_mismatch"]), "wrong_credentials")
    return user


def _valid(serializer: type[SignInSerializer] | type[RefreshSerializer], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _answer(pair: TokenPair) -> Response:
    return Response(TokenPairSerializer(pair).data, headers={"Cache-Control": "no-store"})
