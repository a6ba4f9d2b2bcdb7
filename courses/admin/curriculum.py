"""The curriculum tree in the back office: each level lists the one below it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from courses.models import Chapter, Programme, Topic, Unit


class UnitInline(TabularInline):
    model = Unit
    fields = ["position", "name", "slug", "marks"]
    extra = 0
    show_change_link = True
    prepopulated_fields = {"slug": ["name"]}


class ChapterInline(TabularInline):
    model = Chapter
    fields = ["position", "name"]
    extra = 0
    show_change_link = True


class TopicInline(TabularInline):
    model = Topic
    fields = ["position", "name"]
    extra = 0


@admin.register(Programme)
class ProgrammeAdmin(ModelAdmin):
    list_display = ["__str__", "slug", "unit_count", "board_exam_on"]
    list_filter = ["board", "grade", "subject", "session"]
    search_fields = ["slug", "board", "grade", "subject", "session"]
    prepopulated_fields = {"slug": ["board", "grade", "subject"]}
    inlines = [UnitInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Programme]:
        programmes: QuerySet[Programme] = super().get_queryset(request)
        return programmes.annotate(units_total=Count("units"))

    @display(description=_("units"), ordering="units_total")
    def unit_count(self, programme: Programme) -> int:
        return int(programme.units_total)  # type: ignore[attr-defined]


@admin.register(Unit)
class UnitAdmin(ModelAdmin):
    list_display = ["name", "programme", "marks", "position"]
    list_filter = [("programme", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["programme"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["programme"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ChapterInline]


@admin.register(Chapter)
class ChapterAdmin(ModelAdmin):
    list_display = ["name", "unit", "programme", "position"]
    list_filter = [("unit__programme", admin.RelatedOnlyFieldListFilter), ("unit", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["unit__programme"]
    search_fields = ["name", "unit__name"]
    autocomplete_fields = ["unit"]
    inlines = [TopicInline]

    @display(description=_("programme"))
    def programme(self, chapter: Chapter) -> str:
        return str(chapter.unit.programme)


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    list_display = ["name", "chapter", "unit", "position"]
    list_filter = [("chapter__unit", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["chapter__unit"]
    search_fields = ["name", "chapter__name"]
    autocomplete_fields = ["chapter"]

    @display(description=_("unit"))
    def unit(self, topic: Topic) -> str:
        return str(topic.chapter.unit)
