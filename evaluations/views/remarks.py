"""Asking for a re-mark, and deciding one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments.models import PaperQuestion
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.forms import DecisionForm, RemarkForm
from evaluations.models import Evaluation, QuestionMark, RemarkRequest
from evaluations.selectors.after_marks import after_marks
from evaluations.selectors.clarification_pages import draft_words, page_choices, pointing_pages
from evaluations.selectors.remarks import pointed_at, steps_to_point_at, tokens_left
from evaluations.services.remarks import ask_remark, decide_remark
from evaluations.views.clarifications import own_result


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, attempt_id: UUID, question_id: UUID) -> HttpResponse:
    """GET: the steps to point at, the place and the reason. POST: asks, and leads to where it stands."""
    result, now = own_result(request, attempt_id, "evaluations.ask_about_marks"), timezone.now()
    question = next((one for one in result.questions if one.id == question_id and one.is_written), None)
    if question is None or result.evaluation is None:
        raise Http404
    known = RemarkRequest.objects.filter(evaluation=result.evaluation, question=question_id).first()
    if known is not None and request.method == "GET":
        return redirect(f"{reverse('after-marks', args=[attempt_id])}#remark-{known.pk}")
    rules = after_marks(result.attempt, result.evaluation, result.shown)
    row = PaperQuestion.objects.select_related("version").get(pk=question_id)
    mark = QuestionMark.objects.filter(evaluation=result.evaluation, question=row).first()
    steps = steps_to_point_at(row, mark) if mark else []
    sent = request.POST if request.method == "POST" else None
    form = RemarkForm(sent, steps=steps, pages=page_choices(result.pages))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            asked = ask_remark(
                attempt=result.attempt,
                question_id=question_id,
                steps=[UUID(step) for step in given["steps"]],
                reason=given["text"],
                place=form.place(),
                request_id=given["message_id"],
                actor=request.user,
                now=now,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect(f"{reverse('after-marks', args=[attempt_id])}#remark-{asked.pk}")
    context = {
        "attempt": result.attempt,
        "question": question,
        "steps": steps,
        "chosen": request.POST.getlist("steps"),
        "form": form,
        "window": rules.remarks,
        "state": rules.remarks.state(now),
        "tokens": tokens_left(student=result.attempt.student, exam=result.attempt.exam, policy=rules.policy),
        "pages": pointing_pages(result.pages),
        "words": draft_words(),
    }
    return render_page(request, "evaluations/remark_ask.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def decision(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """What the second teacher decides: each step with the marks before and now, and why."""
    verb = "mark_evaluation" if request.method == "POST" else "view_desk"
    rows = Evaluation.objects.with_paper()
    evaluation = get_permitted(request.user, f"evaluations.{verb}", rows, evaluation_id)
    if evaluation.role != EvaluationRole.REMARK:
        raise Http404
    about = pointed_at(evaluation)
    assert about is not None
    mark = QuestionMark.objects.filter(evaluation=evaluation, question=about["request"].question).first()
    sent = request.POST if request.method == "POST" else None
    form = DecisionForm(sent, steps=about["steps"], given=mark)
    if request.method == "POST" and form.is_valid():
        try:
            decide_remark(evaluation=evaluation, words=form.words(), actor=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Decided. The student and the first marker are told."))
            return redirect("marking-queue")
    context = {
        "evaluation": evaluation,
        "about": about,
        "rows": form.rows(),
        "form": form,
        "mark": mark,
        "words": draft_words(),
        "can_decide": evaluation.state == EvaluationState.IN_PROGRESS and evaluation.teacher_id == request.user.pk,
    }
    return render_page(request, "evaluations/remark_decision.html", context, status=422 if form.errors else 200)
