"""The person's own page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import HoursForm, LeaveForm, SettingsForm
from accounts.models import Leave, TeacherProfile
from accounts.selectors import teacher_calendar
from accounts.services.availability import add_leave, change_leave, remove_leave, set_working_hours, today_of
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page


@require_http_methods(["GET", "POST"])
def person_settings(request: HttpRequest) -> HttpResponse:
    """Name, language and time zone; a teacher also sees their working hours and leave."""
    form = SettingsForm(request.POST or None, person=request.user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            form.save(now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("person-settings")
        status = 422
    context = {"form": form, "calendar": teacher_calendar(request.user)}
    return render_page(request, "accounts/person_settings.html", context, partial="settings", status=status)


@require_http_methods(["GET", "POST"])
def availability(request: HttpRequest) -> HttpResponse:
    """A teacher's own hours and leave; what is sent here are the hours."""
    profile = _own_calendar(request)
    form = HoursForm(request.POST or None, profile=profile)
    if request.method == "POST":
        if form.is_valid():
            try:
                spans = form.cleaned_data["spans"]
                set_working_hours(teacher=request.user, spans=spans, actor=request.user, now=timezone.now())
                messages.success(request, _("Saved."))
                return redirect("availability")
            except DomainError as error:
                form.add_error(None, error.message)
        return _availability(request, profile, hours=form, status=422)
    return _availability(request, profile, hours=form)


@require_POST
def leave_add(request: HttpRequest) -> HttpResponse:
    profile, form = _own_calendar(request), LeaveForm(request.POST)
    if form.is_valid():
        try:
            add_leave(teacher=request.user, **form.cleaned_data, actor=request.user, now=timezone.now())
            messages.success(request, _("Your leave is entered; the office sees it."))
            return redirect("availability")
        except DomainError as error:
            form.add_error(None, error.message)
    return _availability(request, profile, leave=form, status=422)


@require_http_methods(["GET", "POST"])
def leave_change(request: HttpRequest, leave_id: int) -> HttpResponse:
    """The page of hours and leave with one leave to change."""
    leave = get_permitted(request.user, "accounts.move_leave", Leave, leave_id)
    profile = _own_calendar(request)
    form = LeaveForm(
        request.POST or None, initial={"first": leave.starts_on, "last": leave.ends_on, "reason": leave.reason}
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_leave(leave=leave, **form.cleaned_data, actor=request.user, now=timezone.now())
            messages.success(request, _("Your leave is changed; the office sees it."))
            return redirect("availability")
        except DomainError as error:
            form.add_error(None, error.message)
    return _availability(request, profile, leave=form, changing=leave, status=422 if request.method == "POST" else 200)


@require_POST
def leave_remove(request: HttpRequest, leave_id: int) -> HttpResponse:
    leave = get_permitted(request.user, "accounts.withdraw_leave", Leave, leave_id)
    try:
        remove_leave(leave=leave, actor=request.user, now=timezone.now())
        messages.success(request, _("Your leave is taken back."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("availability")


def _own_calendar(request: HttpRequest) -> TeacherProfile:
    profile = teacher_calendar(request.user)
    if profile is None:
        raise PermissionDenied
    return profile


def _availability(
    request: HttpRequest,
    profile: TeacherProfile,
    *,
    hours: HoursForm | None = None,
    leave: LeaveForm | None = None,
    changing: Leave | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "hours": hours or HoursForm(profile=profile),
        "leave": leave or LeaveForm(),
        "changing": changing,
        "calendar": profile,
        "today": today_of(request.user, timezone.now()),
    }
    return render_page(request, "accounts/availability.html", context, partial="availability", status=status)
