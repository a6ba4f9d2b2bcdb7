"""External tools in the back office: setting them up, their secrets (shown once), results, and what was refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from assessments.models import ExternalAssessment, ExternalDelivery, ExternalResult, ExternalTool
from assessments.services.external_launches import check_launch_url
from assessments.services.external_secrets import MAX_GRACE_HOURS, rotate_secret
from assessments.services.external_setup import save_external_assessment, save_tool, set_external_cohorts
from assessments.services.signatures import HEADER
from common.admin import LOCAL_TIMES, NoWriting, RotateForm, checked


class ToolForm(forms.ModelForm):
    class Meta:
        model = ExternalTool
        fields = ("name", "launch_url", "share_name", "share_email", "is_active")

    clean_launch_url = checked("launch_url", check_launch_url)


@admin.register(ExternalTool)
class ExternalToolAdmin(ModelAdmin):
    form = ToolForm
    list_display = ["name", "launch_url", "is_active", "secret_since"]
    list_filter = ["is_active"]
    search_fields = ["name", "launch_url"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["rotate"]
    readonly_fields = ["for_partner"]
    fieldsets = (
        (None, {"fields": ("name", "launch_url", "is_active")}),
        (_("What it learns about students"), {"fields": ("share_name", "share_email")}),
        (_("For the partner"), {"fields": ("for_partner",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalTool]:
        tools: QuerySet[ExternalTool] = super().get_queryset(request)
        return tools.prefetch_related("secrets")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("assessments.rotate_externaltool")

    @display(description=_("secret since"))
    def secret_since(self, tool: ExternalTool) -> str:
        in_use = [row.created_at for row in tool.secrets.all() if row.valid_until is None]
        return f"{timezone.localtime(in_use[0]):%d %b %Y %H:%M}" if in_use else "–"

    @display(description=_("results"))
    def for_partner(self, tool: ExternalTool) -> str:
        if tool._state.adding:
            return str(_("Here the address for results appears when the tool is saved."))
        return render_to_string("admin/assessments/external_partner.html", self._partner(tool))

    def _partner(self, tool: ExternalTool) -> dict[str, Any]:
        url = settings.SITE_URL + reverse("api-external-results", args=[tool.pk])
        return {"tool": tool, "header": HEADER, "url": url}

    def save_model(self, request: HttpRequest, obj: ExternalTool, form: Any, change: bool) -> None:
        secret = save_tool(tool=obj, actor=request.user, now=timezone.now())
        # Only for the answer to this request: a message would leave the secret in the session's table.
        request.new_secret = secret  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ExternalTool, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show(request, [(obj, request.new_secret)])  # type: ignore[attr-defined]

    @action(description=_("Rotate the secret…"), permissions=["rotate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ExternalTool]) -> HttpResponse:
        """Asks how long the old one still works; then shows the new one, once."""
        asked = request.POST if "confirmed" in request.POST else None
        label = _("Hours for which the old secret still works (0: ends at once)")
        form = RotateForm(asked, label=label, most_hours=MAX_GRACE_HOURS)
        if form.is_valid():
            by: Any = {"actor": request.user, "now": timezone.now(), **form.cleaned_data}
            return self._show(request, [(tool, rotate_secret(tool=tool, **by)) for tool in queryset])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rotate the secret"),
            "opts": self.model._meta,
            "form": form,
            "rows": list(queryset[:50]),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/assessments/rotate_secret.html", context)

    def _show(self, request: HttpRequest, secrets: list[tuple[ExternalTool, str]]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The signing secret"),
            "opts": self.model._meta,
            "secrets": [self._partner(tool) | {"secret": secret} for tool, secret in secrets],
        }
        return TemplateResponse(request, "admin/assessments/external_secret.html", context)


@admin.register(ExternalAssessment)
class ExternalAssessmentAdmin(ModelAdmin):
    formfield_overrides = LOCAL_TIMES
    list_display = ["title", "tool", "programme", "opens_at", "closes_at", "max_score", "is_published"]
    list_filter = ["is_published", ("tool", admin.RelatedOnlyFieldListFilter), "cohorts"]
    list_select_related = ["tool", "programme"]
    search_fields = ["title", "tool__name"]
    autocomplete_fields = ["tool", "chapter"]
    filter_horizontal = ["cohorts"]
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("tool", "resource", "title", "programme", "chapter", "cohorts", "is_published")}),
        (_("Score"), {"fields": ("max_score", "pass_percent")}),
        (_("Time"), {"fields": ("opens_at", "closes_at")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is withdrawn, not deleted: results point to it."""
        return False

    def save_model(self, request: HttpRequest, obj: ExternalAssessment, form: Any, change: bool) -> None:
        save_external_assessment(assessment=obj, actor=request.user, now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        cohorts = form.cleaned_data.pop("cohorts", None)
        super().save_related(request, form, formsets, change)
        if cohorts is not None:
            by: Any = {"actor": request.user, "now": timezone.now()}
            set_external_cohorts(assessment=form.instance, cohorts=list(cohorts), **by)


@admin.register(ExternalResult)
class ExternalResultAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No external tool has reported a result yet.")
    list_display = ["student", "assessment", "score", "max_score", "occurred_at", "received_at"]
    list_filter = [("tool", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["launch__student", "launch__assessment"]
    search_fields = ["launch__student__name", "launch__assessment__title", "event_id"]
    fields = ["student", "assessment", "score", "max_score", "occurred_at", "received_at", "event_id", "launch"]
    readonly_fields = fields
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("student"))
    def student(self, row: ExternalResult) -> str:
        return str(row.launch.student)

    @display(description=_("assessment"))
    def assessment(self, row: ExternalResult) -> str:
        return str(row.launch.assessment)


@admin.register(ExternalDelivery)
class ExternalDeliveryAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No external tool has sent anything lately.")
    list_display = ["received_at", "tool", "said", "code", "message", "event_id", "size"]
    list_filter = ["outcome", ("tool", admin.RelatedOnlyFieldListFilter), "code"]
    list_select_related = ["tool"]
    search_fields = ["event_id"]
    list_per_page = 100
    show_full_result_count = False

    @display(description=_("outcome"), label={"accepted": "success", "repeated": "info", "refused": "danger"})
    def said(self, row: ExternalDelivery) -> tuple[str, str]:
        return row.outcome, row.get_outcome_display()
