"""The course builder and the lesson editor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.access import get_permitted
from common.content import ContentError
from common.errors import ConflictError, DomainError
from common.htmx import json_endpoint, read_json, render_page
from courses.enums import CourseFileKind, LessonKind
from courses.forms.courses import LessonForm, ModuleForm, ScheduleForm
from courses.models import Course, CourseFile, Lesson, LessonDraft, LessonVersion, Module
from courses.selectors.courses import course_outline
from courses.selectors.teaching import open_recount
from courses.services import building as service
from courses.services.checks import CourseError
from courses.services.files import add_file
from courses.services.lesson_content import NAMES
from courses.services.lesson_drafts import preview_html, publish_lesson, save_draft, take_version_back
from courses.services.prerequisites import require_modules
from courses.views.teaching import NOT_YOURS, taught

LESSONS = Lesson.objects.standing().select_related("module__course", "current")


@require_http_methods(["GET", "POST"])
def course_build(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Modules and lessons in their order. A POST does one thing (`do`) and draws the builder anew."""
    course, problem, told = taught(request, course_id), "", ""
    if request.method == "POST":
        try:
            told = _do(request, course)
        except DomainError as error:
            problem = error.message
        if not getattr(request, "htmx", False) and not problem:
            return redirect("course-build", course.pk)
    course.refresh_from_db()
    outline = course_outline(course=course, enrolment=None, now=timezone.now(), everything=True)
    drafts = LessonDraft.objects.filter(lesson__module__course=course).select_related("lesson__current")
    edges: dict[UUID, set[UUID]] = {}
    for module, required in course.modules.standing().values_list("pk", "prerequisites__required"):
        edges.setdefault(module, set()).add(required)
    context = {
        "course": course, "outline": outline, "kinds": LessonKind.choices, "problem": problem, "told": told,
        "changed": {one.pk for one in drafts if _differs(one)}, "tab": "build", "recount": open_recount(course),
        "modules": [(row, edges.get(row.module.pk, set()), ModuleForm.of(row.module)) for row in outline.modules],
        "schedule": ScheduleForm(),
    }  # fmt: skip
    return render_page(request, "courses/build.html", context, partial="builder", status=422 if problem else 200)


def _differs(draft: LessonDraft) -> bool:
    """Whether something is being written that learners do not see yet."""
    current = draft.lesson.current
    return current is None or draft.updated_at > current.created_at


def _do(request: HttpRequest, course: Course) -> str:
    """What the pressed button asks for; returns what to say to those who listen."""
    actor, now, post = request.user, timezone.now(), request.POST
    do, _space, thing = post.get("do", "").partition(" ")
    title = post.get("title", "")
    if do == "add-module":
        return _("Added: %s") % service.add_module(course=course, title=title, actor=actor, now=now)
    if do == "add-lesson":
        home = _part(course.modules.standing(), thing)
        return _("Added: %s") % service.add_lesson(
            module=home, kind=post.get("kind", ""), title=title, actor=actor, now=now
        )
    kind, _space, name = thing.partition(" ")
    if kind not in ("module", "lesson"):
        raise CourseError(_("Say what to do."), "unknown_action")
    rows: Any = course.modules.standing() if kind == "module" else LESSONS.filter(module__course=course)
    part = _part(rows, name)
    acts: dict[str, Callable[[], str]] = {
        "up": lambda: _step(course, part, -1, request),
        "down": lambda: _step(course, part, 1, request),
        "move": lambda: _place(course, part, request),
        "remove": lambda: _remove(part, request),
        "rename": lambda: _rename(part, title, request),
        "change": lambda: _change(part, request),
        "requires": lambda: _require(course, part, request),
    }
    if do not in acts:
        raise CourseError(_("Say what to do."), "unknown_action")
    return acts[do]()


def _part(rows: Any, name: str) -> Any:
    try:
        found = rows.filter(pk=UUID(name)).first()
    except ValueError:
        found = None
    if found is None:
        raise CourseError(_("This is not in the course any more."), "gone")
    return found


def _step(course: Course, part: Module | Lesson, by: int, request: HttpRequest) -> str:
    """One place up or down; a lesson at the edge goes on into the next module."""
    modules = list(course.modules.standing().order_by("position", "pk"))
    home: Module | None = None
    if isinstance(part, Module):
        to = [module.pk for module in modules].index(part.pk) + by
    else:
        ids = list(LESSONS.filter(module=part.module).order_by("position", "pk").values_list("pk", flat=True))
        to = ids.index(part.pk) + by
        at = [module.pk for module in modules].index(part.module_id)
        if not 0 <= to < len(ids) and 0 <= at + by < len(modules):
            home, to = modules[at + by], 0 if by > 0 else service.MOST_LESSONS
    service.move(thing=part, to=max(0, to), module=home, actor=request.user, now=timezone.now())
    return _("Moved: %s") % part


def _place(course: Course, part: Module | Lesson, request: HttpRequest) -> str:
    """By drag: to place `to` of module `in`."""
    to, home = request.POST.get("to", ""), request.POST.get("in", "")
    if not to.isdecimal() or len(to) > 5:
        raise CourseError(_("Say where to."), "place_invalid")
    module = _part(course.modules.standing(), home) if isinstance(part, Lesson) and home else None
    service.move(thing=part, to=int(to), module=module, actor=request.user, now=timezone.now())
    return _("Moved: %s") % part


def _remove(part: Module | Lesson, request: HttpRequest) -> str:
    if isinstance(part, Module):
        service.remove_module(module=part, actor=request.user, now=timezone.now())
    else:
        service.remove_lesson(lesson=part, actor=request.user, now=timezone.now())
    return _("Removed: %s") % part


def _rename(part: Module | Lesson, title: str, request: HttpRequest) -> str:
    fields = {"title": title}
    if isinstance(part, Module):
        return str(service.change_module(module=part, fields=fields, actor=request.user, now=timezone.now()))
    return str(service.change_lesson(lesson=part, fields=fields, actor=request.user, now=timezone.now()))


def _change(part: Module | Lesson, request: HttpRequest) -> str:
    """Title, sentence and opening of a module."""
    if not isinstance(part, Module):
        raise CourseError(_("Say what to do."), "unknown_action")
    form = ModuleForm(request.POST)
    if not form.is_valid():
        name, told = next(iter(form.errors.items()))
        raise CourseError(f"{form.fields[name].label}: {told[0]}", "module_invalid")
    service.change_module(module=part, fields=form.cleaned_data, actor=request.user, now=timezone.now())
    return _("Saved.")


def _require(course: Course, part: Module | Lesson, request: HttpRequest) -> str:
    if not isinstance(part, Module):
        raise CourseError(_("Say what to do."), "unknown_action")
    wanted = [_part(course.modules.standing(), name) for name in request.POST.getlist("requires")[:200]]
    require_modules(module=part, required=wanted, actor=request.user, now=timezone.now())
    return _("Saved.")


# --- One lesson ------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def lesson_edit(request: HttpRequest, lesson_id: UUID) -> HttpResponse:
    """`do` of a POST: publish (the text), keep (it as a draft), settings, restore (a version), or file (adds one)."""
    lesson = get_permitted(request.user, "courses.teach_lesson", LESSONS, lesson_id, message=str(NOT_YOURS))
    draft = LessonDraft.objects.filter(lesson=lesson).first()
    do, problem, status = request.POST.get("do", ""), "", 200
    typed = dict(draft.data) if draft else {}
    settings = LessonForm(lesson, request.POST if do == "settings" else None)
    if request.method == "POST":
        typed = typed if do in ("settings", "restore") else _typed(lesson, request)
        try:
            if do != "settings" or settings.is_valid():
                _save_lesson(request, lesson, do, typed, settings)
                return redirect("lesson-edit", lesson.pk)
            status = 422
        except DomainError as error:
            problem, status = error.message, error.status
            if isinstance(error, ConflictError):
                draft = LessonDraft.objects.filter(lesson=lesson).first()
    context = {
        "course": lesson.module.course, "lesson": lesson, "form": settings, "draft": draft, "typed": typed,
        "problem": problem, "names": NAMES[lesson.kind], "shown": _shown(typed.get("body", "")),
        "changed": draft is not None and (not lesson.current or draft.updated_at > lesson.current.created_at),
        "starts_local": _local(typed.get("starts_at", "")),
        "files": CourseFile.objects.filter(course=lesson.module.course).exclude(kind=CourseFileKind.COVER),
        "versions": lesson.versions.select_related("created_by").order_by("-number")[:10], "conflict": status == 409,
    }  # fmt: skip
    return render_page(request, "courses/lesson_edit.html", context, status=status)


def _save_lesson(request: HttpRequest, lesson: Lesson, do: str, typed: dict[str, str], settings: LessonForm) -> None:
    actor, now, seen = request.user, timezone.now(), _whole(request.POST.get("seen", ""))
    if do == "settings":
        service.change_lesson(lesson=lesson, fields=settings.fields_of_lesson(), actor=actor, now=now)
        messages.success(request, _("Saved."))
        return
    if do == "restore":
        versions = LessonVersion.objects.filter(lesson=lesson).select_related("lesson__module__course")
        version: LessonVersion = get_permitted(
            actor, "courses.view_lessonversion", versions, request.POST.get("version")
        )
        take_version_back(version=version, seen=seen, actor=actor, now=now)
        told = _("Version %d is in the editor. Learners see it when you publish it.") % version.number
        messages.success(request, told)
        return
    for field, kind in _uploads(lesson):
        if file := request.FILES.get(f"new_{field}"):
            row = add_file(
                course=lesson.module.course, kind=kind, name=file.name or "", data=file.read(), actor=actor, now=now
            )
            typed[field] = str(row.pk)
    if do == "publish":
        publish_lesson(lesson=lesson, data=typed, seen=seen, actor=actor, now=now)
        messages.success(request, _("Learners see this now."))
    else:
        save_draft(lesson=lesson, data=typed, seen=seen, actor=actor, now=now)
        messages.success(request, _("Kept. Learners do not see it yet."))


def _uploads(lesson: Lesson) -> list[tuple[str, str]]:
    """Which fields take a file, and of which kind."""
    if lesson.kind == LessonKind.VIDEO:
        return [("file", CourseFileKind.VIDEO), ("captions", CourseFileKind.CAPTIONS)]
    return [("file", CourseFileKind.DOCUMENT)] if lesson.kind == LessonKind.FILE else []


def _typed(lesson: Lesson, request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("body", *NAMES[lesson.kind])}


def _local(text: str) -> str:
    """A moment as its field takes it, by the person's clock."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return f"{timezone.localtime(moment) if moment.tzinfo else moment:%Y-%m-%dT%H:%M}"


def _shown(text: str) -> dict[str, str]:
    """The text as learners will see it, or what is wrong with it."""
    try:
        return {"html": preview_html(text=text)}
    except ContentError as error:
        return {"problem": error.message}


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


@require_POST
@json_endpoint
def lesson_draft(request: HttpRequest, lesson_id: UUID) -> dict[str, Any]:
    """Keeps what is typed, and answers with its version and how it looks."""
    lesson = get_permitted(request.user, "courses.teach_lesson", LESSONS, lesson_id, message=str(NOT_YOURS))
    body = read_json(request)
    data, seen = body.get("data"), body.get("seen")
    whole = isinstance(data, dict) and all(isinstance(value, str) for value in data.values())
    if not whole or isinstance(seen, bool) or not isinstance(seen, int):
        raise DomainError(_("“data” and “seen” are needed."), "draft_invalid")
    draft = save_draft(lesson=lesson, data=data, seen=seen, actor=request.user, now=timezone.now())
    return {"version": draft.version, "shown": _shown(draft.data.get("body", ""))}
