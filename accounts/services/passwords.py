"""How passwords are kept, and which ones nobody may have. The figures behind the hash are in
docs/decisions/0003-argon2.md."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Digests of passwords that breaches made public, of those that are long enough here; see the README beside it.
BREACHED = Path(__file__).resolve().parents[1] / "data" / "breached-passwords.bin"
#: Bytes of each: of ten million other passwords about one is taken for one of these.
DIGEST = 5
SHORTEST = 10


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane. A hash with other parameters is renewed at the next sign-in."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


class OwnWordsValidator:
    """Refuses passwords with a word of this installation (PASSWORD_WORDS): the first to be tried here."""

    def validate(self, password: str, user: Any = None) -> None:
        if any(word in password.casefold() for word in settings.PASSWORD_WORDS):
            raise ValidationError(self.get_help_text(), code="password_own_words")

    def get_help_text(self) -> str:
        return str(_("The password may not have the name of this site or of the institute in it."))


class BreachedValidator:
    """Refuses passwords that are known from breaches, whatever their case; nobody else is asked about them."""

    def validate(self, password: str, user: Any = None) -> None:
        if is_breached(password):
            raise ValidationError(self.get_help_text(), code="password_breached")

    def get_help_text(self) -> str:
        return str(_("Passwords that are known from breaches of other sites are not taken."))


def is_breached(password: str) -> bool:
    """Whether it stands in the list of this installation."""
    wanted, known = digest_of(password), _known()
    place = bisect_left(range(len(known) // DIGEST), wanted, key=lambda at: known[at * DIGEST : (at + 1) * DIGEST])
    return known[place * DIGEST : (place + 1) * DIGEST] == wanted


def digest_of(password: str) -> bytes:
    return hashlib.sha256(password.casefold().encode()).digest()[:DIGEST]


def pack(passwords: Iterable[str]) -> bytes:
    """The list as it is kept: digests in order, of those that are not refused as too short or as digits alone."""
    long_enough = (one for one in passwords if len(one) >= SHORTEST and not one.isdigit())
    return b"".join(sorted({digest_of(one) for one in long_enough}))


@cache
def _known() -> bytes:
    return BREACHED.read_bytes()
