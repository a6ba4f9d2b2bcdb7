"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from common.storage import sheet_storage
from config import health, live

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("live/", live.no_stream, name="live"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("config.api_urls")),
    *sheet_storage().url_patterns(),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("assessments.urls")),
    path("", include("evaluations.urls")),
    path("", include("analytics.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
