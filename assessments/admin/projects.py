"""Projects in the back office: when they are due, what being late costs, who has handed in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assessments.enums import AttemptState
from assessments.models import Project, Submission
from common.admin import NoWriting


@admin.register(Project)
class ProjectAdmin(NoWriting, ModelAdmin):
    list_display = ["exam", "course", "due_at", "late_percent", "revisions", "handed_in"]
    list_filter = [("exam__programme", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["exam__title", "lesson__module__course__title"]
    search_help_text = _("Title or course")
    date_hierarchy = "due_at"
    list_per_page = 50
    show_full_result_count = False
    empty_sentence = _("No project has been written yet. Teachers write them in the lessons of their courses.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        handed_in = Count("exam__attempts", filter=Q(exam__attempts__state=AttemptState.HANDED_IN))
        return rows.select_related("exam", "lesson__module__course").annotate(handed_in_count=handed_in)

    @display(description=_("course"))
    def course(self, project: Project) -> str:
        return str(project.lesson.module.course)

    @display(description=_("handed in"), ordering="handed_in_count")
    def handed_in(self, project: Any) -> int:
        return int(project.handed_in_count)


@admin.register(Submission)
class SubmissionAdmin(NoWriting, ModelAdmin):
    list_display = ["exam", "student", "number", "state", "is_returned", "late_days", "late_percent"]
    list_filter = ["is_returned", "attempt__state"]
    search_fields = ["attempt__exam__title", "attempt__student__name", "attempt__student__email"]
    search_help_text = _("Project, name or e-mail")
    list_per_page = 50
    show_full_result_count = False
    empty_sentence = _("Nobody has begun a project yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        rows: QuerySet[Submission] = super().get_queryset(request)
        return rows.select_related("attempt__exam", "attempt__student")

    @display(description=_("project"))
    def exam(self, row: Submission) -> str:
        return str(row.attempt.exam)

    @display(description=_("student"))
    def student(self, row: Submission) -> str:
        return str(row.attempt.student)

    @display(description=_("state"))
    def state(self, row: Submission) -> str:
        return str(row.attempt.get_state_display())
