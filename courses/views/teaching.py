"""Pages of those who teach courses: the list, settings, and the people in a course."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import get_permitted
from common.errors import ConflictError, DomainError
from common.htmx import render_page
from courses.enums import CourseFileKind, EnrolmentSource, EnrolmentState
from courses.forms.courses import CodeForm, CourseForm, ScheduleForm
from courses.models import Cohort, Course, Enrolment, InviteCode
from courses.selectors import teaching as pages
from courses.selectors.courses import course_outline
from courses.services import courses as service
from courses.services.checks import CourseError
from courses.services.cloning import clone_course
from courses.services.codes import close_code, make_code
from courses.services.enrolments import Enrolled, enrol_cohort, leave_course
from courses.services.files import add_file
from courses.services.prerequisites import require_courses

NOT_YOURS = gettext_lazy("Only the teachers of this course may change it.")


def taught(request: HttpRequest, course_id: UUID) -> Course:
    """The course, for one who may change it; 404 and 403 otherwise."""
    courses = Course.objects.select_related("programme", "cover")
    return get_permitted(request.user, "courses.teach_course", courses, course_id, message=str(NOT_YOURS))


@require_http_methods(["GET", "POST"])
def course_teaching(request: HttpRequest) -> HttpResponse:
    """The courses one teaches; a POST makes a new one."""
    user = request.user
    if not user.is_teacher and not user.is_staff:
        raise PermissionDenied
    problem = ""
    if request.method == "POST":
        try:
            title = request.POST.get("title", "")
            course = service.make_course(title=title, actor=user, now=timezone.now())
        except CourseError as error:
            problem = error.message
        else:
            return redirect("course-build", course.pk)
    context = {
        "rows": pages.taught_courses(user),
        "may_add": user.has_perm("courses.make_course"),
        "problem": problem,
    }
    return render_page(request, "courses/teaching_list.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
def course_settings(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course, problem, status = taught(request, course_id), "", 200
    form = CourseForm(request.POST) if request.method == "POST" else CourseForm.of(course)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, course, form)
            except DomainError as error:
                problem, status = error.message, error.status
                if isinstance(error, ConflictError):
                    # The next press of the button is an answer: these settings in place of the others.
                    form = CourseForm({**request.POST.dict(), "seen": str(error.details["version"])})
            else:
                messages.success(request, _("Saved."))
                return redirect("course-settings", course.pk)
    others = Course.objects.visible_to(request.user).exclude(pk=course.pk).order_by("title", "pk")[:200]
    context = {
        "course": course, "form": form, "problem": problem, "others": others,
        "required": set(course.prerequisites.values_list("required_id", flat=True)), "tab": "settings",
        "schedule": ScheduleForm(),
    }  # fmt: skip
    return render_page(request, "courses/settings.html", context, status=status)


def _save(request: HttpRequest, course: Course, form: CourseForm) -> None:
    user, now = request.user, timezone.now()
    fields = form.fields_of_course()
    if picture := request.FILES.get("cover"):
        fields["cover"] = add_file(
            course=course, kind=CourseFileKind.COVER, name=picture.name or "", data=picture.read(), actor=user, now=now
        )
    service.change_course(course=course, fields=fields, seen=form.cleaned_data["seen"], actor=user, now=now)
    wanted = Course.objects.visible_to(user).filter(pk__in=_ids(request.POST.getlist("requires")))
    require_courses(course=course, required=wanted, actor=user, now=now)


@require_POST
def course_state(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """`do`: publish, schedule (with `publish_at`), unschedule, archive, clone."""
    course, user, now, do = taught(request, course_id), request.user, timezone.now(), request.POST.get("do")
    try:
        if do == "publish":
            service.publish_course(course=course, actor=user, now=now)
            messages.success(request, _("The course is out."))
        elif do == "schedule":
            form = ScheduleForm(request.POST)
            if not form.is_valid():
                raise CourseError(_("Enter a date and a time."), "moment_invalid")
            service.schedule_course(course=course, publish_at=form.cleaned_data["publish_at"], actor=user, now=now)
            messages.success(request, _("The course comes out by itself."))
        elif do == "unschedule":
            service.unschedule_course(course=course, actor=user, now=now)
        elif do == "archive":
            service.archive_course(course=course, actor=user, now=now)
            messages.success(request, _("The course is archived. Who was in it may still read it."))
        elif do == "clone":
            copy = clone_course(course=course, title="", actor=user, now=now)
            messages.success(request, _("This is the copy."))
            return redirect("course-build", copy.pk)
        else:
            raise CourseError(_("Say what to do with the course."), "unknown_action")
    except CourseError as error:
        messages.error(request, error.message)
    return redirect("course-settings" if do in ("schedule", "unschedule") else "course-build", course.pk)


@require_GET
def course_people(request: HttpRequest, course_id: UUID) -> HttpResponse:
    return _people(request, taught(request, course_id))


@require_POST
def people_add(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """A batch."""
    course, user, now = taught(request, course_id), request.user, timezone.now()
    try:
        found = Cohort.objects.visible_to(user).filter(pk__in=_ids([request.POST.get("cohort", "")])).first()
        if found is None:
            raise CourseError(_("Choose a batch."), "nothing_chosen")
        report = enrol_cohort(course=course, cohort=found, actor=user, now=now)
    except DomainError as error:
        return _people(request, course, problem=error.message)
    messages.success(request, told(report))
    return redirect("course-people", course.pk)


@require_POST
def people_remove(request: HttpRequest, enrolment_id: UUID) -> HttpResponse:
    enrolment = get_permitted(
        request.user, "courses.view_enrolment", Enrolment.objects.select_related("course", "student"), enrolment_id
    )
    leave_course(enrolment=enrolment, actor=request.user, now=timezone.now())
    messages.success(request, _("%s is not in the course any more.") % enrolment.student)
    return redirect("course-people", enrolment.course_id)


@require_POST
def code_add(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course, form = taught(request, course_id), CodeForm(request.POST)
    try:
        if not form.is_valid():
            raise CourseError(_("Enter whole numbers, or leave them empty."), "code_invalid")
        code = make_code(
            course=course, limit=form.cleaned_data["limit"], expires_at=form.expires_at(), actor=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except CourseError as error:
        return _people(request, course, problem=error.message)
    messages.success(request, _("The code is %s.") % code.code)
    return redirect("course-people", course.pk)


@require_POST
def code_close(request: HttpRequest, code_id: UUID) -> HttpResponse:
    codes = InviteCode.objects.select_related("course")
    code = get_permitted(request.user, "courses.view_invitecode", codes, code_id)
    close_code(code=code, actor=request.user, now=timezone.now())
    return redirect("course-people", code.course_id)


# --- Inside ----------------------------------------------------------------------------------------------------------
def _people(request: HttpRequest, course: Course, *, problem: str = "") -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in EnrolmentState.values else ""
    text, after = request.GET.get("q", "").strip()[:100], _ids([request.GET.get("after", "")])
    roster = pages.roster(course, state=state, text=text, after=after[0] if after else None)
    lessons = [row.lesson for row in course_outline(course=course, enrolment=None, now=timezone.now()).lessons]
    done = pages.progress_matrix(course, roster.rows)
    query = request.GET.copy()
    query["after"] = str(roster.following or "")
    counts = pages.state_counts(course)
    labels = dict(EnrolmentState.choices)
    context: dict[str, Any] = {
        "course": course,
        "rows": [(row, [lesson.pk in done[row.pk] for lesson in lessons], len(done[row.pk])) for row in roster.rows],
        "following": f"?{query.urlencode()}" if roster.following else "",
        "states": [(value, labels[value], counts.get(value, 0)) for value in labels],
        "state": state,
        "q": text,
        "recount": pages.open_recount(course),
        "codes": pages.open_codes(course),
        "cohorts": Cohort.objects.visible_to(request.user).filter(is_active=True).order_by("name", "pk"),
        "code_form": CodeForm(),
        "problem": problem,
        "sources": EnrolmentSource,
        "tab": "people",
    }
    return render_page(request, "courses/people.html", context, status=422 if problem else 200)


def told(report: Enrolled) -> str:
    came = len(report.active)
    said = ngettext("%d person came in.", "%d people came in.", came) % came
    if waiting := len(report.waiting):
        said += " " + ngettext("%d waits for a place.", "%d wait for a place.", waiting) % waiting
    return said


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:500]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
