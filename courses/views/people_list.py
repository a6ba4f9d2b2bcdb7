"""Bringing people into a course from a list: a look at what would happen, then doing that."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import ConflictError, DomainError
from common.htmx import render_page
from courses.models import Course
from courses.services.checks import CourseError
from courses.services.enrolment_lists import MAX_BYTES, ListPreview, apply_list, preview_list, read_list
from courses.views.teaching import taught, told


@require_http_methods(["GET", "POST"])
def people_list(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """A file or what is pasted is looked at; sent with the `digest` of what was shown it is done."""
    course = taught(request, course_id)
    if request.method == "GET":
        return _page(request, course)
    user, now, preview = request.user, timezone.now(), None
    try:
        cells = read_list(_sent(request))
        if digest := request.POST.get("digest", ""):
            report = apply_list(course=course, cells=cells, digest=digest, actor=user, now=now)
            messages.success(request, told(report))
            return redirect("course-people", course.pk)
        preview = preview_list(course=course, cells=cells, actor=user, now=now)
    except ConflictError as error:
        fresh = preview_list(course=course, cells=cells, actor=user, now=now)
        return _page(request, course, preview=fresh, problem=error.message, status=error.status)
    except DomainError as error:
        return _page(request, course, problem=error.message, status=422)
    return _page(request, course, preview=preview)


def _sent(request: HttpRequest) -> bytes | str:
    if file := request.FILES.get("list"):
        data: bytes = file.read(MAX_BYTES + 1)
        return data
    if not (text := request.POST.get("text", "")).strip():
        raise CourseError(_("Choose a file, or paste addresses."), "nothing_chosen")
    return text


def _page(
    request: HttpRequest, course: Course, *, preview: ListPreview | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    text = "" if preview else request.POST.get("text", "")[:MAX_BYTES]
    context = {"course": course, "preview": preview, "problem": problem, "text": text, "tab": "people"}
    return render_page(request, "courses/people_list.html", context, status=status)
