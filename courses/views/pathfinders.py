"""Pathfinders: the student's way to a path, and the page of those who make them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from courses.enums import PathfinderKind
from courses.models import Pathfinder
from courses.selectors import pathfinders as pages
from courses.services import pathfinders as service
from courses.services.checks import CourseError
from courses.services.lesson_content import ID

NOT_YOURS = gettext_lazy("Only staff and whoever made this pathfinder may change it.")
PERCENT = re.compile(r"\d{1,3}")


@require_GET
def pathfinder_page(request: HttpRequest, pathfinder_id: UUID) -> HttpResponse:
    """What the person was told last and why, and the way to ask (again)."""
    user = request.user
    pathfinder = get_permitted(user, "courses.view_pathfinder", Pathfinder, pathfinder_id)
    choices = pages.choices_of(pathfinder)
    run, begun = pages.latest_run(pathfinder, user), pages.open_run(pathfinder, user)
    chosen = (begun or run).interests if begun or run else []
    context = {
        "pathfinder": pathfinder, "choices": choices, "run": run, "begun": begun, "chosen": set(chosen),
        "interests": pages.offered_interests(choices), "may": user.has_perm("courses.arrange_pathfinder", pathfinder),
        "open_paths": {str(choice.path_id) for choice in choices},
    }  # fmt: skip
    return render_page(request, "courses/pathfinder_page.html", context, partial="pathfinder")


@require_POST
def pathfinder_begin(request: HttpRequest, pathfinder_id: UUID) -> HttpResponse:
    """Keeps the interests and goes to the questions."""
    pathfinder = get_permitted(request.user, "courses.view_pathfinder", Pathfinder, pathfinder_id)
    try:
        service.begin_run(
            pathfinder=pathfinder, interests=_interests(request), student=request.user, now=timezone.now()
        )
    except CourseError as error:
        messages.error(request, error.message)
        return redirect("pathfinder-page", pathfinder.pk)
    if pathfinder.kind == PathfinderKind.QUIZ:
        return redirect("exam-detail", pathfinder.target)
    # An external assessment is opened by a button of its own, by POST.
    return redirect("pathfinder-page", pathfinder.pk)


@require_POST
def pathfinder_interests(request: HttpRequest, pathfinder_id: UUID) -> HttpResponse:
    """Other interests with the score of last time."""
    pathfinder = get_permitted(request.user, "courses.view_pathfinder", Pathfinder, pathfinder_id)
    run = pages.latest_run(pathfinder, request.user)
    if run is not None:
        service.change_interests(run=run, interests=_interests(request), now=timezone.now())
        messages.success(request, _("Saved."))
    return redirect("pathfinder-page", pathfinder.pk)


@require_POST
def pathfinder_new(request: HttpRequest) -> HttpResponse:
    """From the page of the paths."""
    try:
        made = service.make_pathfinder(
            title=request.POST.get("title", ""), actor=request.user, now=timezone.now()
        )  # fmt: skip
    except CourseError as error:
        messages.error(request, error.message)
        return redirect("path-teaching")
    return redirect("pathfinder-build", made.pk)


@require_http_methods(["GET", "POST"])
def pathfinder_build(request: HttpRequest, pathfinder_id: UUID) -> HttpResponse:
    """What it says, where it leads, which path begins at how many per cent. `do`: save, publish, take-back."""
    pathfinder = get_permitted(
        request.user, "courses.arrange_pathfinder", Pathfinder, pathfinder_id, message=str(NOT_YOURS)
    )
    problem, status, version = "", 200, pathfinder.version
    if request.method == "POST":
        try:
            _save(request, pathfinder)
        except DomainError as error:
            problem, status = error.message, error.status
            # The next press of the button is an answer to what somebody else changed.
            version = int(str(error.details.get("version", request.POST.get("seen", version))) or version)
        else:
            messages.success(request, _("Saved."))
            return redirect("pathfinder-build", pathfinder.pk)
    paths = pages.paths_to_choose(request.user, pathfinder)
    context = {
        "pathfinder": pathfinder, "kinds": PathfinderKind.choices, "problem": problem, "version": version,
        "rows": [(path, *_shown(request, path, bool(problem))) for path in paths],
        "typed": _typed(request, pathfinder) if problem else _kept(pathfinder),
    }  # fmt: skip
    return render_page(request, "courses/pathfinder_build.html", context, status=status)


def _save(request: HttpRequest, pathfinder: Pathfinder) -> None:
    post, now, do = request.POST, timezone.now(), request.POST.get("do", "")
    seen = int(post["seen"]) if post.get("seen", "").isdecimal() and len(post["seen"]) < 9 else None
    thing: dict[str, Any] = {"pathfinder": pathfinder, "seen": seen, "actor": request.user, "now": now}
    if do in ("publish", "take-back"):
        service.publish_pathfinder(publish=do == "publish", **thing)
        return
    if do != "save":
        raise CourseError(_("Say what to do."), "unknown_action")
    kind = post.get("kind", "")
    if kind not in PathfinderKind.values:
        raise CourseError(_("Say to which quiz or assessment it leads."), "leads_nowhere")
    found = ID.findall(post.get("target", ""))
    fields = {
        "title": post.get("title", ""), "intro": " ".join(post.get("intro", "").replace("\x00", "").split())[:600],
        "kind": kind, "target": UUID(found[0]) if len(found) == 1 else None,
    }  # fmt: skip
    service.change_pathfinder(fields=fields, begins=_begins(post), **thing)


def _begins(post: Any) -> dict[UUID, int | None]:
    """Which paths are ticked, and where each begins. Raises CourseError."""
    begins: dict[UUID, int | None] = {}
    for name in post.getlist("path")[:100]:
        number = post.get(f"from-{name}", "").strip()
        if number and not PERCENT.fullmatch(number):
            raise CourseError(_("Per cent go from 0 to 100."), "percent_invalid")
        try:
            begins[UUID(name)] = int(number) if number else None
        except ValueError as error:
            raise CourseError(_("A pathfinder knows only paths that are out."), "path_unknown") from error
    return begins


def _shown(request: HttpRequest, path: Any, typed: bool) -> tuple[bool, Any]:
    """Whether the path is ticked, and its number, as kept or as typed and refused."""
    if typed and request.POST.get("do") == "save":
        return str(path.pk) in request.POST.getlist("path"), request.POST.get(f"from-{path.pk}", "")
    return path.choice is not None, "" if path.choice is None else path.choice.from_percent


def _typed(request: HttpRequest, pathfinder: Pathfinder) -> dict[str, Any]:
    if request.POST.get("do") != "save":
        return _kept(pathfinder)
    return {name: request.POST.get(name, "") for name in ("title", "intro", "kind", "target")}


def _kept(pathfinder: Pathfinder) -> dict[str, Any]:
    return {
        "title": pathfinder.title, "intro": pathfinder.intro, "kind": pathfinder.kind,
        "target": pathfinder.target or "",
    }  # fmt: skip


def _interests(request: HttpRequest) -> list[str]:
    return request.POST.getlist("interest")[:100]
