"""How far the marks of each exam are checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.selectors import verified_teachers
from assessments.models import Exam
from evaluations.admin.agreement import AgreementPages
from evaluations.models import ExamChecks
from evaluations.services.checks import save_checks


class ChecksForm(forms.ModelForm):
    class Meta:
        model = ExamChecks
        fields = [
            *("exam", "double", "sample_percent", "tolerance_marks", "tolerance_percent", "result", "least_hours"),
            *("pass_percent", "margin_percent", "new_papers", "disagreement_percent", "moderators"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "exam" in self.fields:
            self.fields["exam"].queryset = Exam.objects.counted()  # type: ignore[attr-defined]
        self.fields["moderators"].queryset = verified_teachers()  # type: ignore[attr-defined]


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
        (_("At risk"), {"fields": ("pass_percent", "margin_percent", "new_papers", "disagreement_percent")}),
    )
    list_display = ["exam", "double", "sample_percent", "tolerance_marks", "result"]
    list_filter = ["double"]
    list_select_related = ["exam"]
    search_fields = ["exam__title"]
    search_help_text = _("Exam")
    filter_horizontal = ["moderators"]

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
