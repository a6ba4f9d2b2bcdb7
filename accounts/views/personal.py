"""One's own data: a copy of it, and that it is erased. Guardians of minors act for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import DataExport, ErasureRequest, User
from accounts.services.erasure import ask_erasure, cancel_erasure
from accounts.services.exports import ask_export, link_to
from accounts.services.my_data import overview_of
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page


@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """What one may ask for, for oneself and for each child, and what became of it."""
    people = overview_of(actor=request.user, now=timezone.now())
    return render_page(request, "accounts/my_data.html", {"people": people, "days": settings.ERASURE_DAYS})


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def export_ask(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = get_permitted(request.user, "accounts.view_user", User, person_id)
    return _done(request, ask_export, _("Your copy is being made. You are told when it is ready."), person=person)


@require_GET
@reauthentication_required  # type: ignore[untyped-decorator]
def export_fetch(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """To the file, by an address that is good for some minutes."""
    export = get_permitted(request.user, "accounts.view_dataexport", DataExport, export_id)
    try:
        return redirect(link_to(export=export, actor=request.user, now=timezone.now()))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("my-data")


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def erasure_ask(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = get_permitted(request.user, "accounts.view_user", User, person_id)
    return _done(request, ask_erasure, _("Noted. Until then you can take it back here."), person=person)


@require_POST
def erasure_cancel(request: HttpRequest, request_id: UUID) -> HttpResponse:
    erasure = get_permitted(request.user, "accounts.view_erasurerequest", ErasureRequest, request_id)
    return _done(request, cancel_erasure, _("Taken back. Nothing is erased."), request=erasure)


def _done(http: HttpRequest, work: Any, said: str, **about: Any) -> HttpResponse:
    try:
        work(**about, actor=http.user, now=timezone.now())
        messages.success(http, said)
    except DomainError as error:
        messages.error(http, error.message)
    return redirect("my-data")
