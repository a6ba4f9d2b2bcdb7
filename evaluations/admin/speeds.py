"""How fast each teacher marks, as measured, for the office to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assessments.enums import QuestionType
from common.admin import NoWriting
from evaluations.models import MarkingSpeed


class TypeFilter(admin.SimpleListFilter):
    """By type of question; the speed with whole papers has none."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request, model_admin):  # type: ignore[no-untyped-def]
        return [("whole", _("Whole papers")), *QuestionType.choices]

    def queryset(self, request, queryset):  # type: ignore[no-untyped-def]
        if self.value() is None:
            return queryset
        return queryset.filter(question_type="" if self.value() == "whole" else self.value())


@admin.register(MarkingSpeed)
class MarkingSpeedAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("Nobody's speed is measured yet. It is with the first paper a teacher finishes.")
    list_display = ["teacher", "shown_type", "a_mark", "shown_spread", "papers", "updated_at"]
    list_display_links = None
    list_filter = [TypeFilter]
    list_select_related = ["teacher__user"]
    search_fields = ["teacher__user__name"]
    search_help_text = _("Name of the teacher")
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("type"), ordering="question_type")
    def shown_type(self, speed: MarkingSpeed) -> str:
        return str(QuestionType(speed.question_type).label if speed.question_type else _("Whole papers"))

    @display(description=_("seconds per mark"), ordering="seconds_per_mark")
    def a_mark(self, speed: MarkingSpeed) -> str:
        return f"{speed.seconds_per_mark:.0f}"

    @display(description=_("spread"), ordering="spread")
    def shown_spread(self, speed: MarkingSpeed) -> str:
        return f"±{100 * speed.spread:.0f} %"
