"""Certificates in the back office: found by name or code, revoked, issued again with another name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from common.admin import NoWriting
from common.errors import DomainError
from courses.models import Certificate
from courses.services.certificates import MAX_NAME, reissue_certificate, revoke_certificate


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(label=_("Why"), max_length=300, widget=UnfoldAdminTextInputWidget)


class NameForm(ReasonForm):
    name = forms.CharField(
        label=_("Name as it shall stand there"), max_length=MAX_NAME, widget=UnfoldAdminTextInputWidget
    )
    field_order = ("name", "reason")


REVOKE: ActionDialog = {
    "title": _("Revoke"),
    "description": _("Whoever checks it is told that it was revoked. This cannot be taken back."),
    "form_class": ReasonForm,
    "form_submit_text": _("Revoke"),
}
REISSUE: ActionDialog = {
    "title": _("Issue again"),
    "description": _("This one is revoked, and another with the right name and a new code takes its place."),
    "form_class": NameForm,
    "form_submit_text": _("Issue again"),
}


@admin.register(Certificate)
class CertificateAdmin(NoWriting, ModelAdmin):
    list_display = ["name", "course_title", "shown_code", "completed_on", "state"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "code", "course_title", "completion__enrolment__student__email"]
    search_help_text = _("Name, e-mail, course or code without hyphens")
    date_hierarchy = "issued_at"
    list_per_page = 50
    show_full_result_count = False
    empty_sentence = _("Nobody has completed a course yet.")
    actions_detail = ["revoke", "reissue"]

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(request.user.has_perm("courses.revoke_certificate"))

    @display(description=_("code"))
    def shown_code(self, row: Certificate) -> str:
        return row.shown_code

    @display(description=_("state"), label={"revoked": "danger"})
    def state(self, row: Certificate) -> tuple[str, Any] | str:
        return ("revoked", _("revoked")) if row.revoked_at else ""

    @action(description=REVOKE["title"], permissions=["revoke"], dialog=REVOKE)
    def revoke(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._do(request, form, object_id, revoke_certificate)

    @action(description=REISSUE["title"], permissions=["revoke"], dialog=REISSUE)
    def reissue(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._do(request, form, object_id, reissue_certificate)

    def _do(self, request: HttpRequest, form: Any, object_id: str, work: Callable[..., Certificate]) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        try:
            given = {name: form.cleaned_data[name] for name in ("name", "reason") if name in form.cleaned_data}
            row = work(certificate=row, actor=request.user, now=timezone.now(), **given)
            self.message_user(request, _("Done."), messages.SUCCESS)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
        page = reverse("admin:courses_certificate_change", args=[row.pk])
        # The dialog's script would show the page inside the dialog; this header makes it go there.
        return HttpResponse(headers={"HX-Redirect": page}) if request.headers.get("HX-Request") else redirect(page)
