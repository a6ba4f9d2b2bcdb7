"""The guardian's area: each child's week, papers, courses and records. Nothing here changes anything."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from analytics.selectors.family import children_of, family
from analytics.selectors.family_records import child_records
from analytics.selectors.family_week import child_week, week_of
from assessments.selectors.accommodations import granted_to
from assessments.selectors.quizzes import quiz_bests
from common.htmx import render_page
from courses.selectors.following import courses_of, latest_announcements, rooms_to_follow
from evaluations.selectors.result_page import paper_rows


@require_GET
def guardian(request: HttpRequest) -> HttpResponse:
    if not request.user.is_guardian:
        raise PermissionDenied
    now = timezone.now()
    week = week_of(now)
    context = {"children": family(guardian=request.user, week=week, now=now), "week": week}
    return render_page(request, "analytics/guardian_home.html", context)


@require_GET
def guardian_student(request: HttpRequest, student_id: UUID) -> HttpResponse:
    """The child's week; `back` turns to weeks before."""
    context, child = _child(request, student_id)
    now = timezone.now()
    week = week_of(now, request.GET.get("back", ""))
    context |= {"week": week, "found": child_week(child=child, week=week, now=now)}
    return render_page(request, "analytics/guardian_student.html", context)


@require_GET
def guardian_papers(request: HttpRequest, student_id: UUID) -> HttpResponse:
    context, child = _child(request, student_id)
    now, before = timezone.now(), request.GET.get("before", "")
    context |= paper_rows(child, url=request.path, now=now, before=before)
    if not before:
        context["granted"] = granted_to(child, reader=request.user, now=now)
        context["quizzes"] = quiz_bests(students=[child], reader=request.user, now=now)[child.pk]
    return render_page(request, "analytics/guardian_papers.html", context)


@require_GET
def guardian_courses(request: HttpRequest, student_id: UUID) -> HttpResponse:
    context, child = _child(request, student_id)
    rooms = rooms_to_follow(reader=request.user, student=child)
    context |= {
        "enrolments": courses_of(child),
        "rooms": rooms,
        "announcements": latest_announcements(reader=request.user, rooms=rooms),
    }
    return render_page(request, "analytics/guardian_courses.html", context)


@require_GET
def guardian_records(request: HttpRequest, student_id: UUID) -> HttpResponse:
    context, child = _child(request, student_id)
    context |= child_records(child=child, reader=request.user, now=timezone.now())
    return render_page(request, "analytics/guardian_records.html", context)


def _child(request: HttpRequest, student_id: UUID) -> tuple[dict[str, Any], User]:
    """The child, among the others between whom the page switches. Raises Http404 for anybody else's."""
    if not request.user.is_guardian:
        raise PermissionDenied
    children = children_of(request.user)
    found = next((child for child in children if child.pk == student_id), None)
    if found is None:
        raise Http404
    return {"student": found, "children": children}, found
