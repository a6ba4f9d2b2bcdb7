"""Settings common to every way of running. Each value that differs between places is one environment variable."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import queues
from config.beat import beat_schedule
from config.env import env
from config.sign_in import social_of
from config.static_headers import add_headers

SOCIAL = social_of(env)
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("ABHYAS_VAR", str(BASE_DIR / "var")))

DEBUG = False
SITE_URL = env.url("SITE_URL", "http://localhost:8000")
# Printed on certificates.
INSTITUTE_NAME = env.text("INSTITUTE_NAME", "Abhyas")
# The probes of Docker and Kubernetes ask for localhost, whatever the site is called.
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS", urlsplit(SITE_URL).hostname or ""), *LOCAL_HOSTS]
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    *SOCIAL.apps,
    "csp",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "rules.apps.AutodiscoverRulesConfig",
    "template_partials",
    "common.apps.CommonConfig",
    "common.broker",
    "accounts.apps.AccountsConfig",
    "notifications.apps.NotificationsConfig",
    "courses.apps.CoursesConfig",
    "assessments.apps.AssessmentsConfig",
    "evaluations.apps.EvaluationsConfig",
    "analytics.apps.AnalyticsConfig",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.CompressionMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "common.middleware.ContentSecurityPolicyMiddleware",
    "common.middleware.DomainErrorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "common.middleware.PrivatePagesMiddleware",
    "common.middleware.SignInMiddleware",
    "common.middleware.PersonLocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.guards.SessionGuard",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "common.htmx.ui",
                "config.navigation.nav",
                "config.navigation.demo",
                "config.navigation.sign_in",
                "config.navigation.acting",
            ],
            "builtins": [
                "common.templatetags.ui",
                "common.templatetags.ui_charts",
                "common.templatetags.ui_times",
                "django.templatetags.static",
                "django.templatetags.i18n",
            ],
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'abhyas.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = env.text("CACHE_URL", "locmem://")
CACHES = {
    "default": env.cache("CACHE_URL", "locmem://"),
    "sessions": env.session_cache("CACHE_URL", "locmem://"),
}
# A process-local cache would serve stale sessions to the next process, so only a shared cache fronts the table.
SESSION_ENGINE = (
    "django.contrib.sessions.backends.db" if CACHE_URL == "locmem://" else "django.contrib.sessions.backends.cached_db"
)
SESSION_CACHE_ALIAS = "sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# A sign-in that nobody uses ends: sooner for those who see and change what is others'.
IDLE_HOURS = env.number("IDLE_HOURS", 72, minimum=1, maximum=336)
IDLE_HOURS_OFFICE = env.number("IDLE_HOURS_OFFICE", 8, minimum=1, maximum=336)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Files -----------------------------------------------------------------------------------------------------------
SHEETS_BACKEND = env.text("SHEETS_STORAGE", "local", choices=("local", "s3"))
if SHEETS_BACKEND == "s3":
    SHEETS: dict[str, Any] = {
        "BACKEND": "common.storage_s3.PresignedS3Storage",
        "OPTIONS": {
            "bucket_name": env.text("S3_BUCKET"),
            "access_key": env.text("S3_ACCESS_KEY"),
            "secret_key": env.text("S3_SECRET_KEY"),
            "endpoint_url": env.text("S3_ENDPOINT", "") or None,
            "public_endpoint_url": env.text("S3_PUBLIC_ENDPOINT", "") or None,
            "region_name": env.text("S3_REGION", "ap-south-1"),
        },
    }
else:
    SHEETS = {
        "BACKEND": "common.storage.SignedLocalStorage",
        "OPTIONS": {"location": env.text("SHEETS_DIR", str(VAR_DIR / "sheets")), "base_url": "/files/"},
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "media"}},
    "staticfiles": {"BACKEND": "config.staticfiles.HashedStaticFilesStorage"},
    "sheets": SHEETS,
}
STATIC_URL = "/static/"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "webp", "jpg", "gif", "ico", "woff", "woff2", "gz", "br", "map", "ttf")
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# allauth's backend is also a ModelBackend; having both would hash every wrong password twice.
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "accounts.services.passwords.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.services.passwords.OwnWordsValidator"},
    {"NAME": "accounts.services.passwords.BreachedValidator"},
]
# Names of the institute and its courses, which no password may have in it.
PASSWORD_WORDS = ["abhyas", *(word.casefold() for word in env.names("PASSWORD_WORDS"))]
PASSWORD_RESET_TIMEOUT = 30 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "landing"
# Whether strangers may make an account; institutes that create their people themselves say no.
SIGNUP_OPEN = env.flag("SIGNUP_OPEN", True)
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
ACCOUNT_PREVENT_ENUMERATION = True
# The second is of family codes: of a code and a name together, and of a network address.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key", "family_sign_in": "5/15m/key,30/15m/ip"}
# Younger students need a guardian's consent; an unknown date of birth counts as grown up. 0: nobody does.
ADULT_AGE = env.number("ADULT_AGE", 18, maximum=25)
# Students younger than this may sign in with a family code and a PIN. 0: nobody may.
FAMILY_SIGN_IN_UNDER = env.number("FAMILY_SIGN_IN_UNDER", 18, maximum=25)
# For how long an invitation to be a guardian, or a guardian's child, can be answered.
INVITATION_DAYS = env.number("INVITATION_DAYS", 7, minimum=1, maximum=60)
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
# Whatever lets somebody in is told to the owner of the account when it changes.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "accounts.forms.PasskeyForm",
    "authenticate_webauthn": "accounts.forms.CredentialForm",
    "login_webauthn": "accounts.forms.PasskeyLoginForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyAgainForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey stands for both factors, so the device must have asked for its PIN or a finger.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith("http://")
MFA_TOTP_ISSUER = "Abhyas"
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = SOCIAL.providers
# An address that another provider vouches for opens no account that exists: its owner signs in and connects the two.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
# Whether nothing but the page that sets one up opens without a second factor: for staff, and for teachers.
STAFF_SECOND_FACTOR = env.text("STAFF_SECOND_FACTOR", "required", choices=("required", "optional"))
TEACHER_SECOND_FACTOR = env.text("TEACHER_SECOND_FACTOR", "optional", choices=("required", "optional"))
# How many proxies in front may be believed about a client's address; 0 believes none of the forwarding headers.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0, maximum=10)
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"

# --- E-mail ----------------------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL", f"file://{VAR_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Abhyas <no-reply@abhyas.example>")

# --- Web push --------------------------------------------------------------------------------------------------------
# Who we are to push services; empty: nobody is offered push. `manage.py make_vapid_key` makes one.
VAPID_PRIVATE_KEY = env.key("VAPID_PRIVATE_KEY")

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("hi", "हिन्दी")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = env.zone("TIME_ZONE", "Asia/Kolkata")
USE_TZ = True

# --- Background work -------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.broker("BROKER_URL", "djangodb://")
CELERY_BROKER_TRANSPORT_OPTIONS = queues.transport_options(CELERY_BROKER_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_QUEUES = queues.QUEUES
CELERY_TASK_ROUTES = queues.ROUTES
# What has no place can delay nothing (a test wants a place for every task).
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = beat_schedule()

# --- Web processes ----------------------------------------------------------------------------------------------------
# How web processes learn of news for open pages.
LIVE_SOURCE = env.live("LIVE_SOURCE", CACHE_URL if CACHE_URL != "locmem://" else "database://")
# Streams that one process holds, and one person; whoever opens one more loses the oldest.
LIVE_STREAMS = env.number("LIVE_STREAMS", 10_000, minimum=1, maximum=1_000_000)
LIVE_STREAMS_PER_PERSON = env.number("LIVE_STREAMS_PER_PERSON", 6, minimum=1, maximum=1000)
# Requests that one web process works on at once (`config/asgi.py`).
WEB_THREADS = env.number("WEB_THREADS", 4, minimum=1, maximum=256)

# --- Marked papers as files -------------------------------------------------------------------------------------------
# They follow from what is stored, and are made again for whoever wants one later.
MARKED_PAPER_DAYS = env.number("MARKED_PAPER_DAYS", 365, minimum=7, maximum=36500)

# --- Personal data ----------------------------------------------------------------------------------------------------
# For how long somebody may think over that they want to be erased.
ERASURE_DAYS = env.number("ERASURE_DAYS", 14, minimum=0, maximum=30)

# --- Flight record of attempts ----------------------------------------------------------------------------------------
# How long it is kept; an attempt can be disputed much less long, and the database itself refuses less than 180 days.
FLIGHT_RECORD_DAYS = env.number("FLIGHT_RECORD_DAYS", 1096, minimum=180, maximum=36500)
# For how long after its end writing may be opened again to make up for an outage; 0: never.
CREDIT_REOPEN_HOURS = env.number("CREDIT_REOPEN_HOURS", 24, maximum=168)

# --- External tools ---------------------------------------------------------------------------------------------------
# Whether students may be sent to addresses without TLS: only where everything runs on one computer.
EXTERNAL_TOOLS_HTTP = env.flag("EXTERNAL_TOOLS_HTTP", False)

# --- Requests of ours to addresses of others --------------------------------------------------------------------------
# Private networks in which webhooks may be received, also without TLS; everything else that is not public is refused.
OUTGOING_NETWORKS = env.networks("OUTGOING_NETWORKS")
# So many of these requests at once. Each may take ten seconds of a worker's thread, so it stays below their number.
OUTGOING_AT_ONCE = env.number("OUTGOING_AT_ONCE", 1, minimum=1, maximum=100)
# For how long events and what became of them are kept; they can be sent again until then.
WEBHOOK_LOG_DAYS = env.number("WEBHOOK_LOG_DAYS", 60, minimum=8, maximum=3650)

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.CarefulJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.IdCursorPagination",
    "PAGE_SIZE": 30,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.problem_details",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.AnonRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.rate("API_RATE_USER", "1200/min"),
        "anon": env.rate("API_RATE_ANON", "120/min"),
        "external": env.rate("API_RATE_EXTERNAL", "600/min"),
    },
    "COERCE_DECIMAL_TO_STRING": True,
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
    # A token carries a digest of the password's hash, so a new password ends every token at once.
    "CHECK_REVOKE_TOKEN": True,
}
REMEMBERED_REFRESH_LIFETIME = timedelta(days=30)
SPECTACULAR_SETTINGS = {
    "TITLE": "Abhyas API",
    "DESCRIPTION": "Exams sat, sheets uploaded, papers marked by teachers before a committed deadline.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "OAS_VERSION": "3.1.0",
    "WEBHOOKS": "config.webhook_schema.WEBHOOKS",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.webhook_schema.add_headers",
    ],
    # Several shapes have a field "state"; without names of their own they would be called State296Enum.
    "ENUM_NAME_OVERRIDES": {
        "FlagKindEnum": "assessments.models.FlagKind",
        "KindEnum": "evaluations.enums.AnnotationKind",
        "AttemptStateEnum": "assessments.enums.AttemptState",
        "EvaluationStateEnum": "evaluations.enums.EvaluationState",
        "PictureStateEnum": "evaluations.enums.PictureState",
    },
}

# --- Safety ----------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Where page images come from and where uploads go when the files live in object storage.
FILES_ORIGINS = env.names("FILES_ORIGINS", env.text("S3_PUBLIC_ENDPOINT", "") or env.text("S3_ENDPOINT", ""))
if SHEETS_BACKEND == "s3" and not FILES_ORIGINS:
    raise ImproperlyConfigured("The environment variable FILES_ORIGINS must be set: browsers send pages there.")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # Custom properties such as --v:35 for bars; attributes only, never <style> elements.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:", *FILES_ORIGINS],
        "media-src": [SELF, *FILES_ORIGINS],
        "connect-src": [SELF, *FILES_ORIGINS],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        # Browsers ask this also of where a form of ours is sent on to.
        "form-action": [SELF, *SOCIAL.origins],
        "frame-ancestors": [NONE],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
    }
}

# --- Logs ------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.text("LOG_FORMAT", "console", choices=("console", "json"))
SENTRY_DSN = env.text("SENTRY_DSN", "")
RELEASE = env.text("RELEASE", "0.1.0")
# What a scraper of /metrics sends as its bearer token; empty: only signed-in staff read them.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

UNFOLD = {
    "SITE_TITLE": "Abhyas back office",
    "SITE_HEADER": "Abhyas",
    "SITE_SYMBOL": "school",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.navigation.admin_icon"}],
    "SCRIPTS": ["config.navigation.admin_names_script"],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#E5E9FA",
            "100": "#D5DCF7",
            "200": "#B4BFEE",
            "300": "#909FE3",
            "400": "#6A7CD4",
            "500": "#3B50C0",
            "600": "#2C3C96",
            "700": "#26326E",
            "800": "#1A2456",
            "900": "#151C40",
            "950": "#0E1225",
        }
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": "config.navigation.admin_sidebar"},
    "DASHBOARD_CALLBACK": "config.navigation.admin_dashboard",
}
