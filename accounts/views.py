"""The person's own page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import SettingsForm
from accounts.selectors import teacher_calendar
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
