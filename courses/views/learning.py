"""Pages on which people find courses and study in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import json_endpoint, read_json, render_page
from courses.enums import CourseAccess, EnrolmentState
from courses.models import Course, CourseReview, Lesson, LessonNote
from courses.selectors import catalogue as pages
from courses.selectors.courses import Outline, course_outline, enrolment_of
from courses.selectors.pathfinders import open_pathfinders
from courses.selectors.paths import gate_of, published_paths
from courses.services.checks import CourseError
from courses.services.enrolments import enrol_by_code, enrol_self, leave_course
from courses.services.lesson_content import begins_at
from courses.services.opinions import REVIEW_PERCENT, review_course, save_note
from courses.services.progress import finish_lesson, note_time, open_lesson

STANDING = Lesson.objects.standing().select_related("module__course", "current")


@require_GET
def course_list(request: HttpRequest) -> HttpResponse:
    """One's own courses, and the catalogue with search and filters."""
    start = _uuid(request.GET.get("after", ""))
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "programme", "access")}
    after = Course.objects.visible_to(request.user).filter(pk=start).first() if start else None
    access = asked["access"] if asked["access"] in CourseAccess.values else ""
    page = pages.catalogue(
        request.user, text=asked["q"], programme=_uuid(asked["programme"]), access=access, after=after
    )
    narrowed = any(asked.values()) or after is not None
    query = request.GET.copy()
    query["after"] = str(page.following or "")
    context = {
        "rows": page.rows,
        "following": f"?{query.urlencode()}" if page.following else "",
        "mine": [] if narrowed else pages.my_enrolments(request.user),
        "states": pages.states_of(request.user, page.rows),
        "paths": [] if narrowed else published_paths(request.user),
        "pathfinders": [] if narrowed else open_pathfinders(),
        "programmes": pages.programmes_with_courses(request.user),
        "accesses": CourseAccess.choices,
        "asked": asked,
        "narrowed": narrowed,
    }
    return render_page(request, "courses/course_list.html", context, partial="found")


@require_GET
def course_page(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course = get_permitted(request.user, "courses.view_course", pages.course_for_page(), course_id)
    return _course(request, course)


@require_POST
def course_enrol(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course = get_permitted(request.user, "courses.view_course", pages.course_for_page(), course_id)
    try:
        enrolment = enrol_self(course=course, student=request.user, now=timezone.now())
    except CourseError as error:
        return _course(request, course, problem=error.message)
    _say_where(request, enrolment.state)
    return redirect("course-page", course.pk)


@require_POST
def course_join(request: HttpRequest) -> HttpResponse:
    """By a code, from the list of courses."""
    try:
        enrolment = enrol_by_code(code=request.POST.get("code", "")[:40], student=request.user, now=timezone.now())
    except CourseError as error:
        messages.error(request, error.message)
        return redirect("course-list")
    _say_where(request, enrolment.state)
    return redirect("course-page", enrolment.course_id)


@require_POST
def course_leave(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course = get_permitted(request.user, "courses.view_course", Course, course_id)
    enrolment = enrolment_of(user=request.user, course=course)
    if enrolment is not None:
        leave_course(enrolment=enrolment, actor=request.user, now=timezone.now())
        messages.success(request, _("You have left the course. What you did there is kept."))
    return redirect("course-list")


@require_POST
def course_review(request: HttpRequest, course_id: UUID) -> HttpResponse:
    course = get_permitted(request.user, "courses.view_course", pages.course_for_page(), course_id)
    stars = request.POST.get("stars", "")
    given, text = int(stars) if stars in "12345" and stars else 0, request.POST.get("text", "")
    try:
        review_course(course=course, stars=given, text=text, student=request.user, now=timezone.now())
    except CourseError as error:
        return _course(request, course, problem=error.message, typed={"stars": given, "text": text})
    messages.success(request, _("Thank you. Your review is shown when the institute has read it."))
    return redirect("course-page", course.pk)


@require_GET
def lesson_page(request: HttpRequest, lesson_id: UUID) -> HttpResponse:
    """One lesson; who is in the course and may open it is noted as having begun."""
    user, now = request.user, timezone.now()
    lesson = get_permitted(user, "courses.open_lesson", STANDING, lesson_id, message=_("Enrol in the course first."))
    course = lesson.module.course
    enrolment = enrolment_of(user=user, course=course)
    teaches = user.has_perm("courses.teach_course", course)
    begun = shut = None
    if enrolment is not None and enrolment.is_inside and course.is_open:
        try:
            begun = open_lesson(lesson=lesson, student=user, now=now)
        except CourseError as error:
            shut = error.message
    outline = course_outline(course=course, enrolment=enrolment, now=now, everything=teaches)
    before, following = outline.beside(lesson.pk)
    context = {
        "course": course, "lesson": lesson, "enrolment": enrolment, "outline": outline, "before": before,
        "following": following, "progress": begun, "shut": shut, "teaches": teaches,
        "note": LessonNote.objects.visible_to(user).filter(lesson=lesson).first(),
        "content": lesson.current.content if lesson.current and not shut else {},
        "begins": begins_at(lesson.current.content) if lesson.current else None,
    }  # fmt: skip
    return render_page(request, "courses/lesson_page.html", context)


@require_POST
def lesson_done(request: HttpRequest, lesson_id: UUID) -> HttpResponse:
    """Marks a lesson as done and goes on to the next one."""
    lesson = get_permitted(request.user, "courses.open_lesson", STANDING, lesson_id)
    try:
        finish_lesson(lesson=lesson, student=request.user, now=timezone.now())
    except CourseError as error:
        messages.error(request, error.message)
        return redirect("lesson-page", lesson.pk)
    course = lesson.module.course
    enrolment = enrolment_of(user=request.user, course=course)
    following = course_outline(course=course, enrolment=enrolment, now=timezone.now()).beside(lesson.pk)[1]
    return redirect("lesson-page", following.pk) if following else redirect("course-page", course.pk)


@require_POST
@json_endpoint
def lesson_time(request: HttpRequest, lesson_id: UUID) -> dict[str, Any]:
    """How long the lesson has been in view, and where its video stands."""
    lesson = get_permitted(request.user, "courses.open_lesson", STANDING, lesson_id)
    body = read_json(request)
    progress = note_time(
        lesson=lesson, student=request.user, seconds=body.get("seconds"), video_at=body.get("video_at"),
        now=timezone.now(),
    )  # fmt: skip
    return {"seconds": progress.seconds, "done": progress.done_at is not None}


@require_POST
@json_endpoint
def lesson_note(request: HttpRequest, lesson_id: UUID) -> dict[str, Any]:
    """The person's own notes beside a lesson, saved while they write."""
    lesson = get_permitted(request.user, "courses.open_lesson", STANDING, lesson_id)
    body = read_json(request)
    text, seen = body.get("text"), body.get("seen")
    if not isinstance(text, str) or isinstance(seen, bool) or not isinstance(seen, int):
        raise DomainError(_("“text” and “seen” are needed."), "note_invalid")
    return {"version": save_note(lesson=lesson, text=text, seen=seen, student=request.user, now=timezone.now()).version}


# --- Inside ----------------------------------------------------------------------------------------------------------
def _course(
    request: HttpRequest, course: Course, *, problem: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    now, user = timezone.now(), request.user
    enrolment = enrolment_of(user=user, course=course)
    inside = enrolment is not None and enrolment.is_inside
    outline: Outline = course_outline(course=course, enrolment=enrolment if inside else None, now=now)
    progress = getattr(enrolment, "progress", None) if inside else None
    review = CourseReview.objects.filter(course=course, student=user.pk).first() if inside else None
    context = {
        "course": course,
        "enrolment": enrolment,
        "inside": inside,
        "progress": progress,
        "outline": outline,
        "resume": outline.resume(progress.last_lesson_id) if progress else None,
        "waiting_place": _place(enrolment),
        "gate": gate_of(course, user) if course.only_by_path and not inside else None,
        "reviews": pages.shown_reviews(course),
        "review": review,
        "may_review": progress is not None and progress.percent >= REVIEW_PERCENT,
        "typed": typed or {"stars": review.stars if review else 0, "text": review.text if review else ""},
        "teaches": user.has_perm("courses.teach_course", course),
        "problem": problem,
    }
    return render_page(request, "courses/course_page.html", context, partial="course", status=422 if problem else 200)


def _place(enrolment: Any) -> int | None:
    waits = enrolment is not None and enrolment.state == EnrolmentState.WAITING
    return pages.waiting_place(enrolment) if waits else None


def _say_where(request: HttpRequest, state: str) -> None:
    if state == EnrolmentState.WAITING:
        messages.info(request, _("The course is full. You are on the waiting list and come in when a place is free."))
    else:
        messages.success(request, _("You are in. Begin with the first lesson."))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
