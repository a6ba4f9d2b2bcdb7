"""What sitting says about the bank: statistics with the review list, and flags."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from assessments.admin.bank import question_words
from assessments.models import ItemStatistics, QuestionFlag
from assessments.selectors.item_statistics import choice_rows
from assessments.services.flags import MAX_RESOLUTION, resolve_flags
from common.admin import NoWriting
from common.errors import DomainError
from common.templatetags.ui_times import seconds_text


class ReviewFilter(admin.SimpleListFilter):
    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("To review")), ("flagged", _("Flagged by many")), ("negative", _("Negative discrimination"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ItemStatistics]) -> QuerySet[ItemStatistics]:
        chosen = {"all": {}, "flagged": {"is_flagged": True}, "negative": {"is_negative": True}}.get(self.value() or "")
        rows: Any = queryset
        return queryset if chosen is None else rows.to_review().filter(**chosen)


def _fixed(value: Decimal | None, unit: str = "", places: int = 0) -> str:
    """-0.4560 → −0.46; 25.00 → 25 %; None stays empty."""
    return "" if value is None else f"{value:.{places}f}\u00a0{unit}".strip().replace("-", "−")


class ResolutionForm(forms.Form):
    resolution = forms.CharField(
        label=_("What came of it"), max_length=MAX_RESOLUTION, widget=UnfoldAdminTextInputWidget
    )


@admin.register(ItemStatistics)
class ItemStatisticsAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No marked attempt has been counted yet.")
    list_display = ["question", "number", "attempts", "solved", "telling", "thirds", "time", "flags", "reasons"]
    list_filter = [
        ReviewFilter,
        "version__question__type",
        ("version__question__chapter__unit__programme", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["version__question__key"]
    search_help_text = _("Key of the question")
    list_per_page = 50
    show_full_result_count = False
    actions = ["resolve"]
    fields = [
        "question", "number", "attempts", "omitted", "solved", "telling", "thirds", "time", "quarters", "timed",
        "flags", "content",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ItemStatistics]:
        rows: QuerySet[ItemStatistics] = super().get_queryset(request)
        return rows.select_related("version__question")

    @display(description=_("question"))
    def question(self, row: ItemStatistics) -> str:
        return question_words(row.version.question, row.version)

    @display(description=_("facility"), ordering="facility")
    def solved(self, row: ItemStatistics) -> str:
        return _fixed(row.facility and row.facility * 100, "%")

    @display(description=_("discrimination"), ordering="discrimination")
    def telling(self, row: ItemStatistics) -> str:
        return _fixed(row.discrimination, places=2)

    @display(description=_("upper less lower 27 %"), ordering="upper_lower")
    def thirds(self, row: ItemStatistics) -> str:
        return _fixed(row.upper_lower, places=2)

    @display(description=_("median time"), ordering="median_seconds")
    def time(self, row: ItemStatistics) -> str:
        return "" if row.median_seconds is None else seconds_text(row.median_seconds)

    @display(description=_("half take"))
    def quarters(self, row: ItemStatistics) -> str:
        if row.lower_seconds is None or row.upper_seconds is None:
            return ""
        return f"{seconds_text(row.lower_seconds)} – {seconds_text(row.upper_seconds)}"

    @display(description=_("version"))
    def number(self, row: ItemStatistics) -> int:
        return row.version.number

    @display(description=_("review"), label={"flagged": "warning", "negative": "danger"})
    def reasons(self, row: ItemStatistics) -> tuple[str, Any] | str:
        if row.is_negative:
            return "negative", _("negative discrimination")
        return ("flagged", _("flagged by many")) if row.is_flagged else ""

    @display(description=_("chosen by thirds, and flags"))
    def content(self, row: ItemStatistics) -> str:
        flags = QuestionFlag.objects.filter(version=row.version_id).select_related("person").order_by("-id")[:50]
        context = {"version": row.version, "row": row, "choices": choice_rows(row.version, row), "flags": flags}
        return render_to_string("admin/assessments/item_statistics.html", context)

    @action(description=_("Looked into…"), permissions=["view"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[ItemStatistics]) -> HttpResponse | None:
        """Asks what came of it, closes the flags and takes the questions off the review list."""
        form = ResolutionForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            for row in queryset:
                try:
                    resolve_flags(version=row.version, actor=request.user, now=timezone.now(), **form.cleaned_data)
                except DomainError as error:
                    self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Looked into"),
            "opts": self.model._meta,
            "form": form,
            "rows": list(queryset[:200]),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/assessments/resolve_flags.html", context)


@admin.register(QuestionFlag)
class QuestionFlagAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("Nobody has reported a question.")
    list_display = ["question", "kind", "text", "person", "created_at", "resolution", "resolved_by"]
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "kind"]
    list_select_related = ["version__question", "person", "resolved_by"]
    search_fields = ["version__question__key", "text", "person__name"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("question"))
    def question(self, flag: QuestionFlag) -> str:
        return question_words(flag.version.question, flag.version)
