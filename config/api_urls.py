"""The partner and app API under /api/v1/, its schema and its two explorers."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerView

PUBLIC: dict[str, Any] = {"url_name": "openapi", "permission_classes": []}
REDOC: dict[str, Any] = PUBLIC | {"template_name": "config/redoc.html"}

urlpatterns = [
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("courses.api.urls")),
    path("api/v1/", include("assessments.api.urls")),
    path("api/v1/", include("evaluations.api.urls")),
    path("openapi.json", SpectacularJSONAPIView.as_view(permission_classes=[]), name="openapi"),
    path("api/docs", login_not_required(SpectacularSwaggerView.as_view(**PUBLIC)), name="api-docs"),
    path("api/redoc", login_not_required(SpectacularRedocView.as_view(**REDOC)), name="api-redoc"),
]
