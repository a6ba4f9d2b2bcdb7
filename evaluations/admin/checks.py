"""How far the marks of each exam are checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.selectors import verified_teachers
from assessments.models import Exam
from evaluations.admin.agreement import AgreementPages
from evaluations.enums import ScriptUse
from evaluations.models import ExamChecks
from evaluations.selectors.calibration import usable_scripts
from evaluations.services.checks import save_checks


class ChecksForm(forms.ModelForm):
    class Meta:
        model = ExamChecks
        fields = [
            *("exam", "double", "sample_percent", "tolerance_marks", "tolerance_percent", "result", "least_hours"),
            *("pass_percent", "margin_percent", "new_papers", "disagreement_percent", "moderators"),
            *("practice_papers", "practice_share", "practice_bias", "practice_rounds", "seed_every", "chart"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "exam" in self.fields:
            self.fields["exam"].queryset = Exam.objects.counted()  # type: ignore[attr-defined]
        self.fields["moderators"].queryset = verified_teachers()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("practice_papers") and not usable_scripts(self.instance, ScriptUse.PRACTICE).exists():
            self.add_error("practice_papers", _("Put a practice script to use first, then ask for practice."))
        return said


@admin.register(ExamChecks)
class ExamChecksAdmin(AgreementPages):
    form = ChecksForm
    empty_sentence = _("No exam is checked yet. Add one to have papers marked twice.")
    fieldsets = (
        (None, {"fields": ("exam", "moderators")}),
        (
            _("Second marking"),
            {"fields": ("double", "sample_percent", "tolerance_marks", "tolerance_percent", "result", "least_hours")},
        ),
        (
            _("Practice papers and seeded scripts"),
            {
                "fields": (
                    "practice_papers",
                    "practice_share",
                    "practice_bias",
                    "practice_rounds",
                    "seed_every",
                    "chart",
                )
            },
        ),
        (_("At risk"), {"fields": ("pass_percent", "margin_percent", "new_papers", "disagreement_percent")}),
    )
    list_display = [
        "exam",
        "double",
        "sample_percent",
        "tolerance_marks",
        "result",
        "practice_papers",
        "calibration",
        "schemes",
    ]
    list_filter = ["double"]
    list_select_related = ["exam"]
    search_fields = ["exam__title"]
    search_help_text = _("Exam")
    filter_horizontal = ["moderators"]

    @display(description=_("scripts and markers"))
    def calibration(self, checks: ExamChecks) -> SafeString:
        url = reverse("calibration-page", args=[checks.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Calibration"))

    @display(description=_("marking schemes"))
    def schemes(self, checks: ExamChecks) -> SafeString:
        url = reverse("scheme-list", args=[checks.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Change"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["exam"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switched off rather than deleted: papers that wait go by it."""
        return False

    def save_model(self, request: HttpRequest, obj: ExamChecks, form: Any, change: bool) -> None:
        named = list(form.cleaned_data["moderators"])
        save_checks(checks=obj, moderators=named, actor=request.user, now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has set the moderators."""
