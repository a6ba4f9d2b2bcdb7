"""What the token endpoints take and give."""

from typing import Any

from rest_framework import serializers


class SignInSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=4096, style={"input_type": "password"})
    code = serializers.CharField(
        default="", allow_blank=True, max_length=20, help_text="For whoever has a second factor: a code of the app."
    )
    remember = serializers.BooleanField(
        default=False, help_text="Keeps the refresh token good for 30 days instead of 7."
    )


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send as `Authorization: Bearer …`. Good for 15 minutes.")
    refresh = serializers.CharField(help_text="Good for one use.")
