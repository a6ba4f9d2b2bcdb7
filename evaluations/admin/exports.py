"""What of an exam leaves the system: tables of marks, marked papers, and pictures with marks for those who agreed."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from assessments.models import Exam
from common.errors import DomainError
from evaluations.services.exports import (
    as_csv,
    as_xlsx,
    consented_pages,
    marked_papers_of,
    marks_table,
    note_export,
    zipped,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = [
    ("csv", _("Marks, CSV")),
    ("xlsx", _("Marks, Excel")),
    ("papers", _("Marked papers, zip")),
    ("consented", _("Pages and marks of those who agreed, without names, zip")),
]


class ExportForm(forms.Form):
    exam = forms.ModelChoiceField(label=_("Exam"), queryset=Exam.objects.none(), widget=UnfoldAdminSelectWidget)
    kind = forms.ChoiceField(label=_("What"), choices=KINDS, widget=UnfoldAdminSelectWidget)
    named = forms.BooleanField(
        label=_("With names"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Where an exam hides names only owners of the institute take them out."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exam"].queryset = Exam.objects.counted().order_by("-opens_at")  # type: ignore[attr-defined]


class ExportPages(ModelAdmin):
    """Part of the papers' back office."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.exports)
        urls: list[URLPattern] = super().get_urls()
        return [path("exports/", page, name="evaluations_exports"), *urls]

    def exports(self, request: HttpRequest) -> HttpResponseBase:
        """The form; POST answers with the file, written into the audit trail."""
        form = ExportForm(request.POST or None)
        if form.is_valid():
            given = form.cleaned_data
            try:
                note_export(
                    exam=given["exam"], what=given["kind"], named=given["named"], actor=request.user, now=timezone.now()
                )
                return export_response(given["exam"], given["kind"], named=given["named"])
            except DomainError as error:
                form.add_error("named", error.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Exports"),
            "opts": self.model._meta,
            "form": form,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/evaluations/exports.html", context, status=status)


def export_response(exam: Exam, kind: str, *, named: bool) -> HttpResponseBase:
    """The file of one kind of KINDS."""
    name = slugify(exam.title)[:60] or "exam"
    if kind == "xlsx":
        book = FileResponse(as_xlsx(marks_table(exam=exam, named=named)), content_type=XLSX)
        return _named(book, f"{name}-marks.xlsx")
    if kind == "csv":
        body: Iterator[bytes] = as_csv(marks_table(exam=exam, named=named))
        return _named(StreamingHttpResponse(body, content_type="text/csv; charset=utf-8"), f"{name}-marks.csv")
    files = marked_papers_of(exam=exam, named=named) if kind == "papers" else consented_pages(exam=exam)
    return _named(StreamingHttpResponse(zipped(files), content_type="application/zip"), f"{name}-{kind}.zip")


def _named(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
