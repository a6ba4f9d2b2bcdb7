"""Exams in the back office: who sits what, when, and how many have."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from assessments.enums import AttemptState, RevealItem
from assessments.forms.exams import ExamAdminForm
from assessments.models import Attempt, Exam
from assessments.services.exams import save_exam, set_cohorts
from common.admin import LOCAL_TIMES


def _attempts(*states: str) -> Coalesce:
    """How many attempts of the exam are in one of `states`, as a subquery: joins would multiply the counts."""
    rows = Attempt.objects.filter(exam=OuterRef("pk"), state__in=states).order_by().values("exam")
    counted = Subquery(rows.annotate(total=Count("pk")).values("total"), output_field=IntegerField())
    return Coalesce(counted, 0)


@admin.register(Exam)
class ExamAdmin(ModelAdmin):
    form = ExamAdminForm
    formfield_overrides = LOCAL_TIMES
    list_display = ["title", "programme", "purpose", "window", "minutes", "sitting_now", "done", "is_published"]
    list_filter = ["purpose", "is_published", "release", ("programme", admin.RelatedOnlyFieldListFilter), "cohorts"]
    search_fields = ["title", "cohorts__name"]
    search_help_text = _("Title or batch")
    autocomplete_fields = ["blueprint", "chapter"]
    raw_id_fields = ["paper"]
    filter_horizontal = ["cohorts"]
    date_hierarchy = "opens_at"
    list_per_page = 50
    show_full_result_count = False
    actions = ["publish", "withdraw"]
    actions_detail = ["rehearse"]
    fieldsets = (
        (None, {"fields": ("title", "purpose", "programme", "blueprint", "paper", "cohorts", "is_published")}),
        (_("Time"), {"fields": ("opens_at", "closes_at", "duration_minutes", "upload_grace_minutes", "max_attempts")}),
        (_("While it is sat"), {"fields": ("behaviour", "tries", "try_penalty", "calculator")}),
        (_("Order"), {"fields": ("shuffle_questions", "shuffle_options")}),
        (_("Quiz"), {"fields": ("chapter", "pass_percent")}),
        (_("Marking"), {"fields": ("marking", "release", "hide_names")}),
        (
            _("What students see afterwards"),
            {
                "fields": ("preset", *(f"reveal_{item}" for item in RevealItem)),
                "description": _(
                    "From when students and guardians see what of a result. Teachers and staff see everything."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exam]:
        found: Any = super().get_queryset(request)
        exams: QuerySet[Exam] = found.counted()
        finished = _attempts(AttemptState.SUBMITTED, AttemptState.HANDED_IN)
        return exams.select_related("programme").annotate(
            sitting_count=_attempts(AttemptState.IN_PROGRESS), done_count=finished
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An exam is withdrawn, not deleted: attempts point to it."""
        return False

    @display(description=_("open"))
    def window(self, exam: Exam) -> str:
        opens, closes = (timezone.localtime(at) if at else None for at in (exam.opens_at, exam.closes_at))
        return f"{opens:%d %b %Y %H:%M} – {closes:%d %b %Y %H:%M}" if closes else f"{opens:%d %b %Y %H:%M} –"

    @display(description=_("minutes"), ordering="duration_minutes")
    def minutes(self, exam: Exam) -> int:
        return exam.duration_minutes

    @display(description=_("sitting now"), ordering="sitting_count")
    def sitting_now(self, exam: Any) -> int:
        return int(exam.sitting_count)

    @display(description=_("sat"), ordering="done_count")
    def done(self, exam: Any) -> int:
        return int(exam.done_count)

    def save_model(self, request: HttpRequest, obj: Exam, form: Any, change: bool) -> None:
        save_exam(exam=obj, actor=request.user, now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        cohorts = form.cleaned_data.pop("cohorts", None)
        super().save_related(request, form, formsets, change)
        if cohorts is not None:
            set_cohorts(exam=form.instance, cohorts=list(cohorts), actor=request.user, now=timezone.now())

    @action(description=_("Rehearse"), url_path="rehearse", permissions=["change"])
    def rehearse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the exam's own page, which has the button."""
        return redirect("exam-detail", object_id)

    @action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Exam]) -> None:
        self._set_published(request, queryset, published=True)

    @action(description=_("Withdraw (nobody can start it)"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Exam]) -> None:
        self._set_published(request, queryset, published=False)

    def _set_published(self, request: HttpRequest, queryset: QuerySet[Exam], *, published: bool) -> None:
        for exam in queryset:
            exam.is_published = published
            save_exam(exam=exam, actor=request.user, now=timezone.now())
        self.message_user(request, _("%(n)d exams changed.") % {"n": len(queryset)})
