"""What students may ask after the marks are out, and what they asked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from evaluations.admin.promises import AuditedAdmin
from evaluations.models import AfterMarksPolicy, Clarification


class ReadOnlyAdmin(ModelAdmin):
    """A list of what only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AfterMarksPolicy)
class AfterMarksPolicyAdmin(AuditedAdmin):
    list_display = ["__str__", "question_hours", "question_days", "remark_hours", "remark_days", "remark_tokens"]
    list_select_related = ["exam"]
    autocomplete_fields = ["exam"]


@admin.register(Clarification)
class ClarificationAdmin(ReadOnlyAdmin):
    empty_sentence = _("No student has asked about marks.")
    list_display = ["paper", "question", "marker", "waits_for", "opened_at", "last_at", "closed_at"]
    list_filter = ["waits_for"]
    list_select_related = ["evaluation__attempt__exam", "question", "marker"]
    search_fields = ["evaluation__attempt__exam__title", "marker__name"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("paper"))
    def paper(self, thread: Clarification) -> SafeString:
        url = reverse("clarification-page", args=[thread.pk])
        words = f"{thread.evaluation.attempt.exam.title}, {thread.evaluation.short_id}"
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, words)
