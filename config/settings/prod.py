"""Production: PostgreSQL, Redis, object storage, TLS in front. Every value comes from the environment."""

import sentry_sdk

from config.env import env
from config.logs import configure_logging
from config.settings.base import *  # noqa: F403 - a settings module is its names
from config.settings.base import LOG_LEVEL, RELEASE, SENTRY_DSN

SECRET_KEY = env.text("SECRET_KEY")
env.text("DATABASE_URL")  # no default: an empty SQLite file instead of the institute's database helps nobody
SHOW_DEMO_ACCOUNTS = env.flag("ABHYAS_DEMO", False)
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = env.flag("COOKIES_SECURE", True)
CSRF_COOKIE_SECURE = env.flag("COOKIES_SECURE", True)
LOGGING = configure_logging(LOG_LEVEL, env.text("LOG_FORMAT", "json", choices=("console", "json")))

if SENTRY_DSN:
    sentry_sdk.init(dsn=SENTRY_DSN, release=RELEASE, send_default_pii=False, traces_sample_rate=0.05)
