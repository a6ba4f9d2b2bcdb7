"""Pages on which teachers and staff draw a paper, look it over, swap questions, freeze it and set it as an exam."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments.forms.blueprints import FreezeForm, SeedForm
from assessments.forms.exams import SetExamForm, SetQuizForm
from assessments.models import Blueprint, Paper, PaperDraft
from assessments.selectors import blueprint_pages
from assessments.selectors.rehearsals import rehearse_door
from assessments.services.drawing import BlueprintUnfitError
from assessments.services.paper_drafts import (
    MAX_SEED,
    draw_draft,
    freeze_draft,
    read_draft,
    seat_name,
    swap_candidates,
    swap_question,
)
from assessments.services.paper_times import paper_time
from assessments.services.paper_variants import draw_variants
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page

DRAFT, SWAP = "assessments/paper_draft.html", "assessments/paper_swap.html"
SOURCE: QuerySet[Blueprint] = Blueprint.objects.select_related("programme")


def _blueprint(request: HttpRequest, blueprint_id: UUID) -> Blueprint:
    return get_permitted(request.user, "assessments.draw_blueprint", SOURCE, blueprint_id)


def _draft(request: HttpRequest, blueprint_id: UUID) -> PaperDraft:
    blueprint = _blueprint(request, blueprint_id)
    draft = PaperDraft.objects.visible_to(request.user).filter(blueprint=blueprint).first()
    if draft is None:
        raise Http404
    draft.blueprint = blueprint
    return draft


@require_http_methods(["GET", "POST"])
def paper_draft(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    """The draft as the student would see the paper; POST draws another, by `seed` where one is given."""
    blueprint = _blueprint(request, blueprint_id)
    if request.method == "GET":
        draft = PaperDraft.objects.visible_to(request.user).filter(blueprint=blueprint).first()
        return _draft_page(request, blueprint, draft)
    form = SeedForm(request.POST)
    if not form.is_valid():
        problem = _("The seed is a whole number from 0 to %(most)d.") % {"most": MAX_SEED - 1}
        return _draft_page(request, blueprint, None, problems=[problem], status=422)
    seed = form.cleaned_data["seed"]
    try:
        draw_draft(
            blueprint=blueprint,
            seed=secrets.randbelow(MAX_SEED) if seed is None else seed,
            actor=request.user,
            now=timezone.now(),
        )
    except BlueprintUnfitError as error:
        problems: Any = error.details["problems"]
        return _draft_page(request, blueprint, None, problems=problems, status=422)
    return redirect("paper-draft", blueprint.pk)


@require_http_methods(["GET", "POST"])
def paper_swap(request: HttpRequest, blueprint_id: UUID, seat: str) -> HttpResponse:
    """What else the bank has for one place of the draft; POST puts `version` there."""
    draft, problem = _draft(request, blueprint_id), ""
    if request.method == "POST":
        try:
            swap_question(draft=draft, seat=seat, version=request.POST.get("version", ""), actor=request.user)
        except DomainError as error:
            problem = error.message
        else:
            return redirect(f"{reverse('paper-draft', args=[blueprint_id])}#q{seat}")
    try:
        place, free = swap_candidates(draft=draft, seat=seat)
    except DomainError as error:
        raise Http404 from error
    text = request.GET.get("q", "")[:80]
    rows, found = blueprint_pages.candidate_versions([candidate.version for candidate in free], text)
    context = {"draft": draft, "seat": seat, "place": place, "rows": rows, "found": found, "free": len(free), "q": text}
    status = 422 if problem else 200
    return render_page(request, SWAP, context | {"problem": problem}, partial="swap", status=status)


@require_POST
def paper_freeze(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    draft, form = _draft(request, blueprint_id), FreezeForm(request.POST)
    if not form.is_valid():
        return _draft_page(request, draft.blueprint, draft, freeze=form, status=422)
    try:
        paper = freeze_draft(draft=draft, actor=request.user, now=timezone.now(), **form.cleaned_data)
    except BlueprintUnfitError:
        return _draft_page(request, draft.blueprint, draft, freeze=form, status=422)
    return redirect("paper-page", paper.pk)


@require_http_methods(["GET", "POST"])
def paper_page(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """A frozen paper; POST sets it as an exam."""
    source = Paper.objects.select_related("programme", "blueprint")
    paper = get_permitted(request.user, "assessments.set_paper", source, paper_id)
    cohorts, now = blueprint_pages.cohorts_for(request.user, paper), timezone.now()
    may_be_quiz = not paper.written_marks
    as_quiz = may_be_quiz and "quiz" in (request.POST or request.GET)
    kind = SetQuizForm if as_quiz else SetExamForm
    form = kind(request.POST if request.method == "POST" else None, paper=paper, cohorts=cohorts, now=now)
    if form.is_valid():
        try:
            exam = form.save(actor=request.user, now=now)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("%(title)s is set.") % {"title": exam.title})
            return redirect("paper-page", paper.pk)
    questions = list(blueprint_pages.paper_questions(paper))
    context = {
        "paper": paper,
        "form": form,
        "may_be_quiz": may_be_quiz,
        "as_quiz": as_quiz,
        "cohorts": cohorts,
        "exams": blueprint_pages.exams_with(paper),
        "sections": blueprint_pages.in_sections(paper.sections, questions),
        "levels": blueprint_pages.level_marks(questions),
        "time": paper_time(questions),
    }
    if request.user.has_perm("assessments.rehearse_paper", paper):
        context |= rehearse_door(user=request.user, paper=paper)
    return render_page(request, "assessments/paper_page.html", context, status=422 if form.is_bound else 200)


def _draft_page(
    request: HttpRequest,
    blueprint: Blueprint,
    draft: PaperDraft | None,
    *,
    problems: list[str] | None = None,
    freeze: FreezeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"blueprint": blueprint, "draft": draft, "problems": problems or [], "sections": []}
    if draft is not None:
        draft.blueprint = blueprint
        state = read_draft(draft)
        variants = draw_variants([pick.candidate.version for pick in state.picks], seed=draft.seed, now=draft.drawn_at)
        picks = [
            (pick.seat.slot.section, pick.seat.slot.number, pick.seat.alternative, pick.candidate.version)
            for pick in state.picks
        ]
        questions = blueprint_pages.drawn_questions(picks, variants)
        context |= {
            "problems": context["problems"] + state.problems,
            "sections": blueprint_pages.in_sections(blueprint_pages.section_heads(blueprint), questions),
            "stale": [seat_name(seat) for seat in state.stale],
            "levels": blueprint_pages.level_marks(questions),
            "time": paper_time(questions),
            "freeze": freeze
            or FreezeForm(initial={"title": f"{blueprint.name} {timezone.localdate():%d.%m.%Y}"[:160]}),
        }
    return render_page(request, DRAFT, context, status=status)
