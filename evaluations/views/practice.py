"""A teacher's practice for an exam: what is to be marked, and what came of each paper."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.models import ExamChecks, PracticePaper
from evaluations.selectors.calibration import practised_exams
from evaluations.selectors.practice_page import feedback_page, practice_page
from evaluations.services.practice import begin_practice


def _checks(request: HttpRequest, exam_id: UUID) -> ExamChecks:
    if not request.user.has_perm("evaluations.view_queue"):
        raise PermissionDenied
    return get_object_or_404(practised_exams(request.user), pk=exam_id)


@require_GET
def practice(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    page = practice_page(checks=_checks(request, exam_id), teacher=request.user)
    return render_page(request, "evaluations/practice.html", page)


@require_POST
def begin(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Begins a round, or goes on with the one that is open, at the desk."""
    checks = _checks(request, exam_id)
    try:
        begin_practice(checks=checks, teacher=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("practice-page", checks.pk)
    first = practice_page(checks=checks, teacher=request.user)["next"]
    return redirect("marking-desk", first) if first else redirect("practice-page", checks.pk)


@require_GET
def feedback(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Own marks beside the reference, once the paper is finished."""
    rows = PracticePaper.objects.select_related(
        "script__checks__exam", "round__checks", "evaluation__attempt__student", "teacher__teacher_profile"
    ).filter(evaluation=evaluation_id)
    paper = rows.first()
    paper = get_permitted(request.user, "evaluations.view_practicepaper", rows, paper.pk if paper else evaluation_id)
    if paper.finished_at is None:
        messages.info(request, _("Finish this paper first."))
        return redirect("marking-desk", evaluation_id)
    return render_page(request, "evaluations/practice_feedback.html", feedback_page(paper))
