"""Wishes to be erased, for staff to look at and object to; how long things are kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.audit import ReadOnlyAdmin
from accounts.enums import ErasureState
from accounts.models import ErasureRequest, RetentionRule
from accounts.services.erasure import blockers_of, cancel_erasure, object_to_erasure
from accounts.services.office import save_row
from common.errors import DomainError


class ObjectionForm(BaseDialogForm):
    reason = forms.CharField(
        label=_("Why the data must be kept"), max_length=500, widget=UnfoldAdminTextInputWidget,
        help_text=_("The person reads it."),
    )  # fmt: skip


OBJECT: Any = {
    "title": _("Object"),
    "description": _("Only where a law or an open dispute needs the data. The person is told why."),
    "form_class": ObjectionForm,
    "form_submit_text": _("Object"),
}
TAKE_BACK: Any = {
    "title": _("Take back"),
    "description": _("At the person's wish. Nothing is erased."),
    "form_class": None,
    "form_submit_text": _("Take back"),
}


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has asked to be erased.")
    list_display = ["person", "asked_at", "due_at", "state", "ended_at"]
    list_filter = ["state"]
    list_filter_submit = True
    list_select_related = ["person"]
    list_per_page = 50
    fields = ["person", "asked_by", "asked_at", "due_at", "state", "stands", "objection", "ended_at", "counts"]
    readonly_fields = fields
    actions_detail = ["object_here", "take_back_here"]

    @display(description=_("what it waits for"))
    def stands(self, row: ErasureRequest) -> str:
        return " ".join(blockers_of(row.person)) if row.state == ErasureState.WAITING else ""

    def has_waiting_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return ErasureRequest.objects.filter(pk=object_id, state=ErasureState.WAITING).exists()

    @action(description=_("Object"), permissions=["waiting"], dialog=OBJECT)
    def object_here(self, request: HttpRequest, form: ObjectionForm, object_id: Any) -> HttpResponse:
        return self._do(request, object_id, object_to_erasure, reason=form.cleaned_data["reason"])

    @action(description=_("Take back"), permissions=["waiting"], dialog=TAKE_BACK)
    def take_back_here(self, request: HttpRequest, form: Any, object_id: Any) -> HttpResponse:
        return self._do(request, object_id, cancel_erasure)

    def _do(self, request: HttpRequest, object_id: Any, work: Any, **more: Any) -> HttpResponse:
        row = ErasureRequest.objects.get(pk=object_id)
        try:
            work(request=row, actor=request.user, now=timezone.now(), **more)
        except DomainError as error:
            self.message_user(request, error.message, "error")
        page = reverse("admin:accounts_erasurerequest_change", args=[object_id])
        # The dialog's script would show the page inside the dialog; this header makes it go there.
        return HttpResponse(headers={"HX-Redirect": page}) if request.headers.get("HX-Request") else redirect(page)


@admin.register(RetentionRule)
class RetentionRuleAdmin(ModelAdmin):
    """Where there is no row, the rule of the house holds (docs/operations.md)."""

    list_display = ["kind", "days", "is_on"]
    fields = ["kind", "days", "is_on"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["kind"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RetentionRule, form: Any, change: bool) -> None:
        names = ("days", "is_on")
        before = {name: form.initial[name] for name in names} if change else {}
        after = {name: getattr(obj, name) for name in names}
        save_row(row=obj, before=before, after=after, actor=request.user, now=timezone.now())
