"""Accommodations in the back office: granted with a reason, changed, withdrawn; never deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from assessments.models import Accommodation
from assessments.services.accommodations import check_accommodation, save_accommodation, withdraw_accommodation
from common.admin import LOCAL_TIMES, do_for_each
from common.errors import DomainError


class StandingFilter(admin.SimpleListFilter):
    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Standing today")), ("no", _("Not today"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Accommodation]) -> QuerySet[Accommodation]:
        if self.value() not in ("yes", "no"):
            return queryset
        standing = Q(pk__in=Accommodation.objects.standing(timezone.now()).values("pk"))
        return queryset.filter(standing if self.value() == "yes" else ~standing)


class AccommodationForm(forms.ModelForm):
    class Meta:
        model = Accommodation
        fields = (
            "student", "exam", "extra_time_percent", "large_print", "dyslexia_font", "opens_at", "closes_at",
            "starts_on", "ends_on", "reason",
        )  # fmt: skip

    def _post_clean(self) -> None:
        """The row is complete only here; what it cannot say alone is asked of the service."""
        super()._post_clean()  # type: ignore[misc] # ModelForm's own hook
        if not self.errors:
            try:
                check_accommodation(self.instance)
            except DomainError as error:
                self.add_error(None, error.message)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(Accommodation)
class AccommodationAdmin(ModelAdmin):
    form = AccommodationForm
    formfield_overrides = LOCAL_TIMES
    list_display = ["student", "for_what", "extra_time_percent", "shown", "window", "starts_on", "ends_on", "state"]
    list_filter = [StandingFilter, "large_print", "dyslexia_font"]
    list_select_related = ["student", "exam"]
    search_fields = ["student__name", "student__email", "exam__title"]
    search_help_text = _("Student or exam")
    autocomplete_fields = ["student", "exam"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["withdraw"]
    readonly_fields = ["granted_by", "granted_at", "withdrawn_at"]
    fieldsets = (
        (None, {"fields": ("student", "exam", "reason")}),
        (_("What"), {"fields": ("extra_time_percent", "large_print", "dyslexia_font")}),
        (_("A window of their own, for one exam"), {"fields": ("opens_at", "closes_at")}),
        (_("Valid"), {"fields": ("starts_on", "ends_on")}),
        (_("History"), {"fields": ("granted_by", "granted_at", "withdrawn_at")}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_on": timezone.localdate(), **super().get_changeform_initial_data(request)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was withdrawn is history."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.withdrawn_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A grant stays with whom and what it was made for."""
        return [*self.readonly_fields, *(["student", "exam"] if obj else [])]

    @display(description=_("exam"))
    def for_what(self, row: Accommodation) -> str:
        return str(row.exam or _("every exam"))

    @display(description=_("shown"))
    def shown(self, row: Accommodation) -> str:
        words = [_("large print")] * row.large_print + [_("dyslexia-friendly font")] * row.dyslexia_font
        return ", ".join(map(str, words))

    @display(description=_("window"))
    def window(self, row: Accommodation) -> str:
        ends = [f"{timezone.localtime(at):%d %b %Y %H:%M}" if at else "" for at in (row.opens_at, row.closes_at)]
        return " – ".join(ends).strip() if any(ends) else ""

    @display(description=_("state"), label={"withdrawn": "danger"})
    def state(self, row: Accommodation) -> tuple[str, Any] | str:
        return ("withdrawn", _("withdrawn")) if row.withdrawn_at else ""

    def save_model(self, request: HttpRequest, obj: Accommodation, form: Any, change: bool) -> None:
        save_accommodation(accommodation=obj, actor=request.user, now=timezone.now())

    @action(description=_("Withdraw…"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Accommodation]) -> HttpResponse | None:
        """Asks for the reason first."""
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            by: Any = {"actor": request.user, "now": timezone.now(), **form.cleaned_data}
            done = _("%(n)d withdrawn.")
            do_for_each(self, request, queryset, lambda row: withdraw_accommodation(accommodation=row, **by), done)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Withdraw"),
            "opts": self.model._meta,
            "form": form,
            "rows": list(queryset[:200]),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/assessments/withdraw_accommodation.html", context)
