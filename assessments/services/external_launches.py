"""Sending a student to an external tool: a short-lived token that says who comes, for what, and where results go."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import ExternalAssessment, ExternalLaunch, ExternalTool
from assessments.services.external_secrets import open_secrets
from common.errors import DomainError, NotPermittedError

TOKEN_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Sending:
    """What the student's browser posts: a field `token` to `url`, whose origin the page must allow."""

    launch: ExternalLaunch
    url: str
    origin: str
    token: str


def launch_assessment(
    *, assessment: ExternalAssessment, student: User, return_url: str, results_url: str, now: datetime
) -> Sending:
    """Writes that `student` is sent and signs the token. Every press is a launch of its own.

    `results_url` and `return_url` are absolute. Raises DomainError: not_for_you, tool_closed, not_open, closed.
    """
    if not student.is_student or not ExternalAssessment.objects.visible_to(student).filter(pk=assessment.pk).exists():
        raise NotPermittedError(_("This is not set for you."), "not_for_you")
    tool = assessment.tool
    keys = open_secrets(tool=tool, now=now) if tool.is_active else []
    if not keys:
        raise DomainError(_("%(name)s cannot be opened at the moment.") % {"name": tool.name}, "tool_closed")
    if now < assessment.opens_at:
        raise DomainError(_("This opens on %(when)s.") % {"when": _moment(assessment.opens_at)}, "not_open")
    if not assessment.is_open(now):
        closed = _moment(assessment.closes_at or now)
        raise DomainError(_("This closed on %(when)s.") % {"when": closed}, "closed")
    launch = ExternalLaunch.objects.create(
        assessment=assessment, student=student, issued_at=now, expires_at=now + TOKEN_LIFETIME
    )
    claims = _claims(launch, return_url=return_url, results_url=results_url)
    token = jwt.encode(claims, keys[0], algorithm="HS256")
    return Sending(launch=launch, url=tool.launch_url, origin=origin_of(tool.launch_url), token=token)


def subject_of(*, tool: ExternalTool, student: User) -> str:
    """The name under which `tool` knows `student`: always the same, and of no use to another tool."""
    return hmac.new(tool.subject_salt.encode(), student.pk.bytes, hashlib.sha256).hexdigest()


def origin_of(url: str) -> str:
    """https://host[:port], as a Content-Security-Policy names it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def check_launch_url(url: str) -> None:
    """Raises DomainError unless `url` is a plain https address (http where EXTERNAL_TOOLS_HTTP allows it)."""
    schemes = {"https", "http"} if settings.EXTERNAL_TOOLS_HTTP else {"https"}
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fits = urlsplit(""), False
    host = parts.hostname or ""
    plain = url.isascii() and not any(letter in url for letter in " \t\r\n\"'<>;,\\") and "@" not in parts.netloc
    named = bool(host) and all(letter.isalnum() or letter in "-." for letter in host)
    if parts.scheme not in schemes or not (plain and named and port_fits) or parts.fragment:
        message = _("The launch address must be a plain address that begins with https://, without a password or “#”.")
        raise DomainError(message, "launch_url")


def _claims(launch: ExternalLaunch, *, return_url: str, results_url: str) -> dict[str, Any]:
    assessment, student, tool = launch.assessment, launch.student, launch.assessment.tool
    shared = {"name": student.name} if tool.share_name else {}
    shared |= {"email": student.email} if tool.share_email else {}
    return {
        "iss": settings.SITE_URL,
        "aud": str(tool.pk),
        "sub": subject_of(tool=tool, student=student),
        "jti": str(launch.pk),
        "iat": int(launch.issued_at.timestamp()),
        "exp": int(launch.expires_at.timestamp()),
        "assessment": str(assessment.pk),
        "resource": assessment.resource,
        "max_score": str(assessment.max_score),
        "language": student.language,
        "return_url": return_url,
        "results_url": results_url,
        **shared,
    }


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i")
