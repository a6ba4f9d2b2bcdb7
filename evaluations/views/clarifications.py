"""Asking about marks and answering: the student's form, the conversation, and the teachers' list of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.models import Attempt
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.forms import MessageForm, PointingForm
from evaluations.models import Clarification
from evaluations.selectors.after_marks import after_marks
from evaluations.selectors.after_marks_page import after_marks_page
from evaluations.selectors.clarification_pages import (
    draft_words,
    label_of,
    messages_of,
    page_choices,
    pointing_pages,
    question_choices,
    thread_list,
    thread_rows,
)
from evaluations.selectors.records import with_records
from evaluations.selectors.results import Result, result_data
from evaluations.services.clarifications import answer, ask_about_marks, close_clarification, is_over
from notifications.services.inbox import read_by_url


def own_result(request: HttpRequest, attempt_id: UUID, permission: str) -> Result:
    """The result of the student's own attempt. What they cannot see is not there; who only reads is refused."""
    return result_data(own_attempt(request, attempt_id, permission), reader=request.user, now=timezone.now())


def own_attempt(request: HttpRequest, attempt_id: UUID, permission: str) -> Attempt:
    rows = with_records(Attempt.objects.select_related("exam__programme", "paper", "student"))
    attempt: Attempt = get_permitted(request.user, permission, rows, attempt_id)
    return attempt


@require_GET
def after(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """What was asked about a paper that is back, and what may still be."""
    attempt = own_attempt(request, attempt_id, "evaluations.view_result")
    context = after_marks_page(attempt, reader=request.user, now=timezone.now())
    return render_page(request, "evaluations/after_marks.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """GET: the form, `?question=` or `?page=` chosen already. POST: asks, and leads to the conversation."""
    result, now = own_result(request, attempt_id, "evaluations.ask_about_marks"), timezone.now()
    window = after_marks(result.attempt, result.evaluation, result.shown).questions
    choices: dict[str, Any] = {
        "questions": [("", _("The whole paper")), *question_choices(result)],
        "pages": page_choices(result.pages),
    }
    if request.method == "POST":
        form = PointingForm(request.POST, **choices)
        if form.is_valid():
            given = {"text": form.cleaned_data["text"], "message_id": form.cleaned_data["message_id"]}
            try:
                thread = ask_about_marks(
                    attempt=result.attempt,
                    question_id=form.question_id(),
                    place=form.place(),
                    actor=request.user,
                    now=now,
                    **given,
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect("clarification-page", thread.pk)
    else:
        form = PointingForm(initial={name: request.GET.get(name, "") for name in ("question", "page")}, **choices)
    context = {
        "attempt": result.attempt,
        "form": form,
        "window": window,
        "state": window.state(now),
        "pages": pointing_pages(result.pages),
        "words": draft_words(),
    }
    status = 422 if form.errors else 200
    return render_page(request, "evaluations/clarification_ask.html", context, status=status)


@require_http_methods(["GET", "POST"])
def conversation(request: HttpRequest, clarification_id: UUID) -> HttpResponse:
    """The conversation; POST says something in it."""
    permission = "answer" if request.method == "POST" else "view"
    thread, now = _thread(request, clarification_id, permission), timezone.now()
    form = MessageForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = {"text": form.cleaned_data["text"], "message_id": form.cleaned_data["message_id"]}
        try:
            answer(thread=thread, actor=request.user, now=now, **given)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect(f"{reverse('clarification-page', args=[thread.pk])}#last")
    if request.method == "GET":
        read_by_url(user=request.user, url=request.path, now=now)
    context = {
        "thread": thread,
        "attempt": thread.evaluation.attempt,
        "said": messages_of(thread, reader=request.user),
        "form": form,
        "is_over": is_over(thread, now),
        "may_answer": request.user.has_perm("evaluations.answer_clarification", thread),
        "is_family": thread.marker_id != request.user.pk and not request.user.is_staff,
        "label": label_of(thread, request.user),
        "words": draft_words(),
        # Who marked one question of a paper that several marked has no desk of all of it.
        "sees_desk": request.user.is_staff or thread.evaluation.teacher_id == request.user.pk,
        "is_own": thread.evaluation.attempt.student_id == request.user.pk,
    }
    return render_page(request, "evaluations/clarification_page.html", context, status=422 if form.errors else 200)


@require_POST
def close(request: HttpRequest, clarification_id: UUID) -> HttpResponse:
    thread = _thread(request, clarification_id, "answer")
    close_clarification(thread=thread, actor=request.user, now=timezone.now())
    messages.success(request, _("The conversation is closed."))
    return redirect("clarification-page", thread.pk)


@require_GET
def conversation_list(request: HttpRequest) -> HttpResponse:
    """For teachers what is put to them, for staff everything."""
    if not (request.user.is_teacher or request.user.is_staff):
        raise PermissionDenied
    rows = thread_list(request.user, before=request.GET.get("before", ""))
    return render_page(request, "evaluations/clarification_list.html", rows)


def _thread(request: HttpRequest, clarification_id: UUID, verb: str) -> Clarification:
    return get_permitted(request.user, f"evaluations.{verb}_clarification", thread_rows(), clarification_id)
