"""The embedded default: SQLite, local files, no server, no key. Also what `make run` starts for a small institute."""

import secrets
from collections.abc import Callable

from config.env import env
from config.logs import configure_logging
from config.settings.base import *  # noqa: F403 - a settings module is its names
from config.settings.base import VAR_DIR
from notifications.services.push_crypto import make_private_key

VAR_DIR.mkdir(parents=True, exist_ok=True)


def _kept_secret(name: str, make: Callable[[], str]) -> str:
    """A key made on the first start and kept beside the database: sessions and links outlive a restart."""
    path = VAR_DIR / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text().strip()


SECRET_KEY = env.text("SECRET_KEY", "") or _kept_secret("secret-key", lambda: secrets.token_urlsafe(50))
VAPID_PRIVATE_KEY = VAPID_PRIVATE_KEY or _kept_secret("vapid-key", make_private_key)  # noqa: F405
DEBUG = env.flag("DEBUG", False)
# The demonstration's accounts are for looking around; an institute that starts this for itself sets "required".
STAFF_SECOND_FACTOR = env.text("STAFF_SECOND_FACTOR", "optional", choices=("required", "optional"))
SHOW_DEMO_ACCOUNTS = env.flag("ABHYAS_DEMO", True)
LOGGING = configure_logging("WARNING" if "LOG_LEVEL" not in env.source else LOG_LEVEL, LOG_FORMAT)  # noqa: F405
