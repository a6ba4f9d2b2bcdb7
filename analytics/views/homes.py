"""The first pages of students and teachers, and the way to everybody's."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from analytics.selectors.student_home import student_home
from analytics.selectors.teacher_home import teacher_home
from common.htmx import render_page
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
