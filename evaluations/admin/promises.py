"""Policies and calendars in the back office. Whatever is saved is audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts.models import User
from accounts.services.office import delete_row, save_row
from evaluations.admin.holidays import YearPages
from evaluations.models import Holiday, OpeningHours, SlaPolicy, WorkingCalendar


class AuditedAdmin(ModelAdmin):
    """Saves and deletes through the service that writes what changed."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        _save(form, request)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for row in formset.deleted_objects:
            delete_row(row=row, actor=_actor(request), now=timezone.now())
        for inline in formset.forms:
            if inline.has_changed() and inline not in formset.deleted_forms:
                _save(inline, request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_row(row=obj, actor=_actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)


class OpeningHoursInline(TabularInline):
    model = OpeningHours
    extra = 0


class HolidayInline(TabularInline):
    model = Holiday
    extra = 0


@admin.register(WorkingCalendar)
class WorkingCalendarAdmin(YearPages, AuditedAdmin):
    list_display = ["name", "time_zone", "this_year"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OpeningHoursInline, HolidayInline]

    @display(description=_("year"))
    def this_year(self, calendar: WorkingCalendar) -> SafeString:
        year = timezone.localdate().year
        url = reverse("admin:evaluations_calendar_year", args=[calendar.pk, year])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Year and holidays"))


@admin.register(SlaPolicy)
class SlaPolicyAdmin(AuditedAdmin):
    list_display = ["name", "slug", "kind", "budget", "calendar", "is_default"]
    list_select_related = ["calendar"]
    list_filter = ["kind", "calendar"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}

    @display(description=_("promise"))
    def budget(self, policy: SlaPolicy) -> str:
        if policy.cutoff and policy.due_time:
            return f"{policy.cutoff:%H:%M} → {policy.due_time:%H:%M}"
        return f"{policy.hours:g} h" if policy.hours is not None else ""


@admin.register(Holiday)
class HolidayAdmin(AuditedAdmin):
    list_display = ["date", "name", "calendar"]
    list_filter = ["calendar"]
    list_select_related = ["calendar"]
    search_fields = ["name"]
    date_hierarchy = "date"


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _save(form: Any, request: HttpRequest) -> None:
    row, names = form.instance, form.changed_data
    before = {} if row._state.adding else {name: form.initial.get(name) for name in names}
    after = {name: form.cleaned_data[name] for name in names}
    if names:
        save_row(row=row, before=before, after=after, actor=_actor(request), now=timezone.now())
