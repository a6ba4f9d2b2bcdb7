"""The forms that bring a file of questions and say where they belong."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.services.formats.items import MAX_FILE, MEGABYTE
from courses.models import Chapter, Programme

ACCEPTED = ".xml,.zip,.txt,.gift,.csv,.xlsx,.qti,.imscc"


class PlaceForm(forms.Form):
    """The programme the questions of a file are for, and a chapter for those that name none."""

    programme = forms.ModelChoiceField(Programme.objects.all(), label=_("Programme"), empty_label=None)
    chapter = forms.ChoiceField(
        label=_("Chapter for questions that name none"),
        required=False,
        error_messages={"invalid_choice": _("There is no such chapter.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Chapter.objects.select_related("unit__programme").order_by(
            "unit__programme__pk", "unit__position", "position", "name"
        )
        self._chapters = {str(row.pk): row for row in rows}
        groups = groupby(self._chapters.values(), key=lambda row: str(row.unit.programme))
        choices = [(name, [(str(row.pk), row.name) for row in chapters]) for name, chapters in groups]
        self.fields["chapter"].choices = [("", _("None")), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        chapter = self._chapters.get(data.get("chapter", ""))
        data["chapter"] = chapter
        programme = data.get("programme")
        if chapter and programme and chapter.unit.programme_id != programme.pk:
            self.add_error("chapter", _("This chapter is not part of the programme."))
        return data


class ImportForm(PlaceForm):
    """A file and the place of its questions."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Moodle XML, QTI, GIFT, Aiken, CSV or XLSX, up to 20 MB. Choose it or drop it here."),
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "class": "drop"}),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
    )
    field_order = ("file", "programme", "chapter")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE:
            raise forms.ValidationError(_("The file is larger than %s MB; split it.") % (MAX_FILE // MEGABYTE))
        return file
