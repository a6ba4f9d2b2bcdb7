"""Blueprints and the papers drawn from them, in the back office."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from assessments.enums import QuestionType
from assessments.models import Blueprint, BlueprintSection, BlueprintSlot, Paper, PaperQuestion
from assessments.services.drawing import check_blueprint, draw_paper
from common.admin import NoWriting
from common.errors import DomainError


class SlotForm(forms.ModelForm):
    types = forms.MultipleChoiceField(
        label=_("types"), choices=QuestionType.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = BlueprintSlot
        fields = ["number", "unit", "types", "marks", "has_choice"]


class SlotInline(TabularInline):
    model = BlueprintSlot
    form = SlotForm
    autocomplete_fields = ["unit"]
    ordering = ["number"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[BlueprintSlot]:
        slots: QuerySet[BlueprintSlot] = super().get_queryset(request)
        return slots.select_related("unit", "section__blueprint")


class SectionInline(TabularInline):
    model = BlueprintSection
    fields = ["position", "label", "title", "instruction"]
    ordering = ["position"]
    extra = 0
    show_change_link = True


@admin.register(Blueprint)
class BlueprintAdmin(ModelAdmin):
    list_display = ["name", "programme", "kind", "questions", "total_marks", "duration_minutes"]
    list_filter = ["kind", ("programme", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["programme"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["programme"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["problems"]
    inlines = [SectionInline]
    actions = ["check_selected", "draw_sample"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Blueprint]:
        blueprints: QuerySet[Blueprint] = super().get_queryset(request)
        return blueprints.annotate(slots_total=Count("sections__slots"))

    @display(description=_("questions"), ordering="slots_total")
    def questions(self, blueprint: Blueprint) -> int:
        return int(blueprint.slots_total)  # type: ignore[attr-defined]

    @display(description=_("check"))
    def problems(self, blueprint: Blueprint) -> str:
        """What stands between this blueprint and a paper, as of now."""
        if blueprint.pk is None or blueprint._state.adding:
            return "–"
        found = check_blueprint(blueprint=blueprint)
        if not found:
            return str(_("Sound, and the bank fills it."))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ([problem] for problem in found)))

    @action(description=_("Check against the bank"), permissions=["view"])
    def check_selected(self, request: HttpRequest, queryset: QuerySet[Blueprint]) -> None:
        for blueprint in queryset:
            problems = check_blueprint(blueprint=blueprint)
            for problem in problems:
                self.message_user(request, f"{blueprint}: {problem}", messages.WARNING)
            if not problems:
                self.message_user(request, _("%s: sound, and the bank fills it.") % blueprint, messages.SUCCESS)

    @action(description=_("Draw a sample paper"), permissions=["change"])
    def draw_sample(self, request: HttpRequest, queryset: QuerySet[Blueprint]) -> None:
        for blueprint in queryset:
            title = _("Sample: %s") % blueprint
            try:
                paper = draw_paper(
                    blueprint=blueprint, seed=secrets.randbelow(2**31), title=str(title)[:160], now=timezone.now()
                )
            except DomainError as error:
                self.message_user(request, f"{blueprint}: {error.message}", messages.ERROR)
                continue
            link = reverse("admin:assessments_paper_change", args=[paper.pk])
            self.message_user(request, format_html('<a href="{}">{}</a>', link, title), messages.SUCCESS)


@admin.register(BlueprintSection)
class BlueprintSectionAdmin(ModelAdmin):
    """Reached from the blueprint: the slots of one section."""

    list_display = ["__str__", "title", "slots_total"]
    list_filter = [("blueprint", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["blueprint"]
    search_fields = ["title", "blueprint__name"]
    autocomplete_fields = ["blueprint"]
    inlines = [SlotInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BlueprintSection]:
        sections: QuerySet[BlueprintSection] = super().get_queryset(request)
        return sections.select_related("blueprint").annotate(total=Count("slots"))

    @display(description=_("questions"), ordering="total")
    def slots_total(self, section: BlueprintSection) -> int:
        return int(section.total)  # type: ignore[attr-defined]


class PaperQuestionInline(NoWriting, TabularInline):
    model = PaperQuestion
    fields = ["section", "number", "alternative", "type", "marks", "question"]
    readonly_fields = fields
    ordering = ["number", "alternative"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaperQuestion]:
        rows: QuerySet[PaperQuestion] = super().get_queryset(request)
        return rows.select_related("version__question")

    @display(description=_("question"))
    def question(self, row: PaperQuestion) -> str:
        link = reverse("admin:assessments_question_change", args=[row.version.question_id])
        return format_html('<a href="{}">{}</a>', link, row.version)


@admin.register(Paper)
class PaperAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No paper has been made yet.")
    list_display = ["title", "programme", "blueprint", "total_marks", "written_marks", "frozen_at"]
    list_filter = [("programme", admin.RelatedOnlyFieldListFilter), ("blueprint", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["programme", "blueprint"]
    search_fields = ["title", "=id"]
    show_full_result_count = False
    exclude = ["sections"]
    readonly_fields = ["prints"]
    inlines = [PaperQuestionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        papers: QuerySet[Any] = super().get_queryset(request)
        return papers.filter(is_rehearsal=None).select_related("programme", "blueprint")

    @display(description=_("print"))
    def prints(self, paper: Paper) -> str:
        names = (
            ("paper-pdf", _("Question paper")),
            ("paper-key-pdf", _("Key")),
            ("paper-sheet-pdf", _("Answer sheets")),
        )
        return format_html_join(
            " · ", '<a href="{}">{}</a>', ((reverse(n, args=[paper.pk]), title) for n, title in names)
        )
