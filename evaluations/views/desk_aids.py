"""What helps a marker at the desk: keys of their own, questions for later, and marks to compare with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import json_endpoint, read_json
from evaluations.models import Evaluation
from evaluations.selectors.desk_history import earlier_marks, step_places
from evaluations.selectors.desk_keys import all_keys
from evaluations.selectors.totals import plain
from evaluations.services.desk_keys import save_keys
from evaluations.services.later import flag_later


@require_POST
@json_endpoint
def keys(request: HttpRequest) -> dict[str, Any]:
    """Saves {"keys": {action: key}, "is_on": true}; answers with every action's key."""
    if not request.user.is_teacher:
        raise PermissionDenied
    sent = read_json(request)
    if not isinstance(sent.get("keys"), dict) or not isinstance(sent.get("is_on"), bool):
        raise DomainError("Say which keys, and whether they are on.", "unreadable")
    saved = save_keys(person=request.user, keys=sent["keys"], is_on=sent["is_on"])
    return {"keys": all_keys(saved.keys), "is_on": saved.is_on}


@require_POST
@json_endpoint
def later(request: HttpRequest, evaluation_id: UUID) -> dict[str, Any]:
    """Flags {"question": id, "later": true}; answers with the questions that are flagged."""
    evaluation = get_permitted(
        request.user, "evaluations.mark_evaluation", Evaluation.objects.with_paper(), evaluation_id
    )
    sent = read_json(request)
    try:
        question = UUID(str(sent.get("question")))
    except ValueError as error:
        raise DomainError("This question is not a written one of the paper.", "unknown_question") from error
    flagged = flag_later(
        evaluation=evaluation, question_id=question, is_later=bool(sent.get("later")),
        actor=request.user, now=timezone.now(),
    )  # fmt: skip
    return {"later": [str(pk) for pk in flagged]}


@require_GET
@json_endpoint
def earlier(request: HttpRequest, evaluation_id: UUID, question_id: UUID) -> dict[str, Any]:
    """The student's earlier marks in the chapter of a question, without their name."""
    evaluation = _desk(request, evaluation_id)
    rows = earlier_marks(evaluation=evaluation, question_id=question_id)
    return {
        "earlier": [
            {
                "exam": row.exam,
                "number": row.number,
                "marks": plain(row.marks),
                "out_of": plain(row.out_of),
                "at": row.at,
            }
            for row in rows
        ]
    }


@require_GET
@json_endpoint
def step(request: HttpRequest, evaluation_id: UUID, step_id: UUID) -> dict[str, Any]:
    """On which of their papers of this exam the marker gave a step, and on which not."""
    evaluation = _desk(request, evaluation_id)
    places = step_places(evaluation=evaluation, reader=request.user, step_id=step_id)
    return {
        "places": [
            {
                "label": place.label,
                "given": place.given,
                "is_open": place.is_open,
                "is_this": place.evaluation == evaluation.pk,
                "url": f"{reverse('marking-desk', args=[place.evaluation])}#q{place.number}",
            }
            for place in places
        ]
    }


def _desk(request: HttpRequest, evaluation_id: UUID) -> Evaluation:
    rows = Evaluation.objects.with_paper()
    return get_permitted(request.user, "evaluations.view_desk", rows, evaluation_id)
