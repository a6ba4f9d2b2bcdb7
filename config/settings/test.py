"""Settings of the test suite: the embedded default, or the servers named by DATABASE_URL, CACHE_URL and BROKER_URL."""

from config.env import env
from config.logs import configure_logging
from config.settings.base import *  # noqa: F403 - a settings module is its names
from config.settings.base import CACHES as BASE_CACHES

SECRET_KEY = "only-for-tests-" + "x" * 40
SHOW_DEMO_ACCOUNTS = False
# The tests of the second factor ask for it themselves.
STAFF_SECOND_FACTOR = "optional"
ALLOWED_HOSTS = ["*"]
SITE_URL = "http://testserver"
# Argon2 is made slow on purpose; tests of the hasher itself override this.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
VAPID_PRIVATE_KEY = "only-for-tests-".ljust(43, "x")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATABASES = {"default": env.database("DATABASE_URL", "sqlite:///:memory:")}
# The databases of tests come and go; a pool would hold connections to one that is gone.
DATABASES["default"].get("OPTIONS", {}).pop("pool", None)
# Nothing is collected before tests; looking a file up when it is asked for needs no collected folder.
WHITENOISE_AUTOREFRESH = True
LOGGING = configure_logging("ERROR", "console")

# Tests empty the cache; each test process has a Redis database of its own, counted from the one that is named.
CACHES = {name: dict(cache) for name, cache in BASE_CACHES.items()}
if CACHES["default"].get("LOCATION", "").startswith("redis"):
    address, _slash, first = CACHES["default"]["LOCATION"].rpartition("/")
    worker = env.source.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    for cache in CACHES.values():
        cache["LOCATION"] = f"{address}/{int(first) + int(worker)}"
