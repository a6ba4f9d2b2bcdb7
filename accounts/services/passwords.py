"""How passwords are kept, and words they may not have. The figures behind the choice are in
docs/decisions/0003-argon2.md."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


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
