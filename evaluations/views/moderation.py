"""The pages of moderation: what waits for a decision, and two markings side by side."""

import re
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
from evaluations.models import Evaluation
from evaluations.selectors.moderation_page import Said, moderation_list, moderation_page
from evaluations.services.moderating import Decision, finish_moderation, sides_of, take_moderation
from evaluations.services.second_marking import broken_numbers

CHOICE = re.compile(r"^choice-(\d{1,3})$")


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
    return render_page(request, "evaluations/moderations.html", {"rows": rows})


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
            number = error.details.get("number")
            at = number if isinstance(number, int) else None
            said, status = Said(said.choices, said.own, said.reasons, error.message, at), error.status
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
    numbers = [int(found[1]) for name in request.POST if (found := CHOICE.match(name))]
    return Said(
        choices={number: request.POST[f"choice-{number}"] for number in numbers},
        own={number: request.POST.get(f"own-{number}", "").strip() for number in numbers},
        reasons={number: request.POST.get(f"reason-{number}", "") for number in numbers},
    )


def _decisions(said: Said) -> dict[int, Decision]:
    """What is chosen, as far as it is one of the choices; the service says what is missing."""
    return {
        number: Decision(choice, _marks(said.own[number]), said.reasons[number])
        for number, choice in said.choices.items()
        if choice in ("first", "second", "own")
    }


def _marks(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace("½", ".5").replace(",", ".")) if text else None
    except InvalidOperation:
        return None
