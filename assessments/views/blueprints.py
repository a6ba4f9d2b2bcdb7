"""Pages on which teachers and staff make blueprints."""

from __future__ import annotations

from collections.abc import Callable
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

from assessments.forms.blueprints import BlueprintEditor
from assessments.models import Blueprint, PaperDraft
from assessments.selectors import blueprint_pages
from assessments.services.blueprints import (
    Plan,
    change_blueprint,
    copy_blueprint,
    create_blueprint,
    delete_blueprint,
    judge_plan,
    plan_digest,
    plan_of,
)
from assessments.services.drawing import BlueprintUnfitError
from assessments.services.paper_times import plan_time
from common.access import get_permitted
from common.errors import ConflictError
from common.htmx import render_page
from courses.models import Programme

EDIT = "assessments/blueprint_edit.html"
WITH_PROGRAMME = Blueprint.objects.select_related("programme", "author")


@require_GET
def blueprint_list(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("assessments.list_blueprints"):
        raise PermissionDenied
    context = {
        "rows": blueprint_pages.blueprint_rows(request.user),
        "programmes": blueprint_pages.programmes(),
        "may_add": request.user.has_perm("assessments.add_blueprint"),
    }
    return render_page(request, "assessments/blueprint_list.html", context)


@require_GET
def blueprint_page(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    blueprint = get_permitted(request.user, "assessments.view_blueprint", WITH_PROGRAMME, blueprint_id)
    plan = plan_of(blueprint)
    context = {
        "blueprint": blueprint,
        "sections": BlueprintEditor.of_plan(blueprint_pages.unit_choices(blueprint.programme), plan).sections,
        "check": judge_plan(programme=blueprint.programme, plan=plan),
        "time": plan_time(plan),
        "papers": blueprint_pages.papers_of(blueprint),
        "draft": PaperDraft.objects.visible_to(request.user).filter(blueprint=blueprint).first(),
        "may_change": request.user.has_perm("assessments.change_blueprint", blueprint),
    }
    return render_page(request, "assessments/blueprint_page.html", context)


@require_http_methods(["GET", "POST"])
def blueprint_new(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    if not request.user.has_perm("assessments.add_blueprint"):
        raise PermissionDenied
    programme = get_permitted(request.user, "courses.view_programme", Programme, programme_id)

    def save(plan: Plan) -> Blueprint:
        return create_blueprint(programme=programme, plan=plan, actor=request.user, now=timezone.now())

    return _editor_page(request, programme, None, save)


@require_http_methods(["GET", "POST"])
def blueprint_edit(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    message = _("This blueprint is not yours. Copy it, and change the copy.")
    blueprint = get_permitted(
        request.user, "assessments.change_blueprint", WITH_PROGRAMME, blueprint_id, message=message
    )

    def save(plan: Plan) -> Blueprint:
        if request.POST.get("do") == "save-copy":
            return create_blueprint(programme=blueprint.programme, plan=plan, actor=request.user, now=timezone.now())
        seen = request.POST.get("seen", "")
        return change_blueprint(blueprint=blueprint, plan=plan, seen=seen, actor=request.user, now=timezone.now())

    return _editor_page(request, blueprint.programme, blueprint, save)


@require_POST
def blueprint_copy(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    blueprint = get_permitted(request.user, "assessments.add_blueprint", Blueprint, blueprint_id)
    copy = copy_blueprint(blueprint=blueprint, actor=request.user, now=timezone.now())
    return redirect("blueprint-edit", copy.pk)


@require_POST
def blueprint_delete(request: HttpRequest, blueprint_id: UUID) -> HttpResponse:
    blueprint = get_permitted(request.user, "assessments.delete_blueprint", Blueprint, blueprint_id)
    delete_blueprint(blueprint=blueprint, actor=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is deleted.") % {"name": blueprint.name})
    return redirect("blueprint-list")


def _editor_page(
    request: HttpRequest, programme: Programme, blueprint: Blueprint | None, save: Callable[[Plan], Blueprint]
) -> HttpResponse:
    """The editor: `do` of a POST is save, save-copy, check, or what a button of the page asks for."""
    units = blueprint_pages.unit_choices(programme)
    context: dict[str, Any] = {"programme": programme, "blueprint": blueprint, "seen": request.POST.get("seen", "")}
    if request.method == "GET":
        if blueprint is None:  # nothing is wrong yet with what nobody has filled in
            return render_page(request, EDIT, context | {"editor": BlueprintEditor.empty(units)})
        plan = plan_of(blueprint)
        editor = BlueprintEditor.of_plan(units, plan)
        return render_page(request, EDIT, context | {"seen": plan_digest(plan)} | _checked(editor, programme))
    editor, asked = BlueprintEditor.of_post(units, request.POST), request.POST.get("do", "save")
    if asked not in {"save", "save-copy", "check"}:
        editor.apply(asked)
        return render_page(request, EDIT, context | {"editor": editor}, partial="editor")
    checked = _checked(editor, programme)
    if asked == "check":
        response = render_page(request, EDIT, context | checked, partial="check")
        # The form itself swaps the editor; a check never does.
        response["HX-Retarget"] = "#check"
        return response
    status = 422
    if checked["plan"] is not None:
        try:
            saved = save(checked["plan"])
        except ConflictError as error:
            editor.problems, status = [error.message], error.status
            context |= {"seen": error.details["digest"], "changed_elsewhere": True}
        except BlueprintUnfitError as error:
            editor.problems = list(error.details["problems"])  # type: ignore[call-overload]
        else:
            messages.success(request, _("Saved."))
            return _go(request, reverse("blueprint-page", args=[saved.pk]))
    return render_page(request, EDIT, context | checked, partial="editor", status=status)


def _checked(editor: BlueprintEditor, programme: Programme) -> dict[str, Any]:
    """The editor with its plan and what the bank says of it; without them while fields are not filled in."""
    plan = editor.clean()
    return {"editor": editor, "plan": plan, "check": plan and judge_plan(programme=programme, plan=plan)}


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """To another page, also from a form that htmx sent."""
    if getattr(request, "htmx", False):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)
