"""The two proofs of web push, pure: encryption for one browser (RFC 8291) and who sends (VAPID, RFC 8292).

Written out over `cryptography` and `pyjwt`, which we have anyway: a message must leave through `common.outgoing`, to
the very address that was judged, and the library that does both would bring its own client for requests.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
RECORD_SIZE = 4096
# One record holds the text, a byte that ends it and the cipher's tag; services take 4096 bytes at most.
MAX_TEXT = RECORD_SIZE - 86 - 17
VAPID_LIFETIME = timedelta(hours=12)


def make_private_key() -> str:
    """A new key for VAPID_PRIVATE_KEY, base64url."""
    number = ec.generate_private_key(CURVE).private_numbers().private_value
    return encode(number.to_bytes(32, "big"))


def public_key_of(private_key: str) -> str:
    """What a browser is given with a subscription, base64url of 65 bytes."""
    return encode(_point(load_private_key(private_key).public_key()))


def load_private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError when it is none."""
    return ec.derive_private_key(int.from_bytes(decode(text), "big"), CURVE)


def check_subscription(*, p256dh: str, auth: str) -> None:
    """Raises ValueError unless these can be encrypted for."""
    ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(p256dh))
    if len(decode(auth)) != 16:
        raise ValueError("The secret of a subscription has 16 bytes.")


def encrypt(
    text: bytes,
    *,
    p256dh: str,
    auth: str,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push message, `Content-Encoding: aes128gcm`. `text` has MAX_TEXT bytes at most. `salt` and `sender`
    are for the RFC's example; otherwise they are new each time."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"{len(text)} bytes do not fit into a push message.")
    salt, sender = salt or secrets.token_bytes(16), sender or ec.generate_private_key(CURVE)
    theirs, ours = decode(p256dh), _point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    secret = _derive(shared, decode(auth), b"WebPush: info\0" + theirs + ours, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, text + b"\x02", None)
    return salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours + sealed


def vapid_header(*, origin: str, private_key: str, contact: str, now: datetime) -> str:
    """The header Authorization for the push service at `origin`. `contact`: a mailto or https address of ours."""
    claims = {"aud": origin, "exp": int((now + VAPID_LIFETIME).timestamp()), "sub": contact}
    token = jwt.encode(claims, load_private_key(private_key), algorithm="ES256")
    return f"vapid t={token}, k={public_key_of(private_key)}"


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Of base64url, padded or not. Raises ValueError."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("This is no base64url.") from error


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
