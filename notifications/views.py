"""The inbox page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from common.htmx import render_page
from notifications.selectors import inbox_page, unread_count
from notifications.services.inbox import mark_read


@require_GET
def notification_list(request: HttpRequest) -> HttpResponse:
    """Newest first, thirty a page."""
    return _inbox(request, before=_id(request.GET.get("before", "")))


@require_POST
def notification_read(request: HttpRequest) -> HttpResponse:
    """Marks the posted `id`s read, or everything when none is posted."""
    posted = request.POST.getlist("id")
    ids = [pk for pk in map(_id, posted) if pk] if posted else None
    mark_read(user=request.user, ids=ids, now=timezone.now())
    return _inbox(request) if getattr(request, "htmx", False) else redirect("notification-list")


def _inbox(request: HttpRequest, before: UUID | None = None) -> HttpResponse:
    context = {"inbox": inbox_page(user=request.user, before=before), "unread": unread_count(request.user)}
    return render_page(request, "notifications/notification_list.html", context, partial="inbox")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
