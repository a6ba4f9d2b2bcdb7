"""Which questions of an exam are marked together, where each teacher marks the same questions of every paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.selectors import verified_teachers
from assessments.enums import MarkingMode
from assessments.models import Exam
from common.errors import DomainError
from evaluations.models import MarkingGroup
from evaluations.models.groups import ranges_text
from evaluations.services.groups import check_group, read_numbers, save_group


class GroupForm(forms.ModelForm):
    questions = forms.CharField(
        label=_("Questions"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Numbers of the paper, as 21–25, 31. Numbers in no group are marked one by one."),
    )

    class Meta:
        model = MarkingGroup
        fields = ["exam", "teachers"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.numbers:
            self.initial["questions"] = ranges_text(self.instance.numbers)
        if "exam" in self.fields:
            self.fields["exam"].queryset = Exam.objects.counted().filter(marking=MarkingMode.BY_QUESTION)  # type: ignore[attr-defined]
            self.fields["exam"].help_text = _("Exams that are marked by question.")
        self.fields["teachers"].queryset = verified_teachers()  # type: ignore[attr-defined]
        self.fields["teachers"].help_text = _("Nobody chosen: whoever may mark the exam.")

    def clean_questions(self) -> list[int]:
        try:
            return read_numbers(self.cleaned_data["questions"])
        except DomainError as error:
            raise forms.ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        exam = cleaned.get("exam") or (None if self.instance._state.adding else self.instance.exam)
        if exam is not None and cleaned.get("questions"):
            try:
                check_group(group=self.instance, exam=exam, numbers=cleaned["questions"])
            except DomainError as error:
                self.add_error("questions", error.message)
        return cleaned


@admin.register(MarkingGroup)
class MarkingGroupAdmin(ModelAdmin):
    form = GroupForm
    fields = ["exam", "questions", "teachers"]
    list_display = ["exam", "questions", "named", "last_teacher"]
    list_filter = [("exam", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["exam", "last_teacher"]
    filter_horizontal = ["teachers"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MarkingGroup]:
        rows: QuerySet[MarkingGroup] = super().get_queryset(request)
        return rows.filter(first_number__isnull=False).prefetch_related("teachers")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["exam"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Papers that were divided point to it."""
        return False

    def save_model(self, request: HttpRequest, obj: MarkingGroup, form: Any, change: bool) -> None:
        given = form.cleaned_data
        save_group(
            group=obj,
            numbers=given["questions"],
            teachers=list(given["teachers"]),
            actor=request.user,
            now=timezone.now(),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has set the teachers."""

    @display(description=_("questions"))
    def questions(self, group: MarkingGroup) -> str:
        return ranges_text(group.numbers)

    @display(description=_("teachers"))
    def named(self, group: MarkingGroup) -> str:
        return ", ".join(teacher.name for teacher in group.teachers.all()) or str(_("Any"))
