"""The inbox, what a person wants to be told, and the link that ends e-mails."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.htmx import render_page
from notifications.forms import WishesForm
from notifications.selectors import inbox_page, unread_count
from notifications.services.inbox import mark_read
from notifications.services.stopping import read_stop, stop_mail


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


@require_http_methods(["GET", "POST"])
def notification_settings(request: HttpRequest) -> HttpResponse:
    """Which kinds of news come how, quiet hours, and when the mail of the day comes."""
    form = WishesForm(request.POST or None, person=request.user, with_push=False)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            form.save(now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("notification-settings")
        status = 422
    page = "notifications/notification_settings.html"
    return render_page(request, page, {"form": form}, partial="wishes", status=status)


# The link itself says whose mail it ends, so neither a session nor its protection is needed: a mail program posts here.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def mail_stop(request: HttpRequest, token: str) -> HttpResponse:
    """A question with one button; the button, or a mail program's own (RFC 8058), ends the e-mails."""
    stop = read_stop(token)
    if stop is None:
        raise Http404
    if request.method == "POST":
        stop = stop_mail(token=token, now=timezone.now())
    response = render_page(request, "notifications/mail_stop.html", {"stop": stop})
    response["Referrer-Policy"] = "no-referrer"
    return response


def _inbox(request: HttpRequest, before: UUID | None = None) -> HttpResponse:
    context = {"inbox": inbox_page(user=request.user, before=before), "unread": unread_count(request.user)}
    return render_page(request, "notifications/notification_list.html", context, partial="inbox")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
