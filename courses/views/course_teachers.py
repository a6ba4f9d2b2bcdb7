"""Who teaches a course: chosen by its first teacher and by staff."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.selectors import verified_teachers
from common.errors import DomainError
from common.htmx import render_page
from courses.models import Course
from courses.selectors.courses import teachers_of
from courses.services.checks import CourseError
from courses.services.courses import add_teacher, put_teacher_first, remove_teacher
from courses.views.teaching import taught

#: So many of those who could be added are offered.
MOST_OFFERED = 500


@require_http_methods(["GET", "POST"])
def course_teachers(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """`do` of a POST: add, first or remove, with `teacher`."""
    course, problem, status = taught(request, course_id), "", 200
    if request.method == "POST":
        try:
            _do(request, course)
            messages.success(request, _("Saved."))
            # Whoever took themselves out may not see the page any more.
            still = request.user.has_perm("courses.teach_course", course)
            return redirect("course-teachers", course.pk) if still else redirect("course-teaching")
        except DomainError as error:
            problem, status = error.message, error.status
    teaching = list(teachers_of(course))
    may_choose = request.user.has_perm("courses.choose_teachers", course)
    offered = verified_teachers().exclude(pk__in=[person.pk for person in teaching])[:MOST_OFFERED]
    context = {
        "course": course, "teaching": teaching, "may_choose": may_choose, "offered": offered if may_choose else (),
        "problem": problem, "tab": "teachers",
    }  # fmt: skip
    return render_page(request, "courses/teachers.html", context, status=status)


def _do(request: HttpRequest, course: Course) -> None:
    acts: dict[str, Callable[..., None]] = {
        "add": add_teacher, "first": put_teacher_first, "remove": remove_teacher,
    }  # fmt: skip
    work = acts.get(request.POST.get("do", ""))
    teacher = _teacher(course, request.POST.get("teacher", ""))
    if work is None or teacher is None:
        raise CourseError(_("Choose a teacher."), "nothing_chosen")
    work(course=course, teacher=teacher, actor=request.user, now=timezone.now())


def _teacher(course: Course, text: str) -> User | None:
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return verified_teachers().filter(pk=pk).first() or teachers_of(course).filter(pk=pk).first()
