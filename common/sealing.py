"""Secrets that must be read again (to sign with them) are kept encrypted, under a key that comes from SECRET_KEY. What
leaves the system signed is signed with another one from there."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


def seal(text: str, *, purpose: str) -> str:
    """`text` encrypted; what was sealed for one purpose opens for no other."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str | None:
    """What was sealed, or None when neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS opens it."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def signing_key(*, purpose: str) -> Ed25519PrivateKey:
    """The key of this installation to sign for one purpose with; it changes with SECRET_KEY."""
    return Ed25519PrivateKey.from_private_bytes(_derived(settings.SECRET_KEY, f"sign:{purpose}"))


def _box(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, purpose))) for key in keys])


def _derived(key: str | bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(force_bytes(key))
