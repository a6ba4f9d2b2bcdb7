"""Strict reader of environment variables: a wrong value stops the start with a clear sentence."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Env:
    """Reads settings from `source` (normally `os.environ`)."""

    source: Mapping[str, str]

    def text(self, name: str, default: str | None = None, *, choices: tuple[str, ...] = ()) -> str:
        value = self.source.get(name, default)
        if value is None or (value == "" and default is None):
            raise ImproperlyConfigured(f"The environment variable {name} must be set.")
        if choices and value not in choices:
            raise ImproperlyConfigured(f"{name} is '{value}', but must be one of: {', '.join(choices)}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.source.get(name)
        if value is None:
            return default
        if value.lower() in TRUE:
            return True
        if value.lower() in FALSE:
            return False
        raise ImproperlyConfigured(f"{name} is '{value}', but must be yes or no (1/0, true/false, on/off).")

    def number(self, name: str, default: int, *, minimum: int = 0, maximum: int = 10**9) -> int:
        value = self.source.get(name)
        if value is None:
            return default
        if not value.isdigit() or not minimum <= int(value) <= maximum:
            raise ImproperlyConfigured(f"{name} is '{value}', but must be a whole number from {minimum} to {maximum}.")
        return int(value)

    def names(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.source.get(name, default).split(",") if part.strip()]

    def database(self, name: str, default: str) -> dict[str, Any]:
        """`sqlite:///path` or `postgres://user:password@host:port/name?pool_max=8` as a Django DATABASES entry."""
        url = self.text(name, default)
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _sqlite(parts.path, name)
        if parts.scheme in {"postgres", "postgresql"}:
            return _postgres(parts, name)
        raise ImproperlyConfigured(f"{name} is '{url}', but must start with sqlite:/// or postgres://.")

    def cache(self, name: str, default: str) -> dict[str, Any]:
        """`locmem://` or `redis://host:port/db` as a Django CACHES entry."""
        url = self.text(name, default)
        if url == "locmem://":
            return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        if url.startswith(("redis://", "rediss://")):
            return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
        raise ImproperlyConfigured(f"{name} is '{url}', but must be locmem:// or start with redis://.")

    def email(self, name: str, default: str) -> dict[str, Any]:
        """`console://`, `file:///folder`, `smtp://user:password@host:port?tls=1`, `ses://region` as Django settings."""
        url = self.text(name, default)
        parts = urlsplit(url)
        if parts.scheme == "console":
            return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
        if parts.scheme == "file":
            return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": parts.path}
        if parts.scheme == "ses":
            return {
                "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
                "ANYMAIL": {"AMAZON_SES_CLIENT_PARAMS": {"region_name": parts.hostname or ""}},
            }
        if parts.scheme == "smtp" and parts.hostname:
            query = dict(parse_qsl(parts.query))
            return {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": parts.hostname,
                "EMAIL_PORT": parts.port or 587,
                "EMAIL_HOST_USER": unquote(parts.username or ""),
                "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
                "EMAIL_USE_TLS": query.get("tls", "0") == "1",
                "EMAIL_TIMEOUT": 20,
            }
        raise ImproperlyConfigured(f"{name} is '{url}', but must be console://, file:///…, smtp://… or ses://region.")


def _sqlite(path: str, name: str) -> dict[str, Any]:
    # sqlite:///relative.db has one leading slash, sqlite:////absolute.db two, as in other URL readers.
    location = path[1:]
    if not location:
        raise ImproperlyConfigured(f"{name} needs a file: sqlite:///var/abhyas.sqlite3.")
    if location != ":memory:":
        Path(location).parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": location,
        "OPTIONS": {
            # IMMEDIATE: a read-then-write transaction waits for its turn instead of failing halfway.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; "
            "PRAGMA mmap_size=134217728;",
        },
        "TEST": {"NAME": None},
    }


def _postgres(parts: Any, name: str) -> dict[str, Any]:
    database = parts.path.lstrip("/")
    if not database:
        raise ImproperlyConfigured(f"{name} needs a database name: postgres://user:password@host:5432/abhyas.")
    query = dict(parse_qsl(parts.query))
    unknown = set(query) - {"pool_max", "sslmode"}
    if unknown:
        raise ImproperlyConfigured(f"{name} has unknown options: {', '.join(sorted(unknown))}.")
    options: dict[str, Any] = {"pool": {"min_size": 1, "max_size": int(query.get("pool_max", "8")), "timeout": 20}}
    if "sslmode" in query:
        options["sslmode"] = query["sslmode"]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(database),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        # A pooled connection is checked before use, so that a restart of PostgreSQL fails no request after it.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


env = Env(os.environ)
