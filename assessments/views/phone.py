"""A phone that photographs for a student who works at a computer: what the link of one attempt opens, and no more.

Nobody is signed in here. The link gives the phone a cookie of its own, which only these addresses get.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assessments.enums import AttemptState
from assessments.models import Attempt, PhoneLink, SheetUpload
from assessments.selectors import sheet_pages
from assessments.services.phone_links import (
    PhoneLinkEndedError,
    end_phone_links,
    make_phone_link,
    open_phone_link,
    standing_link,
)
from assessments.services.sheet_files import MAX_BYTES
from assessments.services.sheets import announce_sheet, receive_sheet, remove_sheet
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import json_endpoint, read_json
from common.qr_codes import qr_path

COOKIE = "abhyas_phone"
SALT = "assessments.phone"
PATH = "/phone/"


@require_POST
@json_endpoint
def phone_make(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    """A code for the student's own phone."""
    attempt = get_permitted(request.user, "assessments.answer_attempt", Attempt, attempt_id)
    link, token = make_phone_link(attempt=attempt, actor=request.user, now=timezone.now())
    url = request.build_absolute_uri(reverse("phone-open", args=[token]))
    side, path = qr_path(url)
    return {"url": url, "side": side, "path": path, "opens_until": link.opens_until.isoformat()}


@require_POST
@json_endpoint
def phone_end(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    attempt = get_permitted(request.user, "assessments.answer_attempt", Attempt, attempt_id)
    end_phone_links(attempt=attempt, actor=request.user, now=timezone.now())
    return {}


@login_not_required
@require_GET
def phone_open(request: HttpRequest, token: str) -> HttpResponse:
    """What the code leads to: the phone gets its cookie, and the address of the code is gone from it."""
    origin = structlog.contextvars.get_contextvars().get("origin") or request.META.get("REMOTE_ADDR", "")
    try:
        link = open_phone_link(token=token, now=timezone.now(), caller=str(origin))
    except DomainError as error:
        return _ended(request, error)
    response = redirect("phone-page")
    response.set_cookie(
        COOKIE, signing.dumps(str(link.pk), salt=SALT), path=PATH, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_GET
def phone_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    try:
        attempt = _link(request, now).attempt
    except DomainError as error:
        return _ended(request, error)
    if attempt.state not in (AttemptState.IN_PROGRESS, AttemptState.SUBMITTED):
        return _ended(request, DomainError(_("These pages are handed in. You can close this page."), "handed_in"))
    context = sheet_pages.phone_page(attempt, now) | {"max_bytes": MAX_BYTES}
    response = render(request, "assessments/phone_page.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@login_not_required
@require_GET
@json_endpoint
def phone_status(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    return sheet_pages.phone_state(_link(request, now).attempt, now)


@login_not_required
@require_POST
@json_endpoint
def phone_announce(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    attempt = _link(request, now).attempt
    facts = _announcement(read_json(request))
    upload, target = announce_sheet(attempt=attempt, actor=attempt.student, now=now, via_phone=True, **facts)
    if target is None:
        return {"upload": None, "receipt": _receipt(upload)}
    where = {"method": target.method, "url": request.build_absolute_uri(target.url), "fields": target.fields}
    return {"upload": where, "receipt": None}


@login_not_required
@require_POST
@json_endpoint
def phone_done(request: HttpRequest, client_id: UUID) -> dict[str, Any]:
    now = timezone.now()
    upload = _upload(_link(request, now), client_id)
    return _receipt(receive_sheet(upload=upload, actor=upload.attempt.student, now=now))


@login_not_required
@require_POST
@json_endpoint
def phone_remove(request: HttpRequest, client_id: UUID) -> dict[str, Any]:
    """A page that this phone has sent, to be photographed better."""
    now = timezone.now()
    upload = _upload(_link(request, now), client_id)
    remove_sheet(upload=upload, actor=upload.attempt.student, now=now)
    return {}


def _announcement(body: dict[str, Any]) -> dict[str, Any]:
    numbers, texts = ("page_number", "size"), ("sha256", "content_type")
    right = all(type(body.get(name)) is int for name in numbers) and all(type(body.get(name)) is str for name in texts)
    try:
        client_id = UUID(str(body.get("client_id")))
    except ValueError:
        right = False
    if not right:
        raise DomainError(_("The announcement of this page could not be read."), "not_an_announcement")
    return {"client_id": client_id, **{name: body[name] for name in (*numbers, *texts)}}


def _receipt(upload: SheetUpload) -> dict[str, Any]:
    verified_at = upload.verified_at and upload.verified_at.isoformat()
    return {
        "client_id": str(upload.client_id),
        "sha256": upload.sha256,
        "size": upload.size,
        "verified_at": verified_at,
    }


def _link(request: HttpRequest, now: datetime) -> PhoneLink:
    try:
        link_id = UUID(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise PhoneLinkEndedError from None
    return standing_link(link_id=link_id, now=now)


def _upload(link: PhoneLink, client_id: UUID) -> SheetUpload:
    """A page that came by phone; those of the computer are not its business."""
    rows = SheetUpload.objects.select_related("attempt__student")
    upload = rows.filter(attempt=link.attempt_id, client_id=client_id, via_phone=True).first()
    if upload is None:
        raise Http404
    return upload


def _ended(request: HttpRequest, error: DomainError) -> HttpResponse:
    handed_in = error.code == "handed_in"
    response = render(request, "assessments/phone_ended.html", {"message": error.message, "handed_in": handed_in})
    response.status_code = 200 if handed_in else error.status
    return response
