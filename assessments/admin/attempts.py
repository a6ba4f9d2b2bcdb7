"""Attempts in the back office: where everybody stands, what they wrote and sent, and help when something went wrong."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from assessments.admin.flight_record import FlightPages
from assessments.enums import AttemptState, UploadState
from assessments.models import Attempt, Response, SheetUpload
from assessments.services.attempt_care import cancel_attempt, extend_attempt, reopen_sheets
from common.admin import NoWriting, do_for_each
from common.storage import sheet_storage
from common.templatetags.ui import marks

MORE_MINUTES = 15
REOPEN_MINUTES = 30
STATE_COLOURS = {
    AttemptState.IN_PROGRESS: "info",
    AttemptState.SUBMITTED: "warning",
    AttemptState.HANDED_IN: "success",
    AttemptState.CANCELLED: "danger",
}


class ReadOnlyInline(NoWriting, TabularInline):
    extra = 0
    tab = True


class ResponseInline(ReadOnlyInline):
    model = Response
    fields = ["question", "kind", "shown", "marks", "is_correct", "marked_for_review", "saved_at"]
    readonly_fields = fields
    ordering = ["question__number", "question__alternative"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        rows: QuerySet[Response] = super().get_queryset(request)
        return rows.select_related("question", "attempt")

    @display(description=_("type"))
    def kind(self, response: Response) -> str:
        return response.question.type

    @display(description=_("answer"))
    def shown(self, response: Response) -> str:
        answer = response.answer
        said = ", ".join(answer.get("choices", [])) or answer.get("value") or answer.get("text", "")[:200]
        if answer.get("not_attempted"):
            return str(_("not attempted"))
        return said or (str(_("on paper")) if answer.get("on_paper") else "–")


class SheetInline(ReadOnlyInline):
    model = SheetUpload
    fields = ["page_number", "state", "pictures", "content_type", "size", "refused_message", "verified_at"]
    readonly_fields = fields
    ordering = ["page_number", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SheetUpload]:
        rows: QuerySet[SheetUpload] = super().get_queryset(request)
        return rows.select_related("attempt").prefetch_related("pages__questions")

    @display(description=_("pages"))
    def pictures(self, upload: SheetUpload) -> SafeString | str:
        pages = [page for page in upload.pages.all() if page.thumb_key]
        return format_html_join(
            " ",
            '<a href="{}" target="_blank" rel="noopener"><img src="{}" width="72" alt="{}"></a>',
            (
                (
                    sheet_storage().signed_url(page.screen_key),
                    sheet_storage().signed_url(page.thumb_key),
                    ", ".join(f"Q{tag.number}" for tag in page.questions.all()) or _("Page without tags"),
                )
                for page in pages
            ),
        )


@admin.register(Attempt)
class AttemptAdmin(NoWriting, FlightPages, ModelAdmin):
    empty_sentence = _("Nobody has begun an exam yet.")
    list_display = ["student", "exam", "shown_state", "started_at", "ends_at", "objective", "pages", "handed_in_at"]
    list_filter = ["state", "submit_reason", ("exam", admin.RelatedOnlyFieldListFilter), "started_at"]
    search_fields = ["student__name", "student__email", "exam__title"]
    search_help_text = _("Student's name or e-mail address, or exam")
    list_per_page = 50
    show_full_result_count = False
    inlines = [ResponseInline, SheetInline]
    actions = ["give_more_time", "credit_outage", "reopen_for_sheets", "cancel"]
    readonly_fields = [
        "student", "exam", "paper", "state", "started_at", "ends_at", "sheets_due_at", "submitted_at", "submit_reason",
        "objective_marks", "objective_max", "handed_in_at", "record",
    ]  # fmt: skip
    fieldsets = (
        (None, {"fields": ("student", "exam", "paper", "state")}),
        (_("Time"), {"fields": ("started_at", "ends_at", "sheets_due_at", "submitted_at", "submit_reason", "record")}),
        (_("Result so far"), {"fields": ("objective_marks", "objective_max", "handed_in_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        found: Any = super().get_queryset(request)
        rows: QuerySet[Attempt] = found.counted()
        verified = Count("uploads__pages", filter=Q(uploads__state=UploadState.VERIFIED))
        return rows.select_related("student", "exam", "paper").annotate(page_count=verified)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For the actions below: every field is read-only."""
        return bool(ModelAdmin.has_change_permission(self, request, obj))

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, attempt: Attempt) -> tuple[str, str]:
        return attempt.state, attempt.get_state_display()

    @display(description=_("objective"))
    def objective(self, attempt: Attempt) -> str:
        if attempt.objective_marks is None:
            return "–"
        return f"{marks(attempt.objective_marks)} / {marks(attempt.objective_max)}"

    @display(description=_("pages"), ordering="page_count")
    def pages(self, attempt: Any) -> int:
        return int(attempt.page_count)

    # --- Actions -----------------------------------------------------------------------------------------------------
    @action(description=_("Give 15 more minutes"), permissions=["change"])
    def give_more_time(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> None:
        by = {"minutes": MORE_MINUTES, "actor": request.user, "now": timezone.now()}
        do_for_each(
            self, request, queryset, lambda attempt: extend_attempt(attempt=attempt, **by), _("%(n)d got more time.")
        )

    @action(description=_("Open the sheets again for 30 minutes"), permissions=["change"])
    def reopen_for_sheets(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> None:
        by = {"minutes": REOPEN_MINUTES, "actor": request.user, "now": timezone.now()}
        do_for_each(
            self, request, queryset, lambda attempt: reopen_sheets(attempt=attempt, **by), _("%(n)d opened again.")
        )

    @action(description=_("Cancel and give the exam back"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> None:
        by = {"actor": request.user, "now": timezone.now()}
        do_for_each(
            self, request, queryset, lambda attempt: cancel_attempt(attempt=attempt, **by), _("%(n)d cancelled.")
        )
