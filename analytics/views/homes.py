"""The first pages of students, teachers and guardians, and the way to them."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from analytics.selectors.family import family
from analytics.selectors.student_home import student_home
from analytics.selectors.teacher_home import teacher_home
from assessments.selectors.accommodations import granted_to
from assessments.selectors.quizzes import quiz_bests
from common.access import get_permitted
from common.htmx import render_page
from evaluations.selectors.result_page import paper_rows
from evaluations.services.day_plans import day_plan


@login_not_required
@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    return render_page(request, "landing.html")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Sends everybody to the page of their role; with several roles, the one with work to do first."""
    user = request.user
    for applies, name in (
        (user.is_teacher, "teacher-home"),
        (user.is_student, "student-home"),
        (user.is_guardian, "guardian-home"),
        (user.is_staff, "admin:index"),
    ):
        if applies:
            return redirect(name)
    return redirect("person-settings")


@require_GET
def student(request: HttpRequest) -> HttpResponse:
    if not request.user.is_student:
        raise PermissionDenied
    now = timezone.now()
    return render_page(
        request, "analytics/student_home.html", {"home": student_home(user=request.user, now=now), "now": now}
    )


@require_GET
def teacher(request: HttpRequest) -> HttpResponse:
    if not request.user.is_teacher:
        raise PermissionDenied
    now, profile = timezone.now(), request.user.teacher_profile
    context = teacher_home(teacher=request.user, now=now) | {"now": now, "profile": profile}
    if profile.is_verified:
        context["plan"] = day_plan(teacher=request.user, now=now)
    return render_page(request, "analytics/teacher_home.html", context, partial="today")


@require_GET
def guardian(request: HttpRequest) -> HttpResponse:
    if not request.user.is_guardian:
        raise PermissionDenied
    return render_page(
        request, "analytics/guardian_home.html", {"children": family(guardian=request.user, now=timezone.now())}
    )


@require_GET
def guardian_student(request: HttpRequest, student_id: UUID) -> HttpResponse:
    if not request.user.is_guardian:
        raise PermissionDenied
    found = get_permitted(request.user, "accounts.view_user", User, student_id)
    now = timezone.now()
    context = paper_rows(found, url=request.path, now=now, before=request.GET.get("before", "")) | {"student": found}
    if "before" not in request.GET:
        context["granted"] = granted_to(found, reader=request.user, now=now)
        context["quizzes"] = quiz_bests(students=[found], reader=request.user, now=now)[found.pk]
    return render_page(request, "analytics/guardian_student.html", context)
