"""The teacher's queue and the marking desk. Saving goes through the API, with the same services."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.access import get_permitted
from common.htmx import json_endpoint, render_page
from evaluations.enums import PRACTICE_ROLES, EvaluationRole
from evaluations.models import Evaluation
from evaluations.selectors.desk_page import desk_page, desk_pictures, next_pictures, page_json
from evaluations.selectors.pictures import picture_views
from evaluations.selectors.queue_page import queue_page
from evaluations.selectors.scheme_page import schemes_changed
from evaluations.selectors.sheets import pages_of
from evaluations.services.claims import claim_for_desk, claim_next
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.operations import resume_claim

DESK, MARK = "evaluations.view_desk", "evaluations.mark_evaluation"


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    if not request.user.is_teacher:
        raise PermissionDenied
    may_mark = request.user.has_perm("evaluations.view_queue")
    page = queue_page(teacher=request.user, may_mark=may_mark, now=timezone.now())
    return render_page(request, "evaluations/queue.html", page, partial="queue")


@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """Takes the next paper by promise."""
    if not request.user.is_teacher:
        raise PermissionDenied
    found = claim_next(teacher=request.user, now=timezone.now())
    if found is None:
        messages.info(request, _("No paper waits right now."))
        return redirect("marking-queue")
    return redirect("marking-desk", found.pk)


@require_GET
def desk(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Opens a paper: its teacher claims it by that; somebody else who may see it reads only."""
    evaluation = get_permitted(request.user, DESK, Evaluation.objects.with_paper(), evaluation_id)
    now = timezone.now()
    evaluation = claim_for_desk(evaluation=evaluation, person=request.user, now=now)
    return render_page(request, "evaluations/desk.html", desk_page(evaluation=evaluation, reader=request.user, now=now))


@require_POST
def finalise(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    evaluation = get_permitted(request.user, MARK, Evaluation.objects.with_paper(), evaluation_id)
    if evaluation.role == EvaluationRole.REMARK:
        return redirect("remark-decision", evaluation.pk)
    finalise_evaluation(evaluation=evaluation, actor=request.user, now=timezone.now())
    if evaluation.role in PRACTICE_ROLES:
        return redirect("practice-feedback", evaluation.pk)
    if "next" in request.POST and request.user == evaluation.teacher:
        messages.success(request, _("Finished. This is the next paper by promise."))
        return claim(request)
    messages.success(request, _("Finished. The next paper by promise is on top."))
    return redirect("marking-queue")


@require_POST
@json_endpoint
def heartbeat(request: HttpRequest, evaluation_id: UUID) -> dict[str, Any]:
    """The teacher is at work: the claim is renewed, or taken up again where it lapsed meanwhile."""
    evaluation = get_permitted(request.user, MARK, Evaluation.objects.with_paper(), evaluation_id)
    resumed = resume_claim(evaluation=evaluation, teacher=request.user, now=timezone.now())
    return {"lease_until": resumed.lease_until, "schemes": schemes_changed(evaluation)}


@require_GET
@json_endpoint
def ahead(request: HttpRequest, evaluation_id: UUID) -> dict[str, Any]:
    """The pictures of the paper after this one, for a desk that has nothing else to do."""
    evaluation = get_permitted(request.user, MARK, Evaluation.objects.with_paper(), evaluation_id)
    return {"pictures": next_pictures(evaluation, request.user)}


@require_GET
@json_endpoint
def pages(request: HttpRequest, evaluation_id: UUID) -> dict[str, Any]:
    """The pages and what was asked for as they stand, for a desk that was opened before their images were made."""
    evaluation = get_permitted(request.user, DESK, Evaluation.objects.with_paper(), evaluation_id)
    return {
        "pages": [page_json(page) for page in pages_of(evaluation, with_ink=False)],
        "pictures": desk_pictures(picture_views(evaluation.pk)),
        "due_at": evaluation.due_at,
        "paused": evaluation.paused_at is not None,
    }
