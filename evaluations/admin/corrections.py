"""Correcting a wrong key: first shown, then done. In this app, since the totals of papers change with it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from assessments.enums import CHOICE_TYPES, TRUE_FALSE_LABELS, QuestionType
from assessments.models import KeyCorrection, QuestionVersion
from assessments.services.keys import key_of
from common.access import get_permitted
from common.errors import DomainError
from evaluations.services.rescoring import Change, Rescoring, preview_rescore, rescore

# So many who change are named on the page; all are counted.
NAMED = 200


class OneOption(UnfoldAdminRadioSelectWidget):
    """Radio buttons that hand on all that was sent: of two values none is dropped, the rules of keys refuse them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)


class KeyForm(forms.Form):
    """The key: ticked options for questions with options, else the stored form of the key."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget, help_text=_("Kept with the correction.")
    )

    def __init__(self, version: QuestionVersion, *args: Any, **kwargs: Any) -> None:
        self.current = key_of(version)
        self.of_choice = version.question.type in CHOICE_TYPES
        super().__init__(*args, **kwargs)
        field: forms.Field
        if self.of_choice:
            takes_several = version.question.type == QuestionType.MULTIPLE_CHOICE
            labels = [option["label"] for option in version.options]
            if version.question.type == QuestionType.TRUE_FALSE:
                labels = list(TRUE_FALSE_LABELS)
            field = forms.MultipleChoiceField(
                label=_("Right options") if takes_several else _("Right option"),
                choices=[(label, label) for label in labels],
                widget=UnfoldAdminCheckboxSelectMultipleWidget if takes_several else OneOption,
                initial=self.current.get("choices", []),
            )
        else:
            field = forms.JSONField(
                label=_("Key"),
                widget=UnfoldAdminTextareaWidget,
                initial=self.current,
                help_text=_("As it is stored; the form depends on the type of question."),
            )
        self.fields = {"key": field, **self.fields}

    def clean_key(self) -> dict[str, Any]:
        key = self.cleaned_data["key"]
        if self.of_choice:
            return {**self.current, "choices": key}
        if not isinstance(key, dict):
            raise forms.ValidationError(_("A key is an object such as {“value”: “3”}."))
        return key


def _shown(key: dict[str, Any]) -> str:
    """The key in words where it is of options, else as it is stored."""
    if "choices" in key:
        return ", ".join(key["choices"])
    return json.dumps(key, ensure_ascii=False)


def _named(preview: Rescoring) -> list[Change]:
    """The first who change, with their names."""
    changes = list(preview.changes[:NAMED])
    prefetch_related_objects([change.attempt for change in changes], "student")
    return changes


@admin.register(KeyCorrection)
class KeyCorrectionAdmin(ModelAdmin):
    empty_sentence = _("No key has been corrected.")
    list_display = ["version", "number", "previous", "answer", "reason", "actor", "at"]
    list_select_related = ["version__question", "actor"]
    search_fields = ["version__question__key", "reason"]
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.correct)
        urls: list[URLPattern] = super().get_urls()
        return [path("correct/<uuid:version_id>/", page, name="correct_key"), *urls]

    def correct(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """The form; with "preview" what the key would change; with "confirm" it is done."""
        versions = QuestionVersion.objects.select_related("question").prefetch_related("steps")
        version = get_permitted(request.user, "assessments.correct_key", versions, version_id)
        form = KeyForm(version, request.POST or None)
        preview = None
        if form.is_valid():
            values = {"version": version, "answer": form.cleaned_data["key"]}
            try:
                if "confirm" in request.POST:
                    done = rescore(**values, reason=form.cleaned_data["reason"], actor=request.user, now=timezone.now())
                    return self._done(request, len(done.changes))
                preview = preview_rescore(**values)
            except DomainError as error:
                form.add_error("key", error.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Correct a key"),
            "opts": self.model._meta,
            "version": version,
            "form": form,
            "preview": preview,
            "named": _named(preview) if preview else (),
            "key_text": _shown(preview.key) if preview else "",
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/evaluations/correct_key.html", context, status=status)

    def _done(self, request: HttpRequest, changed: int) -> HttpResponse:
        text = ngettext("The marks of %(n)d student changed.", "The marks of %(n)d students changed.", changed)
        self.message_user(request, text % {"n": changed}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:assessments_keycorrection_changelist"))
