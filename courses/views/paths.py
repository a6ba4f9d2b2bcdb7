"""Learning paths: the student's page, and the pages of those who build them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import get_permitted
from common.errors import ConflictError, DomainError
from common.htmx import render_page
from courses.forms.paths import PathForm
from courses.models import Course, LearningPath, PathEnrolment
from courses.selectors import paths as pages
from courses.selectors.pathfinders import own_pathfinders
from courses.services import paths as service
from courses.services.checks import CourseError

NOT_YOURS = gettext_lazy("Only staff and whoever made this path may change it.")


@require_GET
def path_page(request: HttpRequest, path_id: UUID) -> HttpResponse:
    """Where the person is on the path, what is open, and what is locked and why."""
    paths = LearningPath.objects.select_related("programme")
    path = get_permitted(request.user, "courses.view_learningpath", paths, path_id)
    steps = pages.steps_for(path, request.user)
    place = PathEnrolment.objects.standing().filter(path=path, student=request.user.pk).first()
    following = next((step for step in steps if step.counts and not step.is_done), None)
    context = {
        "path": path, "steps": steps, "place": place, "following": following if place else None,
        "may": request.user.has_perm("courses.arrange_path", path),
    }  # fmt: skip
    return render_page(request, "courses/path_page.html", context, partial="path")


@require_POST
def path_begin(request: HttpRequest, path_id: UUID) -> HttpResponse:
    path = get_permitted(request.user, "courses.view_learningpath", LearningPath, path_id)
    try:
        service.begin_path(path=path, student=request.user, now=timezone.now())
        messages.success(request, _("You are on the path. What you have completed counts."))
    except CourseError as error:
        messages.error(request, error.message)
    return redirect("path-page", path.pk)


@require_POST
def path_leave(request: HttpRequest, path_id: UUID) -> HttpResponse:
    path = get_permitted(request.user, "courses.view_learningpath", LearningPath, path_id)
    service.leave_path(path=path, student=request.user, now=timezone.now())
    messages.success(request, _("You have left the path. Your courses stay as they are."))
    return redirect("course-list")


@require_http_methods(["GET", "POST"])
def path_teaching(request: HttpRequest) -> HttpResponse:
    """The paths one builds; a POST makes a new one."""
    user = request.user
    if not user.is_teacher and not user.is_staff:
        raise PermissionDenied
    problem = ""
    if request.method == "POST":
        try:
            path = service.make_path(title=request.POST.get("title", ""), actor=user, now=timezone.now())
        except CourseError as error:
            problem = error.message
        else:
            return redirect("path-build", path.pk)
    context = {
        "rows": pages.own_paths(user),
        "pathfinders": own_pathfinders(user),
        "may_add": user.has_perm("courses.make_course"),
        "problem": problem,
    }
    return render_page(request, "courses/path_teaching.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
def path_build(request: HttpRequest, path_id: UUID) -> HttpResponse:
    """Courses in their order, and what the path says of itself. A POST does one thing (`do`)."""
    paths = LearningPath.objects.select_related("programme")
    path = get_permitted(request.user, "courses.arrange_path", paths, path_id, message=str(NOT_YOURS))
    form, told, problem, status = PathForm.of(path), "", "", 200
    if request.method == "POST":
        sent = PathForm(request.POST) if request.POST.get("do") == "settings" else None
        try:
            told = _do(request, path, sent)
        except DomainError as error:
            problem, status = error.message, error.status
            if sent is not None and isinstance(error, ConflictError):
                # The next press of the button is an answer: these settings in place of the others.
                sent = PathForm({**request.POST.dict(), "seen": str(error.details["version"])})
            form = sent or form
        if not problem and not getattr(request, "htmx", False):
            messages.success(request, told)
            return redirect("path-build", path.pk)
        path = paths.get(pk=path.pk)
        form = form if problem else PathForm.of(path)
    rows = list(path.steps.select_related("course").order_by("position", "pk"))
    context = {
        "path": path, "rows": rows, "form": form, "told": told, "problem": problem,
        "courses": pages.courses_for_path(path, request.user)[:300],
        "people": PathEnrolment.objects.standing().filter(path=path).count(),
    }  # fmt: skip
    return render_page(request, "courses/path_build.html", context, partial="build", status=status)


def _do(request: HttpRequest, path: LearningPath, form: PathForm | None) -> str:
    """What the pressed button asks for; returns what to say."""
    post, by = request.POST, {"actor": request.user, "now": timezone.now()}
    do, _space, name = post.get("do", "").partition(" ")
    seen = int(post["seen"]) if post.get("seen", "").isdecimal() and len(post["seen"]) < 9 else None
    if form is not None:
        if not form.is_valid():
            raise CourseError(_("Look at what is marked."), "form_invalid")
        service.change_path(path=path, fields=form.fields_of_path(), seen=form.cleaned_data["seen"], **by)
        return _("Saved.")
    thing: dict[str, Any] = {"path": path, "seen": seen, **by}
    if do in ("publish", "take-back"):
        service.publish_path(publish=do == "publish", **thing)
        return (
            _("The path is out.") if do == "publish" else _("The path is taken back. Who follows it keeps their place.")
        )
    if do == "add":
        course = get_permitted(request.user, "courses.view_course", Course, _id(post.get("course", "")))
        service.add_step(course=course, **thing)
        return _("Added: %s") % course
    course_id = _id(name)
    acts: dict[str, Callable[[], None]] = {
        "up": lambda: _step(path, course_id, -1, thing),
        "down": lambda: _step(path, course_id, 1, thing),
        "remove": lambda: service.remove_step(course_id=course_id, **thing),
        "extra": lambda: service.change_step(course_id=course_id, is_required=False, **thing),
        "required": lambda: service.change_step(course_id=course_id, is_required=True, **thing),
    }
    if do not in acts:
        raise CourseError(_("Say what to do."), "unknown_action")
    acts[do]()
    return _("Saved.")


def _step(path: LearningPath, course_id: UUID, by: int, thing: dict[str, Any]) -> None:
    ids = list(path.steps.order_by("position", "pk").values_list("course_id", flat=True))
    to = max(0, (ids.index(course_id) if course_id in ids else 0) + by)
    service.move_step(course_id=course_id, to=to, **thing)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CourseError(_("Choose a course."), "course_missing") from error
