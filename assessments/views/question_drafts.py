"""Unfinished questions: their list, the editor's saving in the background, and discarding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assessments.forms.bank import read_id
from assessments.forms.question import draft_data
from assessments.models import Question, QuestionDraft
from assessments.selectors.bank import questions_with_content
from assessments.selectors.question_drafts import drafts_of
from assessments.services import question_drafts as services
from common.access import get_permitted
from common.htmx import json_endpoint, render_page

MOST_SEEN = 2_000_000_000


@require_GET
def draft_list(request: HttpRequest) -> HttpResponse:
    _may_write(request)
    return render_page(request, "assessments/question_drafts.html", {"drafts": list(drafts_of(request.user))})


@require_POST
@json_endpoint
def draft_save(request: HttpRequest, draft_id: UUID) -> dict[str, Any]:
    """What the editor sends while somebody writes; answers the version that is kept now."""
    draft = keep(request, draft_id, changed_question(request))
    return {"draft": str(draft.pk), "version": draft.version}


@require_POST
def draft_discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    _may_write(request)
    draft = get_permitted(request.user, "assessments.view_questiondraft", QuestionDraft, draft_id)
    services.discard_draft(draft=draft, actor=request.user)
    messages.success(request, _("Discarded."))
    return redirect("question-drafts" if drafts_of(request.user).exists() else "bank-list")


def keep(request: HttpRequest, draft_id: UUID, question: Question | None) -> QuestionDraft:
    """Keeps the posted form. Raises DomainError."""
    return services.save_draft(
        draft_id=draft_id,
        question=question,
        data=draft_data(request.POST),
        seen=seen_version(request) or 0,
        actor=request.user,
        now=timezone.now(),
    )


def changed_question(request: HttpRequest) -> Question | None:
    """The question that the posted form would change; raises PermissionDenied or Http404."""
    _may_write(request)
    if not (given := request.POST.get("question", "")):
        return None
    found: Question = get_permitted(
        request.user, "assessments.change_question", questions_with_content(), read_id(given) or UUID(int=0)
    )
    return found


def seen_version(request: HttpRequest) -> int | None:
    """The version of the draft that the tab knows."""
    given = request.POST.get("draft_seen", "")
    return int(given) if given.isdecimal() and len(given) <= 10 and int(given) < MOST_SEEN else None


def _may_write(request: HttpRequest) -> None:
    if not request.user.has_perm("assessments.add_question"):
        raise PermissionDenied
