"""The pages of moderation: what waits for a decision, and two markings side by side."""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, ExamChecks
from evaluations.selectors.moderation_page import Said, moderation_list, moderation_page
from evaluations.services.moderating import Decision, StepDecision, finish_moderation, sides_of, take_moderation
from evaluations.services.second_marking import broken_numbers

CHOICE = re.compile(r"^choice-(\d{1,3})$")
AWARD = re.compile(r"^award-(\d{1,3})-([0-9a-f-]{36})$")


def _asked(request: HttpRequest, evaluation_id: UUID) -> Evaluation:
    rows = Evaluation.objects.with_paper()
    found = get_permitted(request.user, "evaluations.moderate_evaluation", rows, evaluation_id)
    if found.role != EvaluationRole.MODERATION:
        raise Http404
    return found


@require_GET
def moderations(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff and not request.user.is_teacher:
        raise PermissionDenied
    rows = moderation_list(person=request.user, now=timezone.now())
    exams = ExamChecks.objects.visible_to(request.user).select_related("exam").order_by("-exam_id")[:20]
    return render_page(request, "evaluations/moderations.html", {"rows": rows, "exams": exams})


@require_http_methods(["GET", "HEAD", "POST"])
def moderation(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Opening it takes it up, unless somebody else has; sending it settles the paper."""
    asked, now = _asked(request, evaluation_id), timezone.now()
    said, status = Said(), 200
    if request.method == "POST":
        said = _said(request)
        try:
            finish_moderation(evaluation=asked, decisions=_decisions(said), actor=request.user, now=now)
        except DomainError as error:
            number, step = error.details.get("number"), error.details.get("step")
            at = number if isinstance(number, int) else None
            said, status = (
                replace(said, problem=error.message, problem_at=at, problem_step=str(step or "")),
                error.status,
            )
        else:
            messages.success(request, _("Settled. The paper goes on its way."))
            return redirect("moderation-list")
    else:
        take_moderation(evaluation=asked, actor=request.user, now=now)
    asked = Evaluation.objects.with_paper().get(pk=asked.pk)
    page = moderation_page(
        evaluation=asked, sides=sides_of(asked), broken=broken_numbers(asked), reader=request.user, said=said
    )
    return render_page(request, "evaluations/moderation.html", page, status=status)


@require_POST
def moderation_take(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Takes over what somebody else has taken up."""
    asked = _asked(request, evaluation_id)
    take_moderation(evaluation=asked, actor=request.user, now=timezone.now(), take_over=True)
    return redirect("moderation", asked.pk)


def _said(request: HttpRequest) -> Said:
    post = request.POST
    numbers = [int(found[1]) for name in post if (found := CHOICE.match(name))]
    steps: dict[int, dict[str, tuple[str, str]]] = {}
    for name in post:
        if found := AWARD.match(name):
            key = f"{found[1]}-{found[2]}"
            typed = post.get(f"step-{key}", ""), post.get(f"award-{key}", "").strip()
            steps.setdefault(int(found[1]), {})[found[2]] = typed
    return Said(
        choices={number: post[f"choice-{number}"] for number in numbers},
        own={number: post.get(f"own-{number}", "").strip() for number in numbers},
        reasons={number: post.get(f"reason-{number}", "").replace("\x00", "") for number in numbers},
        steps=steps,
    )


def _decisions(said: Said) -> dict[int, Decision]:
    """What is chosen, as far as it is one of the choices; the service says what is missing."""
    return {
        number: Decision(choice, _marks(said.own[number]), said.reasons[number], _steps(said, number, choice))
        for number, choice in said.choices.items()
        if choice in ("first", "second", "own")
    }


def _steps(said: Said, number: int, choice: str) -> dict[str, StepDecision] | None:
    """What is chosen of its steps; None where the page showed none."""
    if choice != "own" or number not in said.steps:
        return None
    return {
        step: StepDecision(taken, _marks(typed) if taken == "own" else None)
        for step, (taken, typed) in said.steps[number].items()
        if taken in ("first", "second", "own")
    }


def _marks(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace("½", ".5").replace(",", ".")) if text else None
    except InvalidOperation:
        return None
