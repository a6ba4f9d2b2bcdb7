"""Booking time with a teacher: the family's list, a new booking, and a booking itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import TeacherProfile, User
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.enums import BookingState
from evaluations.forms import BookForm, CancelForm, SlotForm
from evaluations.models import Booking, BookingRules
from evaluations.selectors.bookings import (
    booking_rules,
    bookings_of_family,
    by_day,
    minutes_of,
    papers_seen,
    papers_to_discuss,
    students_for,
    teachers_for,
    with_people,
)
from evaluations.services.booking_calendar import calendar_entry
from evaluations.services.booking_slots import open_slots, slots_profile
from evaluations.services.bookings import book, cancel_booking, last_change, move_booking
from notifications.services.inbox import read_by_url

#: The newest so many papers can be chosen from.
MOST_PAPERS = 20


@require_GET
def booking_list(request: HttpRequest) -> HttpResponse:
    """What is booked for the person and whom they look after, and the minutes that are left."""
    students, now = _students(request), timezone.now()
    minutes = minutes_of([one.pk for one in students], now)
    context = {
        "people": [(one, minutes[one.pk]) for one in students],
        "told": bookings_of_family(request.user, now),
        "rules": booking_rules(),
    }
    return render_page(request, "evaluations/booking_list.html", context)


@require_http_methods(["GET", "POST"])
def booking_new(request: HttpRequest) -> HttpResponse:
    """GET: `?student=` and `?teacher=` chosen, the free times. POST: books one."""
    students, now = _students(request), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    student = next((one for one in students if str(one.pk) == asked.get("student")), students[0])
    teachers = list(teachers_for(student))
    teacher = next((one for one in teachers if str(one.pk) == asked.get("teacher")), teachers[0] if teachers else None)
    papers = [(str(one.pk), _paper_label(one)) for one in papers_to_discuss(student)[:MOST_PAPERS]]
    form = BookForm(request.POST if request.method == "POST" else None, papers=papers, initial=_given(request, papers))
    if request.method == "POST" and form.is_valid() and teacher is not None:
        given = form.cleaned_data
        try:
            made = book(
                booking_id=given["booking_id"],
                teacher_id=teacher.pk,
                student=student,
                starts_at=given["slot"],
                words=given["words"],
                evaluation_id=form.paper_id(),
                actor=request.user,
                now=now,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Booked."))
            return redirect("booking-page", made.pk)
    rules = booking_rules()
    context = {
        "students": students,
        "student": student,
        "teachers": teachers,
        "teacher": teacher,
        "form": form,
        "rules": rules,
        "minutes": minutes_of([student.pk], now)[student.pk],
        "days": _days(request, _opened(teacher), student.pk, rules, now) if teacher else {},
    }
    return render_page(
        request, "evaluations/booking_new.html", context, status=422 if request.method == "POST" else 200
    )


@require_GET
def booking_page(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """One booking: when, where, and what can still be done."""
    booking = _booking(request, "view", booking_id)
    read_by_url(user=request.user, url=request.path, now=timezone.now())
    return _page(request, booking, CancelForm())


@require_http_methods(["GET", "POST"])
def booking_move(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """GET: the free times with the same teacher. POST: moves it there."""
    booking, now = _booking(request, "move", booking_id), timezone.now()
    form = SlotForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            move_booking(booking=booking, starts_at=form.cleaned_data["slot"], actor=request.user, now=now)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Moved."))
            return redirect("booking-page", booking.pk)
    rules = booking_rules()
    context = {"booking": booking, "form": form, "days": {}}
    if booking.state == BookingState.BOOKED and (now <= last_change(booking, rules) or request.user.is_staff):
        context["days"] = _days(
            request,
            slots_profile(booking.teacher_id),
            booking.student_id,
            rules,
            now,
            minutes=booking.minutes,
            moving=booking,
        )
    return render_page(request, "evaluations/booking_move.html", context, status=422 if form.errors else 200)


@require_POST
def booking_cancel(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    booking = _booking(request, "cancel", booking_id)
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            cancel_booking(booking=booking, reason=form.cleaned_data["reason"], actor=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Cancelled."))
            return redirect("booking-page", booking.pk)
    return _page(request, booking, form, status=422)


@require_GET
def booking_calendar(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The booking for the calendar of one's device."""
    booking = _booking(request, "view", booking_id)
    url = request.build_absolute_uri(reverse("booking-page", args=[booking.pk]))
    entry = calendar_entry(booking, reader=request.user, url=url, now=timezone.now())
    response = HttpResponse(entry, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="booking.ics"'
    return response


def _students(request: HttpRequest) -> list[User]:
    students = students_for(request.user)
    if not students:
        raise PermissionDenied
    return students


def _booking(request: HttpRequest, verb: str, booking_id: UUID) -> Booking:
    rows = with_people(Booking.objects.all())
    return get_permitted(request.user, f"evaluations.{verb}_booking", rows, booking_id)


def _page(request: HttpRequest, booking: Booking, form: CancelForm, status: int = 200) -> HttpResponse:
    now, until, user = timezone.now(), last_change(booking), request.user
    is_open = booking.state == BookingState.BOOKED and now < booking.starts_at
    by_family = not user.is_staff and user.pk != booking.teacher_id
    context = {
        "booking": booking,
        "form": form,
        "until": until,
        "is_teacher": user.pk == booking.teacher_id,
        "is_own": user.pk == booking.student_id,
        "can_cancel": is_open,
        "can_move": is_open and user.has_perm("evaluations.move_booking", booking) and (now <= until or user.is_staff),
        "is_late": is_open and by_family and now > until,
        "by_family": by_family,
        "place": getattr(booking.teacher.teacher_profile, "booking_place", None),
        "seen": papers_seen(user, [booking]),
    }
    return render_page(request, "evaluations/booking_page.html", context, status=status)


def _opened(teacher: User) -> TeacherProfile:
    """The teacher's profile, which came with the list, with what slots are worked out from. Two queries."""
    profile: TeacherProfile = teacher.teacher_profile
    profile.user = teacher
    prefetch_related_objects([profile], "bookable_hours", "leave")
    return profile


def _days(
    request: HttpRequest, profile: TeacherProfile, student_id: UUID, rules: BookingRules, now: datetime, **extra: Any
) -> Any:
    """Free times by day in the reader's zone."""
    moving = extra.get("moving")
    slots = open_slots(
        profile=profile,
        student_id=student_id,
        rules=rules,
        minutes=extra.get("minutes", rules.minutes),
        now=now,
        besides=[(moving.starts_at, moving.ends_at)] if moving else [],
    )
    return by_day(slots, ZoneInfo(request.user.time_zone))


def _given(request: HttpRequest, papers: list[tuple[str, str]]) -> dict[str, Any]:
    wanted = request.GET.get("paper", "")
    return {"paper": wanted} if any(key == wanted for key, _label in papers) else {}


def _paper_label(evaluation: Any) -> str:
    return f"{evaluation.attempt.exam.title}, {date_format(timezone.localtime(evaluation.released_at), 'j M')}"
