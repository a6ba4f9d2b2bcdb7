"""Scans of classes in the back office: to read. Deciding about pages happens on the product's own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from assessments.enums import ScanPageState, ScanState
from assessments.models import Scan, ScanFile, ScanPage
from common.admin import NoWriting

STATE_COLOURS = {ScanState.READING: "info", ScanState.READ: "success", ScanState.FAILED: "danger"}
PAGE_COLOURS = {
    ScanPageState.READ: "info",
    ScanPageState.PLACED: "success",
    ScanPageState.WAITING: "warning",
    ScanPageState.DISCARDED: "danger",
}


class FileInline(NoWriting, TabularInline):
    model = ScanFile
    fields = ["position", "file_name", "size", "page_count", "sha256"]
    readonly_fields = fields
    ordering = ["position"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScanFile]:
        files: QuerySet[ScanFile] = super().get_queryset(request)
        return files.select_related("scan__exam")


@admin.register(Scan)
class ScanAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No class has been scanned yet.")
    list_display = ["exam", "author", "created_at", "shown_state", "total", "placed", "waiting", "discarded"]
    list_filter = ["state"]
    list_select_related = ["exam", "author"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["exam__title", "author__name"]
    fields = ["exam", "author", "created_at", "shown_state", "problem", "starts_all", "total", "page_link"]
    readonly_fields = fields
    inlines = [FileInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scan]:
        scans: QuerySet[Scan] = super().get_queryset(request)
        counts: dict[str, Any] = {
            f"{state}_pages": Count("pages", filter=Q(pages__state=state)) for state in ScanPageState.values
        }
        return scans.annotate(**counts)

    @display(description=_("state"), label={state.label: colour for state, colour in STATE_COLOURS.items()})
    def shown_state(self, scan: Scan) -> str:
        return str(scan.get_state_display())

    @display(description=_("placed"))
    def placed(self, scan: Any) -> int:
        return int(scan.placed_pages)

    @display(description=_("waiting"))
    def waiting(self, scan: Any) -> int:
        return int(scan.waiting_pages)

    @display(description=_("discarded"))
    def discarded(self, scan: Any) -> int:
        return int(scan.discarded_pages)

    @display(description=_("pages"))
    def page_link(self, scan: Scan) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("scan-page", args=[scan.pk]), _("Open the scan"))


@admin.register(ScanPage)
class ScanPageAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("No class has been scanned yet.")
    list_display = ["scan", "position", "shown_state", "reason", "student", "number", "decided_by", "decided_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["scan__exam", "student", "decided_by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["scan__exam__title", "student__name"]
    fields = [
        *("scan", "file", "position", "shown_state", "reason", "detail", "codes", "student", "number", "pages"),
        *("upload", "sha256", "placings", "decided_by", "decided_at", "page_link"),
    ]
    readonly_fields = fields

    @display(description=_("state"), label={state.label: colour for state, colour in PAGE_COLOURS.items()})
    def shown_state(self, page: ScanPage) -> str:
        return str(page.get_state_display())

    @display(description=_("picture"))
    def page_link(self, page: ScanPage) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("scan-page-fix", args=[page.pk]), _("Open the page"))
