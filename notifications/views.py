"""The inbox, what a person wants to be told, and the link that ends e-mails."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.htmx import json_endpoint, read_json, render_page
from notifications.forms import WishesForm
from notifications.receivers import PUSH_SESSION
from notifications.selectors import inbox_page, push_browsers, unread_count
from notifications.services.inbox import mark_read
from notifications.services.push import is_push_on, subscribe, unsubscribe
from notifications.services.push_crypto import public_key_of
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
    form = WishesForm(request.POST or None, person=request.user, with_push=is_push_on())
    status = 200
    if request.method == "POST":
        if form.is_valid():
            form.save(now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("notification-settings")
        status = 422
    page = "notifications/notification_settings.html"
    context: dict[str, Any] = {"form": form}
    if form.with_push:
        context |= {"push_key": public_key_of(settings.VAPID_PRIVATE_KEY), "browsers": push_browsers(request.user)}
    return render_page(request, page, context, partial="wishes", status=status)


@require_POST
@json_endpoint
def push_subscribe(request: HttpRequest) -> dict[str, Any]:
    """This browser gets what is pushed to the person, until they say otherwise or sign out."""
    sent = read_json(request)
    keys = sent.get("keys") if isinstance(sent.get("keys"), dict) else {}
    given = {"endpoint": sent.get("endpoint"), "p256dh": keys.get("p256dh"), "auth": keys.get("auth")}
    texts = {name: value if isinstance(value, str) else "" for name, value in given.items()}
    row = subscribe(person=request.user, now=timezone.now(), **texts)
    request.session[PUSH_SESSION] = row.endpoint
    return {"push": True}


@require_POST
@json_endpoint
def push_unsubscribe(request: HttpRequest) -> dict[str, Any]:
    """This browser gets nothing any more."""
    endpoint = read_json(request).get("endpoint")
    unsubscribe(person=request.user, endpoint=endpoint if isinstance(endpoint, str) else "")
    return {"push": False}


@require_POST
def push_end(request: HttpRequest) -> HttpResponse:
    """No browser of the person gets anything any more."""
    unsubscribe(person=request.user)
    messages.success(request, _("No browser is told any more."))
    return redirect("notification-settings")


@login_not_required
@require_GET
def push_worker(request: HttpRequest) -> HttpResponse:
    """The service worker that shows what is pushed, always at the same address: browsers look there for a newer one."""
    response = render(request, "notifications/push_worker.js", content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


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
