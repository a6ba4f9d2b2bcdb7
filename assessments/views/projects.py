"""The page on which a teacher writes the project of a lesson. Its students' page is evaluations' (it tells marks)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments.forms.projects import ProjectForm
from assessments.forms.rows import Row
from assessments.models import Project
from assessments.selectors.projects import projects_for_pages, task_of
from assessments.services.projects import save_project
from assessments.services.rubrics import MOST_CRITERIA
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from courses.enums import CourseFileKind, LessonKind
from courses.models import Lesson
from courses.services.files import add_file

LESSONS = Lesson.objects.standing().select_related("module__course__programme", "current")


@require_http_methods(["GET", "POST"])
def project_edit(request: HttpRequest, lesson_id: UUID) -> HttpResponse:
    """`do` of a POST: keep, publish, or more (another row of the rubric)."""
    lesson = get_permitted(request.user, "courses.teach_lesson", LESSONS, lesson_id)
    project = projects_for_pages().filter(lesson=lesson).first()
    version = task_of(project.exam.paper) if project else None
    form = ProjectForm(lesson, project, version, request.POST if request.method == "POST" else None)
    problem, status = "", 200
    if lesson.kind != LessonKind.PROJECT:
        return redirect("lesson-edit", lesson.pk)
    if request.POST.get("do") == "more":
        form = _with_another_row(form, lesson, project, version, request)
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _save(request, lesson, form)
            except DomainError as error:
                problem, status = error.message, error.status
    context = {
        "course": lesson.module.course,
        "lesson": lesson,
        "project": project,
        "form": form,
        "problem": problem,
        "may_add": len(form.rows) < MOST_CRITERIA,
    }
    response = render_page(request, "assessments/project_edit.html", context)
    response.status_code = status
    return response


def _save(request: HttpRequest, lesson: Lesson, form: ProjectForm) -> HttpResponse:
    now, files = timezone.now(), list(form.cleaned_data["material"])
    if sent := request.FILES.get("new_file"):
        kept: dict[str, Any] = {"course": lesson.module.course, "kind": CourseFileKind.DOCUMENT}
        files.append(add_file(name=sent.name or "", data=sent.read(), actor=request.user, now=now, **kept))
    publish = request.POST.get("do") == "publish"
    project: Project = save_project(
        lesson=lesson, plan=form.plan(), files=files, publish=publish, actor=request.user, now=now
    )
    messages.success(request, _("The project is out.") if publish else _("Kept. Publish it when it is ready."))
    return redirect("project-edit", project.lesson_id)


def _with_another_row(
    form: ProjectForm, lesson: Lesson, project: Project | None, version: Any, request: HttpRequest
) -> ProjectForm:
    """What was typed, unjudged, and an empty row."""
    fresh = ProjectForm(lesson, project, version, None)
    fresh.initial = {name: request.POST.get(name) for name in fresh.fields} | {
        "material": request.POST.getlist("material"),
        "takes_files": "takes_files" in request.POST,
        "takes_link": "takes_link" in request.POST,
    }
    fresh.rows = [*form.rows, Row()][:MOST_CRITERIA]
    return fresh
