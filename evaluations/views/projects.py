"""The page of a project for its students, and giving their work back for revision."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments.models import Project
from assessments.selectors.projects import projects_for_pages
from assessments.services.submissions import begin_submission, hand_in_work, latest_submission, set_link
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.models import Evaluation
from evaluations.selectors.project_page import project_page
from evaluations.services.finishing import return_evaluation
from evaluations.services.project_work import withdraw_work

HAND_IN = "assessments.hand_in_project"


@require_http_methods(["GET", "POST"])
def project(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """`do` of a POST: begin, link (keeps it), hand_in (with the link of the form), withdraw."""
    found: Project = get_permitted(request.user, "assessments.view_project", projects_for_pages(), project_id)
    problem, typed, status = "", None, 200
    if request.method == "POST":
        get_permitted(request.user, HAND_IN, projects_for_pages(), project_id)
        try:
            return _do(request, found)
        except DomainError as error:
            problem, typed, status = error.message, request.POST.get("link"), error.status
    context = project_page(project=found, person=request.user, now=timezone.now())
    context |= {
        "problem": problem,
        "typed": typed,
        # Who only studies sees it because they are in the course.
        "may_hand_in": request.user.has_perm(HAND_IN, found) if _runs_courses(request) else request.user.is_student,
        "teaches": _runs_courses(request) and request.user.has_perm("courses.teach_lesson", found.lesson),
    }
    response = render_page(request, "evaluations/project_page.html", context)
    response.status_code = status
    return response


def _runs_courses(request: HttpRequest) -> bool:
    return bool(request.user.is_staff or request.user.is_teacher)


def _do(request: HttpRequest, found: Project) -> HttpResponse:
    do, now = request.POST.get("do", ""), timezone.now()
    if do == "begin":
        begun = begin_submission(project=found, student=request.user, now=now)
        return redirect("sheets-page", begun.attempt_id) if found.takes_files else redirect("project-page", found.pk)
    submission = latest_submission(found.pk, request.user)
    if submission is None:
        raise DomainError(_("Begin first."), "not_begun")
    if do in ("link", "hand_in") and "link" in request.POST:
        set_link(submission=submission, link=request.POST["link"], actor=request.user)
    if do == "hand_in":
        hand_in_work(submission=submission, actor=request.user, now=now)
        messages.success(request, _("Handed in. It is with your teachers now."))
    elif do == "withdraw":
        withdraw_work(submission=submission, actor=request.user, now=now)
        messages.success(request, _("Taken back. Hand in what shall count instead."))
    elif do == "link":
        messages.success(request, _("The link is kept. Hand in when you are done."))
    else:
        raise DomainError(_("Say what to do."), "unknown_action")
    return redirect("project-page", found.pk)


@require_POST
def revise(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """The teacher gives a project back for revision, saying why."""
    rows = Evaluation.objects.with_paper()
    evaluation = get_permitted(request.user, "evaluations.mark_evaluation", rows, evaluation_id)
    if not evaluation.attempt.exam.is_project:
        raise DomainError(_("Only a project goes back for revision."), "not_a_project")
    reason = request.POST.get("reason", "").strip()[:300]
    return_evaluation(evaluation=evaluation, actor=request.user, reason=reason, now=timezone.now())
    messages.success(request, _("Back with the student for revision."))
    return redirect("marking-queue")
