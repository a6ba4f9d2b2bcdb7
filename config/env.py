"""Strict reader of environment variables: a wrong value stops the start with a clear sentence."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
REDIS = ("redis://", "rediss://")


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
        if not (value.isascii() and value.isdigit()) or not minimum <= int(value) <= maximum:
            raise ImproperlyConfigured(f"{name} is '{value}', but must be a whole number from {minimum} to {maximum}.")
        return int(value)

    def names(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.source.get(name, default).split(",") if part.strip()]

    def networks(self, name: str) -> list[str]:
        """Networks such as 10.0.0.0/8, separated by commas."""
        found = self.names(name)
        for text in found:
            try:
                ip_network(text)
            except ValueError as error:
                message = f"{name} names '{text}', but must name networks such as 10.0.0.0/8."
                raise ImproperlyConfigured(message) from error
        return found

    def url(self, name: str, default: str) -> str:
        """An address of the web, without a slash at its end."""
        value = self.text(name, default)
        parts = _split(value, name)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ImproperlyConfigured(f"{name} is '{value}', but must be an address such as https://abhyas.example.")
        return value.rstrip("/")

    def rate(self, name: str, default: str) -> str:
        """How often something may be done: `100/min`, with s, min, hour or day."""
        value = self.text(name, default)
        if not re.fullmatch(r"[0-9]+/(s|sec|m|min|h|hour|d|day)", value):
            raise ImproperlyConfigured(f"{name} is '{value}', but must be a number per time, such as 100/min.")
        return value

    def zone(self, name: str, default: str) -> str:
        """A time zone by its IANA name."""
        value = self.text(name, default)
        if value not in available_timezones():
            raise ImproperlyConfigured(f"{name} is '{value}', but must be a time zone such as Asia/Kolkata.")
        return value

    def key(self, name: str) -> str:
        """The 32 bytes of a private key as base64url, or nothing."""
        value = self.text(name, "")
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", value):
            raise ImproperlyConfigured(f"{name} must be 43 letters and digits, as manage.py make_vapid_key says.")
        return value

    def broker(self, name: str, default: str) -> str:
        """`djangodb://` (the database) or `redis://host:port/db`."""
        value = self.text(name, default)
        if value != "djangodb://" and not value.startswith(REDIS):
            raise ImproperlyConfigured(f"{name} is '{_shown(value)}', but must be djangodb:// or start with redis://.")
        return value

    def live(self, name: str, default: str) -> str:
        """`database://` or `redis://host:port/db`."""
        value = self.text(name, default)
        if value != "database://" and not value.startswith(REDIS):
            raise ImproperlyConfigured(f"{name} is '{_shown(value)}', but must be database:// or start with redis://.")
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        """`sqlite:///path` or `postgres://user:password@host:port/name?pool_max=8` as a Django DATABASES entry."""
        url = self.text(name, default)
        parts = _split(url, name)
        if parts.scheme == "sqlite":
            return _sqlite(parts.path, name)
        if parts.scheme in {"postgres", "postgresql"}:
            return _postgres(parts, name)
        raise ImproperlyConfigured(f"{name} is '{_shown(url)}', but must start with sqlite:/// or postgres://.")

    def cache(self, name: str, default: str) -> dict[str, Any]:
        """`locmem://` or `redis://host:port/db` as a Django CACHES entry."""
        return self._cache(name, default, "SteadyRedisCache")

    def session_cache(self, name: str, default: str) -> dict[str, Any]:
        """The same for sessions, which are in their table too."""
        return self._cache(name, default, "SessionRedisCache")

    def _cache(self, name: str, default: str, on_redis: str) -> dict[str, Any]:
        url = self.text(name, default)
        if url == "locmem://":
            return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        if url.startswith(REDIS):
            return {"BACKEND": f"config.cache.{on_redis}", "LOCATION": url}
        raise ImproperlyConfigured(f"{name} is '{_shown(url)}', but must be locmem:// or start with redis://.")

    def email(self, name: str, default: str) -> dict[str, Any]:
        """`console://`, `file:///folder`, `smtp://user:password@host:port?tls=1`, `ses://region` as Django settings."""
        url = self.text(name, default)
        parts = _split(url, name)
        if parts.scheme == "console":
            return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
        if parts.scheme == "file" and parts.path and not parts.netloc:
            return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": parts.path}
        if parts.scheme == "ses" and parts.hostname:
            return {
                "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
                "ANYMAIL": {"AMAZON_SES_CLIENT_PARAMS": {"region_name": parts.hostname}},
            }
        if parts.scheme == "smtp" and parts.hostname:
            options = Env(_options(parts, name, {"tls"}))
            return {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": parts.hostname,
                "EMAIL_PORT": parts.port or 587,
                "EMAIL_HOST_USER": unquote(parts.username or ""),
                "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
                "EMAIL_USE_TLS": options.flag("tls", False),
                "EMAIL_TIMEOUT": 20,
            }
        raise ImproperlyConfigured(
            f"{name} is '{_shown(url)}', but must be console://, file:///…, smtp://host:587?tls=1 or ses://region."
        )


def _split(url: str, name: str) -> SplitResult:
    """The parts of an address whose port is a number."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - read only when asked for
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is '{_shown(url)}', which is no address: {error}.") from error
    return parts


def _shown(url: str) -> str:
    """The address as it may stand in a log: without its password."""
    return re.sub(r"(?<=://)([^/@]*):[^/]*@", r"\1:***@", url)


def _options(parts: SplitResult, name: str, known: set[str]) -> dict[str, str]:
    """What stands behind the question mark."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = set(options) - known
    if unknown:
        raise ImproperlyConfigured(f"{name} has unknown options: {', '.join(sorted(unknown))}.")
    return options


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


# A request waits so long for a connection. One that cannot be made is tried after 1, 3 and 7 s and then given up, so
# that the next request tries at once: the pool would double its pauses beyond what a restart of PostgreSQL takes.
POOL_SECONDS = {"timeout": 8, "reconnect_timeout": 5}


def _postgres(parts: SplitResult, name: str) -> dict[str, Any]:
    database = parts.path.lstrip("/")
    if not database:
        raise ImproperlyConfigured(f"{name} needs a database name: postgres://user:password@host:5432/abhyas.")
    query = _options(parts, name, {"pool_max", "sslmode"})
    pool_max = Env(query).number("pool_max", 8, minimum=1, maximum=1000)
    options: dict[str, Any] = {"pool": {"min_size": 1, "max_size": pool_max} | POOL_SECONDS}
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
