"""Sitting an exam."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.enums import AttemptState
from assessments.forms.answers import read_answers
from assessments.models import Attempt
from assessments.selectors import exam_pages
from assessments.selectors.attempts import answer_shapes, question_numbers
from assessments.selectors.rehearsals import page_of
from assessments.services.answers import MAX_EXPRESSION
from assessments.services.attempts import submit_attempt
from assessments.services.expression_reading import read_expression
from assessments.services.form_answers import save_answers
from assessments.services.standing import question_help
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import json_endpoint, render_page

ANSWER = "assessments.answer_attempt"


@require_GET
def attempt_page(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    attempts = Attempt.objects.select_related("exam__programme", "paper")
    attempt = get_permitted(request.user, ANSWER, attempts, attempt_id)
    if (here := page_of(attempt)) != "attempt-page":
        return redirect(here, attempt.pk)
    context = exam_pages.attempt_page(attempt=attempt, help_of=question_help(attempt), now=timezone.now())
    return render_page(request, "assessments/attempt_page.html", context)


@require_POST
def attempt_answers(request: HttpRequest, attempt_id: UUID, question_id: UUID) -> HttpResponse:
    """Without JavaScript: keeps every answer of the page, and checks the one whose button was pressed."""
    attempt = get_permitted(request.user, ANSWER, Attempt.objects.select_related("exam"), attempt_id)
    answers = read_answers(request.POST, answer_shapes(attempt.paper_id))
    try:
        save_answers(
            attempt=attempt,
            answers=answers,
            check=question_id if request.POST.get("do") == "check" else None,
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.message)
    number = question_numbers(attempt.paper_id).get(question_id, 1)
    return redirect(f"{reverse('attempt-page', args=[attempt.pk])}#q{number}")


@require_GET
@json_endpoint
def attempt_clock(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    """The server's clock, the deadline and the device that writes, for a page that slept."""
    attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
    return {"server_now": timezone.now(), "ends_at": attempt.ends_at, "state": attempt.state, "writer": attempt.writer}


@require_GET
@json_endpoint
def expression_reading(request: HttpRequest, attempt_id: UUID) -> dict[str, Any]:
    """How the expression `text` is read, while it is typed: never whether it is right."""
    get_permitted(request.user, ANSWER, Attempt, attempt_id)
    return asdict(read_expression(request.GET.get("text", "")[: MAX_EXPRESSION + 1]))


@require_http_methods(["GET", "POST"])
def attempt_submit(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """GET: what is answered and what is not, with the question whether to submit. POST: submits."""
    attempt = get_permitted(request.user, ANSWER, Attempt.objects.select_related("exam", "paper"), attempt_id)
    if request.method == "GET" and attempt.state == AttemptState.IN_PROGRESS:
        return render_page(request, "assessments/attempt_summary.html", exam_pages.attempt_summary(attempt=attempt))
    if request.method == "POST":
        attempt = submit_attempt(attempt=attempt, actor=request.user, now=timezone.now())
        messages.success(request, _("Submitted. Every answer is with us."))
    return redirect(page_of(attempt), attempt.pk)
