"""Signatures of webhooks: `t=<seconds>,v1=<hex>`, HMAC-SHA256 over "<seconds>.<raw body>". No ORM, no clock.

Several `v1` may be sent, as a sender does who is changing its secret; one that is right is enough.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from common.errors import DomainError

HEADER = "Abhyas-Signature"
#: How far the sender's time may be from ours, either way, in seconds.
TOLERANCE = 300
#: A future time is a wrong clock: it is forgiven this much only.
FUTURE = 30
MAX_HEADER = 1000
MAX_SIGNATURES = 5


class SignatureError(DomainError):
    """The sender is not who it says, or says it too late. HTTP 401."""

    status = 401


def sign(*, secret: str, timestamp: int, body: bytes) -> str:
    """The signature in hexadecimal."""
    return hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()


def header_for(*, secret: str, timestamp: int, body: bytes) -> str:
    """What a sender puts into the header."""
    return f"t={timestamp},v1={sign(secret=secret, timestamp=timestamp, body=body)}"


def verify(*, header: str, body: bytes, secrets: Collection[str], now: datetime) -> None:
    """Raises SignatureError unless one of `secrets` signed `body` within the last five minutes.

    Codes: signature_missing, signature_malformed, signature_wrong, timestamp_old, timestamp_future. The time is judged
    only after the signature, so that the code says nothing to who cannot sign.
    """
    timestamp, given = _parts(header)
    matches = [
        hmac.compare_digest(sign(secret=secret, timestamp=timestamp, body=body), each)
        for secret in secrets
        for each in given
    ]
    if not any(matches):
        raise SignatureError(_("The signature does not fit the body."), "signature_wrong")
    age = now.timestamp() - timestamp
    if age > TOLERANCE:
        raise SignatureError(_("This was signed more than five minutes ago. Sign it again."), "timestamp_old")
    if age < -FUTURE:
        raise SignatureError(_("This is signed with a time in the future. Set the clock right."), "timestamp_future")


def _parts(header: str) -> tuple[int, list[str]]:
    if not header:
        raise SignatureError(_("The header %(name)s is missing.") % {"name": HEADER}, "signature_missing")
    pairs = [part.strip().partition("=") for part in header[:MAX_HEADER].split(",")]
    times = [value for name, _sign, value in pairs if name == "t"]
    given = [value for name, _sign, value in pairs if name == "v1"]
    # compare_digest takes ASCII only, and a time of more digits would be no time.
    well_formed = (
        len(header) <= MAX_HEADER
        and len(times) == 1
        and times[0].isascii()
        and times[0].isdigit()
        and len(times[0]) <= 12
        and 1 <= len(given) <= MAX_SIGNATURES
        and all(value.isascii() for value in given)
    )
    if not well_formed:
        message = _("The header %(name)s must read t=<seconds>,v1=<hexadecimal digits>.") % {"name": HEADER}
        raise SignatureError(message, "signature_malformed")
    return int(times[0]), given
