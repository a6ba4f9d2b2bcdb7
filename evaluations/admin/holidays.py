"""A calendar's year, holidays pasted or uploaded after a dry run, and what they do to promises."""

from __future__ import annotations

from calendar import Calendar as Weeks
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import User
from common.access import get_permitted
from common.errors import DomainError
from evaluations.models import WorkingCalendar
from evaluations.services.holidays import add_holidays, effect_of, read_holidays

MOST_BYTES = 100_000


class HolidaysForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Holidays, one a line: date, name"), required=False, max_length=MOST_BYTES,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
    )  # fmt: skip
    file = forms.FileField(label=gettext_lazy("or a CSV file"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        file = cleaned.get("file")
        if file and not cleaned.get("text"):
            try:
                cleaned["text"] = file.read(MOST_BYTES).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(_("Save the file as UTF-8.")) from error
        return cleaned


class YearPages(ModelAdmin):
    """Part of the calendars' back office."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.year)
        urls: list[URLPattern] = super().get_urls()
        return [path("<uuid:calendar_id>/year/<int:year>/", view, name="evaluations_calendar_year"), *urls]

    def year(self, request: HttpRequest, calendar_id: UUID, year: int) -> HttpResponse:
        """The year; POST with what to add shows a dry run, and with "confirm" adds it."""
        calendar = get_permitted(request.user, "evaluations.change_workingcalendar", WorkingCalendar, calendar_id)
        now, year = timezone.now(), min(max(year, 2000), 2100)
        form = HolidaysForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {}
        if form.is_valid():
            try:
                lines = read_holidays(form.cleaned_data["text"], calendar=calendar)
                if "confirm" in request.POST:
                    assert isinstance(request.user, User)
                    count = add_holidays(calendar=calendar, lines=lines, actor=request.user, now=now)
                    text = ngettext("%(n)d holiday added.", "%(n)d holidays added.", count) % {"n": count}
                    self.message_user(request, text, messages.SUCCESS)
                    return redirect("admin:evaluations_calendar_year", calendar_id, year)
                new = [line.date for line in lines if line.is_new and line.date]
                context = {"lines": lines, "new": len(new), "text": form.cleaned_data["text"]}
                context["effect"] = effect_of(calendar=calendar, days=new, now=now)
            except DomainError as error:
                form.add_error(None, error.message)
        context |= {
            **self.admin_site.each_context(request),
            "title": f"{calendar}, {year}",
            "opts": self.model._meta,
            "calendar": calendar,
            "year": year,
            "months": year_of(calendar, year),
            "form": form,
            "hours": calendar.opening_hours.all(),
            "now_effect": effect_of(calendar=calendar, days=[], now=now),
        }
        status = 422 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/evaluations/calendar_year.html", context, status=status)


def year_of(calendar: WorkingCalendar, year: int) -> list[dict[str, Any]]:
    """Twelve months of weeks of days: {number, kind, name}; kind: open, closed, holiday or none. Two queries."""
    holidays = {row.date: row.name for row in calendar.holidays.filter(date__year=year)}
    weekdays = set(calendar.opening_hours.values_list("weekday", flat=True))

    def cell(day: date, month: int) -> dict[str, Any]:
        if day.month != month:
            return {"kind": "none"}
        name = holidays.get(day, "")
        return {"number": day.day, "name": name, "kind": "holiday" if name else _kind(day, weekdays)}

    weeks = Weeks().monthdatescalendar
    return [
        {"name": MONTHS[month], "weeks": [[cell(day, month) for day in week] for week in weeks(year, month)]}
        for month in range(1, 13)
    ]


def _kind(day: date, weekdays: set[int]) -> str:
    return "open" if day.weekday() in weekdays else "closed"
