"""Cohorts, their members, and who may mark what."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from courses.enums import CohortRole
from courses.models import Cohort, CohortMembership, TeachingQualification


class MembershipInline(TabularInline):
    model = CohortMembership
    autocomplete_fields = ["user"]
    extra = 0
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[CohortMembership]:
        members: QuerySet[CohortMembership] = super().get_queryset(request)
        return members.select_related("user", "cohort").order_by("role", "user__name", "pk")


@admin.register(Cohort)
class CohortAdmin(ModelAdmin):
    list_display = ["name", "programme", "students", "teachers", "is_active"]
    list_filter = ["is_active", ("programme", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["programme"]
    search_fields = ["name"]
    autocomplete_fields = ["programme"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cohort]:
        cohorts: QuerySet[Cohort] = super().get_queryset(request)
        return cohorts.annotate(
            students_total=Count("memberships", filter=Q(memberships__role=CohortRole.STUDENT)),
            teachers_total=Count("memberships", filter=Q(memberships__role=CohortRole.TEACHER)),
        )

    @display(description=_("students"), ordering="students_total")
    def students(self, cohort: Cohort) -> int:
        return int(cohort.students_total)  # type: ignore[attr-defined]

    @display(description=_("teachers"), ordering="teachers_total")
    def teachers(self, cohort: Cohort) -> int:
        return int(cohort.teachers_total)  # type: ignore[attr-defined]


@admin.register(CohortMembership)
class CohortMembershipAdmin(ModelAdmin):
    list_display = ["user", "cohort", "role"]
    list_filter = ["role", ("cohort", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "cohort"]
    search_fields = ["user__name", "user__email", "cohort__name"]
    autocomplete_fields = ["user", "cohort"]


@admin.register(TeachingQualification)
class TeachingQualificationAdmin(ModelAdmin):
    list_display = ["teacher", "programme"]
    list_filter = [("programme", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["teacher", "programme"]
    search_fields = ["teacher__name", "teacher__email"]
    autocomplete_fields = ["teacher", "programme"]
