"""The report of promises kept: by month, week, promise, programme or teacher, on the page and as CSV."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from evaluations.selectors.board_page import list_url
from evaluations.selectors.compliance import FIELDS, GROUPS, Compliance, Kept, compliance

#: A report looks back so far at most.
MOST_DAYS = 1100
PARAMETERS = {
    "policy": "policy__id__exact",
    "programme": "attempt__exam__programme__id__exact",
    "teacher": "teacher",
}
NAMES = [
    *("finished", "in_time", "late", "share_in_time", "given_back"),
    *("median_hours", "p95_hours", "median_hours_late", "pauses"),
]
# Spreadsheets take these at the start of a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReportForm(forms.Form):
    since = forms.DateField(label=gettext_lazy("From"), widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=gettext_lazy("Until"), widget=UnfoldAdminDateWidget)
    by = forms.ChoiceField(label=gettext_lazy("By"), choices=list(GROUPS.items()), widget=UnfoldAdminSelectWidget)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and not timedelta() <= until - since <= timedelta(days=MOST_DAYS):
            raise forms.ValidationError(_("Choose at least one day and at most three years."))
        return cleaned


class CompliancePages(ModelAdmin):
    """Part of the evaluations' back office."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.compliance)
        urls: list[URLPattern] = super().get_urls()
        return [path("compliance/", page, name="evaluations_compliance"), *urls]

    def compliance(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        day = timezone.localtime(timezone=timezone.get_default_timezone()).date()
        asked = {"since": _months_before(day, 5).isoformat(), "until": day.isoformat(), "by": "month"}
        form = ReportForm(asked | request.GET.dict())
        report = compliance(**form.cleaned_data) if form.is_valid() else None
        if report and request.GET.get("format") == "csv":
            return _csv(report)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Promises kept"),
            "opts": self.model._meta,
            "form": form,
            "report": report,
            "rows": [_row(line, report.by) for line in (*report.lines, report.total)] if report else [],
            "heading": GROUPS[report.by] if report else "",
            "as_csv": f"?{_query(request)}&format=csv",
        }
        return TemplateResponse(request, "admin/evaluations/compliance.html", context, status=200 if report else 422)


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("format", None)
    return kept.urlencode()


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _row(line: Kept, by: str) -> dict[str, Any]:
    """A line with the addresses of the papers behind its numbers."""
    chosen = {"finalised_at__gte": line.first.isoformat(), "finalised_at__lt": line.after.isoformat()}
    if by in FIELDS and line.key is not None:
        chosen |= {PARAMETERS[by]: line.key}
    return {"line": line, "all": list_url(**chosen), "late": list_url(**chosen, breached="late")}


def _csv(report: Compliance) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"promises-{report.by}-{report.since}-{report.until}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    write = csv.writer(response).writerow
    write([report.by, *NAMES])
    for line in (*report.lines, report.total):
        share = "" if line.share is None else f"{line.share:.4f}"
        times = [_hours(span) for span in (line.median, line.p95, line.lateness)]
        name = f"'{line.name}" if line.name.startswith(FORMULA) else line.name
        write([name, line.finished, line.in_time, line.late, share, line.released, *times, line.pauses])
    return response


def _hours(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds() / 3600:.2f}"
