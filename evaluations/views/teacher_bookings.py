"""A teacher's bookings: who comes when, what became of it, and the hours that can be booked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import TeacherProfile
from accounts.services.availability import today_of
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.forms import BookableDayForm, BookableForm, OutcomeForm
from evaluations.models import Booking
from evaluations.selectors.bookings import bookings_of_teacher
from evaluations.services.booking_hours import forget_bookable_day, set_bookable_day, set_bookable_hours
from evaluations.services.bookings import note_outcome


@require_http_methods(["GET", "POST"])
def own_bookings(request: HttpRequest) -> HttpResponse:
    """GET: the teacher's page. POST: the hours of a week, and the place."""
    profile = _own_profile(request)
    form = BookableForm(request.POST if request.method == "POST" else None, profile=profile)
    if request.method == "POST" and form.is_valid():
        try:
            set_bookable_hours(
                teacher=request.user,
                spans=form.cleaned_data["spans"],
                place=form.cleaned_data["place"],
                link=form.cleaned_data["link"],
                actor=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("own-bookings")
    return _page(request, profile, form, BookableDayForm(), status=422 if form.errors else 200)


@require_POST
def other_day(request: HttpRequest) -> HttpResponse:
    """Other hours for a day, or with `usual` those of the week again."""
    profile, form, now = _own_profile(request), BookableDayForm(request.POST), timezone.now()
    if form.is_valid():
        given = form.cleaned_data
        try:
            if "usual" in request.POST:
                forget_bookable_day(teacher=request.user, day=given["day"], actor=request.user, now=now)
            else:
                set_bookable_day(
                    teacher=request.user, day=given["day"], spans=given["hours"], actor=request.user, now=now
                )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("own-bookings")
    return _page(request, profile, BookableForm(profile=profile), form, status=422)


@require_POST
def outcome(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Whether it was held."""
    booking = get_permitted(request.user, "evaluations.note_booking", Booking, booking_id)
    form = OutcomeForm(request.POST)
    try:
        if not form.is_valid():
            raise DomainError(_("Say whether it was held."), "outcome_missing")
        given = form.cleaned_data
        note_outcome(
            booking=booking, was_held=given["was"] == "held", note=given["note"], actor=request.user, now=timezone.now()
        )
        messages.success(request, _("Noted."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("own-bookings")


def _own_profile(request: HttpRequest) -> TeacherProfile:
    rows = TeacherProfile.objects.select_related("user", "booking_place")
    found: TeacherProfile | None = rows.prefetch_related("bookable_hours").filter(user=request.user).first()
    if found is None or not request.user.is_teacher:
        raise PermissionDenied
    return found


def _page(
    request: HttpRequest, profile: TeacherProfile, form: BookableForm, day: BookableDayForm, status: int
) -> HttpResponse:
    now = timezone.now()
    today = today_of(request.user, now)
    context = {
        "taught": bookings_of_teacher(request.user, now),
        "form": form,
        "day_form": day,
        "days": [one for one in profile.bookable_hours.all() if one.day and one.day >= today],
        "is_verified": profile.is_verified,
    }
    return render_page(request, "evaluations/own_bookings.html", context, status=status)
