"""Certificates: one's own, the file, and the page on which anybody checks one."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from common.access import get_permitted
from common.htmx import render_page
from courses.models import Certificate
from courses.selectors.certificates import certificate_of_code, certificates_of, plain_code
from courses.services.certificate_pdf import draw_certificate


@require_safe
def certificate_list(request: HttpRequest) -> HttpResponse:
    """One's own and, for guardians, those of the students they look after."""
    rows = certificates_of(request.user)
    return render_page(request, "courses/certificate_list.html", {"rows": rows, "site": settings.SITE_URL})


@require_safe
def certificate_file(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Drawn when it is asked for, in a tenth of a second: nothing is stored that could say something else."""
    row = get_permitted(request.user, "courses.view_certificate", Certificate.objects.standing(), certificate_id)
    made = draw_certificate(
        certificate=row, institute=settings.INSTITUTE_NAME, address=settings.SITE_URL + row.public_url
    )
    name = f"{slugify(row.course_title) or 'certificate'}-{row.code}.pdf"
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )


@login_not_required
@require_safe
def certificate_check(request: HttpRequest, code: str = "") -> HttpResponse:
    """Says to anybody who has the code whether the certificate stands; who only typed it goes to its address."""
    asked = plain_code(request.GET.get("code", ""))
    if asked and not code:
        return redirect("certificate-check", asked)
    row = certificate_of_code(code) if code else None
    if row is not None and row.code != code:
        return redirect("certificate-check", row.code)
    context = {"certificate": row, "code": code, "institute": settings.INSTITUTE_NAME}
    response = render_page(
        request, "courses/certificate_check.html", context, status=404 if code and row is None else 200
    )
    response["X-Robots-Tag"] = "noindex"
    return response
