"""Is the process alive, can it reach what it needs, and what does it measure of itself?"""

from collections.abc import Callable
from hmac import compare_digest
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from config.celery import app


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, else 503; the body names what does not answer of database, broker and storage.

    Without a broker or a storage people still sit exams, so nobody is sent away for it.
    """
    checks: dict[str, Callable[[], object]] = {"database": _database, "broker": _broker, "storage": _storage}
    result = {}
    for name, check in checks.items():
        try:
            check()
            result[name] = "ok"
        except Exception as error:  # noqa: BLE001 - whatever fails, the answer is "not ready" and its kind
            result[name] = type(error).__name__
    ready = result["database"] == "ok"
    whole = all(state == "ok" for state in result.values())
    status = "ok" if whole else "degraded" if ready else "not ready"
    return JsonResponse({"status": status} | result, status=200 if ready else 503)


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text for staff, and for a scraper that sends `Authorization: Bearer <METRICS_TOKEN>`; else 403."""
    wanted, sent = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    is_scraper = bool(wanted) and compare_digest(sent.encode(), f"Bearer {wanted}".encode())
    if not (is_scraper or request.user.is_staff):
        raise PermissionDenied
    answer: HttpResponse = ExportToDjangoView(request)
    return answer


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with app.connection_for_read(connect_timeout=3) as broker:
        broker.ensure_connection(max_retries=1)
        broker.SimpleQueue(settings.CELERY_TASK_DEFAULT_QUEUE).close()


def _storage() -> None:
    # Asking for a name that cannot exist still makes the round trip.
    storages["sheets"].exists(f"readyz-{uuid4()}")
