"""Exams a student can sit."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assessments.models import Exam
from assessments.selectors import exam_pages
from assessments.selectors.accommodations import granted_to
from assessments.selectors.external import external_rows
from assessments.selectors.rehearsals import rehearse_door
from assessments.services.attempts import TurnError, start_attempt
from assessments.services.course_lessons import EXAM_KINDS
from common.access import get_permitted
from common.htmx import render_page
from courses.selectors.courses import lessons_back


@require_GET
def own_accommodations(request: HttpRequest) -> HttpResponse:
    """What the reader is granted now; a part of their settings, or a page."""
    context = {"granted": granted_to(request.user, reader=request.user, now=timezone.now())}
    return render_page(request, "assessments/own_accommodations.html", context, partial="accommodations")


@require_GET
def exam_list(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = exam_pages.exam_rows(user=request.user, now=now)
    context = {
        "rows": [row for row in found if not row["exam"].is_quiz],
        "quizzes": [row for row in found if row["exam"].is_quiz],
        "elsewhere": external_rows(user=request.user, now=now),
    }
    return render_page(request, "assessments/exam_list.html", context)


@require_GET
def exam_detail(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    exams = Exam.objects.select_related("programme", "paper", "blueprint", "chapter")
    exam = get_permitted(request.user, "assessments.view_exam", exams, exam_id)
    if exam.is_project:
        return redirect("project-page", exam.pk)
    context = exam_pages.exam_detail(exam=exam, user=request.user, now=timezone.now())
    context["may_start"] = request.user.has_perm("assessments.start_exam", exam)
    context["may_scan"] = context["is_written"] and request.user.has_perm("assessments.scan_exam", exam)
    context["lessons"] = lessons_back(kinds=EXAM_KINDS, target=exam.pk, student=request.user)
    if request.user.has_perm("assessments.rehearse_exam", exam):
        context |= rehearse_door(user=request.user, exam=exam)
    return render_page(request, "assessments/exam_detail.html", context)


@require_POST
def exam_start(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    exam = get_permitted(request.user, "assessments.start_exam", Exam, exam_id)
    try:
        attempt = start_attempt(exam=exam, student=request.user, now=timezone.now())
    except TurnError as turn:
        context = {"exam": exam, "message": turn.message, "seconds": turn.details["retry_after"]}
        response = render_page(request, "assessments/exam_turn.html", context)
        response.status_code = turn.status
        response.headers["Retry-After"] = str(context["seconds"])
        return response
    return redirect("attempt-page", attempt.pk)
