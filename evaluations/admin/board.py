"""The queue board: every paper, its promise, who has it, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.selectors import verified_teachers
from common.admin import do_for_each
from common.errors import DomainError
from common.local_times import day_start
from common.templatetags.ui import marks
from evaluations.admin.compliance import CompliancePages
from evaluations.admin.decisions import DecisionInline, ReadOnlyInline
from evaluations.admin.exports import ExportPages
from evaluations.admin.leave import LeavePages
from evaluations.admin.reassigning import ReassignPages
from evaluations.enums import OPEN_STATES, EvaluationState
from evaluations.models import (
    Evaluation,
    MarkEvent,
    PictureRequest,
    Reminder,
    SlaBreach,
    SlaPause,
    Transition,
)
from evaluations.selectors.hours_left import KINDS, ORDER, is_kind
from evaluations.services.assignment import requeue_evaluations
from evaluations.services.finishing import release_evaluation, reopen_evaluation, return_evaluation
from evaluations.services.second_marking import drop_second

SOON = timedelta(hours=6)


class TransitionInline(ReadOnlyInline):
    model = Transition
    fields = ["at", "name", "from_state", "to_state", "actor", "reason"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transition]:
        return super().get_queryset(request).select_related("actor")  # type: ignore[no-any-return]


class MarkEventInline(ReadOnlyInline):
    model = MarkEvent
    fields = ["at", "question", "version", "given", "steps", "comment", "actor"]
    readonly_fields = ["given"]

    @display(description=_("marks"))
    def given(self, event: MarkEvent) -> str:
        return str(_("taken back")) if event.withdraws_id else marks(event.marks)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MarkEvent]:
        return super().get_queryset(request).select_related("question", "actor")  # type: ignore[no-any-return]


class PictureInline(ReadOnlyInline):
    model = PictureRequest
    fields = ["asked_at", "page", "region", "reason", "words", "state", "answer_by", "closed_at", "asked_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PictureRequest]:
        return super().get_queryset(request).select_related("page__upload__attempt", "asked_by")  # type: ignore[no-any-return]


class PauseInline(ReadOnlyInline):
    model = SlaPause
    fields = ["started_at", "ended_at", "reason", "due_before", "due_after"]


class ReminderInline(ReadOnlyInline):
    model = Reminder
    fields = ["at", "rung", "teacher", "is_told"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reminder]:
        return super().get_queryset(request).select_related("teacher")  # type: ignore[no-any-return]


class DueFilter(admin.SimpleListFilter):
    """As the board counts: what was finished once and is open for a correction has no promise any more."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        kinds = [(name, KINDS[name]) for name in ORDER]
        return [("open", _("All open")), ("soon", _("Within 6 hours")), ("today", _("Today")), *kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
        now, chosen = timezone.now(), self.value() or ""
        if chosen in KINDS:
            return queryset.filter(is_kind(chosen, now))
        zone = timezone.get_default_timezone()
        spans = {
            "open": Q(),
            "soon": Q(due_at__gte=now, due_at__lt=now + SOON, finalised_at=None),
            "today": Q(due_at__gte=day_start(now, zone), due_at__lt=day_start(now, zone, days=1), finalised_at=None),
        }
        return queryset.filter(spans[chosen], state__in=OPEN_STATES) if chosen in spans else queryset


class BreachFilter(admin.SimpleListFilter):
    title = _("promise")
    parameter_name = "breached"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("yes", _("Missed")),
            ("no", _("Kept so far")),
            ("late", _("Finished late")),
            ("kept", _("Finished in time")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
        chosen = {
            "yes": Q(breach__isnull=False),
            "no": Q(breach__isnull=True),
            "late": Q(finalised_at__gt=F("due_at")),
            "kept": Q(finalised_at__lte=F("due_at")),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


class TeacherFilter(admin.SimpleListFilter):
    """Verified teachers only; the plain filter would list every person of the institute."""

    title = _("teacher")
    parameter_name = "teacher"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(teacher.pk), teacher.name) for teacher in verified_teachers()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
        chosen = self.value()
        known = {value for value, _name in self.lookup_choices}
        return queryset.filter(teacher=UUID(chosen)) if chosen and chosen in known else queryset


class ReasonForm(forms.Form):
    """Why; every such action is kept with its reason."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(Evaluation)
class EvaluationAdmin(CompliancePages, ExportPages, LeavePages, ReassignPages):
    empty_sentence = _("No paper has been handed in yet.")
    list_display = [
        "label",
        "exam",
        "student",
        "shown_state",
        "due_at",
        "time_left",
        "missed",
        "teacher",
        "total",
    ]
    list_filter = ["state", DueFilter, BreachFilter, "policy", "attempt__exam__programme", TeacherFilter]
    list_select_related = ["attempt__exam", "attempt__student", "teacher", "policy", "breach"]
    search_fields = ["attempt__student__name", "attempt__student__email", "attempt__exam__title", "teacher__name"]
    search_help_text = _("Student, exam or teacher")
    # What is still to be done first, by promise; then what was finished last.
    ordering = [F("finalised_at").desc(nulls_first=True), "due_at", "id"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["reassign", "put_back", "cannot_read", "without_second", "release", "reopen"]
    inlines = [TransitionInline, DecisionInline, MarkEventInline, PictureInline, PauseInline, ReminderInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything: what changes an evaluation is an action with a service behind it. How much work it is says the
        expected time."""
        return [field.name for field in Evaluation._meta.concrete_fields if field.name != "work"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        rows: QuerySet[Evaluation] = super().get_queryset(request)
        return rows.select_related("attempt__exam", "attempt__student", "teacher", "policy", "breach")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Without buttons to save: nothing here can be changed."""
        context |= {"show_save": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    # --- The list ------------------------------------------------------------------------------------------------
    @display(description=_("paper"))
    def label(self, evaluation: Evaluation) -> str:
        return f"{evaluation.short_id} {evaluation.numbers_label}".strip()

    @display(description=_("exam"), ordering="attempt__exam__title")
    def exam(self, evaluation: Evaluation) -> str:
        return evaluation.attempt.exam.title

    @display(description=_("student"), ordering="attempt__student__name")
    def student(self, evaluation: Evaluation) -> str:
        return evaluation.attempt.student.name

    @display(
        description=_("state"),
        ordering="state",
        label={
            EvaluationState.QUEUED: "warning",
            EvaluationState.ASSIGNED: "info",
            EvaluationState.SHARED: "info",
            EvaluationState.SECOND: "info",
            EvaluationState.MODERATION: "warning",
            EvaluationState.IN_PROGRESS: "info",
            EvaluationState.RETURNED: "danger",
            EvaluationState.RELEASED: "success",
        },
    )
    def shown_state(self, evaluation: Evaluation) -> tuple[str, Any]:
        return evaluation.state, EvaluationState(evaluation.state).label

    @display(description=_("hours left"), ordering="due_at")
    def time_left(self, evaluation: Evaluation) -> str:
        if evaluation.state not in OPEN_STATES:
            return ""
        if evaluation.paused_at:
            return str(_("waits for the student"))
        return f"{(evaluation.due_at - timezone.now()).total_seconds() / 3600:+.1f} h"

    @display(description=_("total"), ordering="total_marks")
    def total(self, evaluation: Evaluation) -> str:
        return marks(evaluation.total_marks)

    @display(description=_("promise"), label={"missed": "danger"})
    def missed(self, evaluation: Evaluation) -> tuple[str, Any] | str:
        return ("missed", _("missed")) if hasattr(evaluation, "breach") else ""

    # --- Actions -------------------------------------------------------------------------------------------------
    @action(description=_("Put back into the queue…"), permissions=["change"])
    def put_back(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> HttpResponse | None:
        def work(values: dict[str, Any]) -> int:
            return requeue_evaluations(
                evaluations=list(queryset), actor=_actor(request), reason=values["reason"], now=timezone.now()
            )

        return self._asked(request, queryset, "put_back", ReasonForm, work)

    @action(description=_("Open again for correction…"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> HttpResponse | None:
        return self._each_with_reason(request, queryset, "reopen", reopen_evaluation)

    @action(description=_("Cannot be read: tell the student…"), permissions=["change"])
    def cannot_read(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> HttpResponse | None:
        return self._each_with_reason(request, queryset, "cannot_read", return_evaluation)

    @action(description=_("Finish without the second marking…"), permissions=["change"])
    def without_second(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> HttpResponse | None:
        def one(*, evaluation: Evaluation, actor: User, reason: str, now: Any) -> Evaluation:
            return drop_second(record=evaluation, actor=actor, reason=reason, now=now)

        return self._each_with_reason(request, queryset, "without_second", one)

    @action(description=_("Give back to the students"), permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[Evaluation]) -> None:
        def one(evaluation: Evaluation) -> None:
            release_evaluation(evaluation=evaluation, actor=_actor(request), now=timezone.now())

        self._say(request, do_for_each(self, request, queryset, one))

    def _each_with_reason(
        self, request: HttpRequest, papers: QuerySet[Evaluation], name: str, service: Callable[..., Evaluation]
    ) -> HttpResponse | None:
        def work(values: dict[str, Any]) -> int:
            def one(evaluation: Evaluation) -> None:
                service(evaluation=evaluation, actor=_actor(request), reason=values["reason"], now=timezone.now())

            return do_for_each(self, request, papers, one)

        return self._asked(request, papers, name, ReasonForm, work)

    def _say(self, request: HttpRequest, count: int) -> None:
        if count:
            text = ngettext("Done for %(n)d paper.", "Done for %(n)d papers.", count) % {"n": count}
            self.message_user(request, text, messages.SUCCESS)

    def _asked(
        self,
        request: HttpRequest,
        queryset: QuerySet[Evaluation],
        name: str,
        form_class: type[ReasonForm],
        work: Callable[[dict[str, Any]], int],
    ) -> HttpResponse | None:
        """The page between choosing papers and doing something to them: asks for what the action needs."""
        form = form_class(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            try:
                self._say(request, work(form.cleaned_data))
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": self.get_actions(request)[name][2],
            "opts": self.model._meta,
            "form": form,
            "papers": list(queryset[:200]),
            "count": queryset.count(),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
            "action_name": name,
        }
        return TemplateResponse(request, "admin/evaluations/confirm_action.html", context)


@admin.register(SlaBreach)
class SlaBreachAdmin(ModelAdmin):
    empty_sentence = _("No promise has been missed.")
    list_display = ["evaluation", "due_at", "flagged_at", "teacher"]
    list_select_related = ["evaluation__teacher"]
    date_hierarchy = "flagged_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("teacher"))
    def teacher(self, breach: SlaBreach) -> str:
        return breach.evaluation.teacher.name if breach.evaluation.teacher else ""


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
