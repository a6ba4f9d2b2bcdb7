"""Where one's account is signed in, and the page before everything for those who must have a second factor."""

from __future__ import annotations

import re

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.services.second_factor import factors_of
from accounts.services.sessions import end_session, end_sessions, open_sessions
from common.htmx import render_page

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
            ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
           ("CrOS", "ChromeOS"), ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip


@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    sessions = open_sessions(user=request.user, now=timezone.now())
    for session in sessions:
        session.device = device_of(session.user_agent)
        session.current = session.session_key == request.session.session_key
    return render_page(request, "accounts/session_list.html", {"sessions": sessions})


@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if not end_session(user=request.user, session_id=session_id, actor=request.user, now=timezone.now()):
        raise Http404
    messages.success(request, _("Signed out there."))
    return redirect("session-list")


@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    raise_if_reauthentication_required(request, app="allauth.mfa")
    ended = end_sessions(
        user=request.user, keep=request.session.session_key, actor=request.user, now=timezone.now()
    )  # fmt: skip
    told = ngettext("Signed out on %(count)d other device.", "Signed out on %(count)d other devices.", ended)
    messages.success(request, told % {"count": ended})
    return redirect("session-list")


@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    """What is missing before anything else opens: a second factor, or this session's proof of it."""
    return render_page(request, "accounts/second_factor.html", {"factors": factors_of(request.user)})


def device_of(user_agent: str) -> str:
    """Browser and system in words, as far as the header tells."""
    browser = next((name for mark, name in BROWSERS if re.search(rf"{mark}[\w]*/", user_agent)), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or str(_("Unknown device"))
