"""How passwords are kept. The figures behind the choice are in docs/decisions/0003-argon2.md."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane. A hash with other parameters is renewed at the next sign-in."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
