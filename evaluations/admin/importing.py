"""Results from elsewhere in the back office: a bundle is looked into first, then imported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from common.errors import DomainError
from evaluations.admin.after_marks import ReadOnlyAdmin
from evaluations.models import ImportedResult
from evaluations.services.bundles import MOST_BYTES
from evaluations.services.importing import Seen, import_bundle, look_into


class BundleForm(forms.Form):
    bundle = forms.FileField(label=gettext_lazy("Bundle"))
    key = forms.CharField(
        label=gettext_lazy("Public key of who signed it"), max_length=60, widget=UnfoldAdminTextInputWidget
    )
    email = forms.EmailField(
        label=gettext_lazy("Student's e-mail address"), required=False, widget=UnfoldAdminTextInputWidget
    )
    name = forms.CharField(
        label=gettext_lazy("Name, where the student is made"), required=False, max_length=120,
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip
    makes_student = forms.BooleanField(label=gettext_lazy("Make the student, if there is none"), required=False)

    def clean_bundle(self) -> bytes:
        sent = self.cleaned_data["bundle"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError(_("The bundle is too large."))
        data: bytes = sent.read()
        return data


@admin.register(ImportedResult)
class ImportedResultAdmin(ReadOnlyAdmin):
    empty_sentence = gettext_lazy("No result was brought here.")
    list_display = ["page", "student", "total", "most", "made_at", "imported_at", "key"]
    list_display_links = None
    list_select_related = ["student"]
    search_fields = ["exam_title", "student__name", "student__email"]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/evaluations/imported_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("result", "files")

    @display(description=gettext_lazy("exam"))
    def page(self, row: ImportedResult) -> SafeString:
        return format_html(
            '<a class="text-primary-600" href="{}">{}</a>', reverse("imported-result", args=[row.pk]), row.exam_title
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.import_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("import/", page, name="evaluations_import_bundle"), *urls]

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """POST with `look`: what the bundle holds; without: imports it. The file is sent again: nothing of a look is
        kept."""
        if not request.user.has_perm("evaluations.import_result"):
            raise PermissionDenied
        form = BundleForm(request.POST or None, request.FILES or None)
        seen: Seen | None = None
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                seen = look_into(given["bundle"], key=given["key"])
                if "look" not in request.POST:
                    made = import_bundle(
                        data=given["bundle"], key=given["key"], email=given["email"], name=given["name"],
                        makes_student=given["makes_student"], actor=request.user, now=timezone.now(),
                    )  # fmt: skip
                    self.message_user(request, _("Imported."), messages.SUCCESS)
                    return redirect("imported-result", made.pk)
            except DomainError as error:
                form.add_error(None, error.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Bring a result from elsewhere"),
            "opts": self.model._meta,
            "form": form,
            "seen": seen,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/evaluations/import_bundle.html", context, status=status)
