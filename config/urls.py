"""Every address of the site."""

from allauth import urls as allauth_urls
from django.contrib import admin
from django.urls import URLResolver, include, path

from common.storage import sheet_storage
from config import health, live

# Without allauth's old addresses, which have no name, and its list of sessions; ours is accounts.views.sessions.
sign_in = [
    entry
    for entry in allauth_urls.urlpatterns
    if str(entry.pattern) != "sessions/" and (isinstance(entry, URLResolver) or entry.name)
]
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("live/", live.no_stream, name="live"),
    path("admin/", admin.site.urls),
    path("accounts/", include(sign_in)),
    path("", include("config.api_urls")),
    *sheet_storage().url_patterns(),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("courses.urls")),
    path("", include("assessments.urls")),
    path("", include("evaluations.urls")),
    path("", include("analytics.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
