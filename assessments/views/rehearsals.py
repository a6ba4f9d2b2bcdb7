"""Rehearsing an exam or a paper, and moving the clock while doing so. Sitting it has the pages of every attempt."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from assessments.models import Attempt, Exam, Paper
from assessments.selectors.rehearsals import page_of
from assessments.services.rehearsals import move_clock, start_rehearsal
from common.access import get_permitted
from common.errors import DomainError


@require_POST
def exam_rehearse(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    exams = Exam.objects.select_related("paper", "blueprint")
    exam = get_permitted(request.user, "assessments.rehearse_exam", exams, exam_id)
    return redirect("attempt-page", start_rehearsal(exam=exam, actor=request.user, now=timezone.now()).pk)


@require_POST
def paper_rehearse(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    papers = Paper.objects.select_related("blueprint")
    paper = get_permitted(request.user, "assessments.rehearse_paper", papers, paper_id)
    return redirect("attempt-page", start_rehearsal(paper=paper, actor=request.user, now=timezone.now()).pk)


@require_POST
def clock_move(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Back to where the attempt is by then: the clock may have run out meanwhile."""
    attempt = get_permitted(request.user, "assessments.move_clock", Attempt.objects.select_related("exam"), attempt_id)
    try:
        attempt = move_clock(attempt=attempt, to=request.POST.get("to", ""), actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(page_of(attempt), attempt.pk)
