"""The forms that bring the sheets of a class and decide about one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from assessments.services.scan_placing import Suggestion
from assessments.services.scan_reading import MAX_FILE, MAX_FILES, MAX_SCAN_PAGES, MEGABYTE
from assessments.services.sheet_files import MAX_PAGES

ACCEPTED = ".pdf,.jpg,.jpeg,.png,.webp,.heic"


class ManyFilesInput(forms.FileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """One or more files; cleaned to a list."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        if not [file for file in files if file]:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MAX_FILES:
            raise forms.ValidationError(_("At most %s files are taken at once.") % MAX_FILES)
        for file in files:
            if file.size > MAX_FILE:
                message = _("%(name)s is larger than %(limit)d MB. Scan in grey with 200 or 300 dpi, or in two parts.")
                raise forms.ValidationError(message % {"name": file.name, "limit": MAX_FILE // MEGABYTE})
        return list(files)


class ScanForm(forms.Form):
    """The files; for a paper with questions on the screen, whether those who never opened it sat it on paper."""

    sheets = ManyFilesField(
        label=_("Scanned sheets"),
        help_text=_("One PDF of the whole class, or several files: up to %(size)d MB each, %(pages)d pages in all.")
        % {"size": MAX_FILE // MEGABYTE, "pages": MAX_SCAN_PAGES},
        widget=ManyFilesInput(attrs={"accept": ACCEPTED, "class": "drop"}),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
    )
    starts_all = forms.BooleanField(
        label=_("Whoever has not begun the exam sat all of it on paper"),
        help_text=_("They get an attempt, and its questions on the screen count as not answered."),
        required=False,
    )


class SheetsForm(forms.Form):
    """How many pages each student gets."""

    pages = forms.IntegerField(
        label=_("Pages for each student"),
        min_value=1,
        max_value=MAX_PAGES,
        initial=8,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class PlaceForm(forms.Form):
    """Whose page it is, which one, and how far to turn it. `hint`: what the pages around it suggest."""

    student = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Student"),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose the student."), "invalid_choice": _("This student is not in the list.")},
    )
    number = forms.IntegerField(
        label=_("Page number"),
        min_value=1,
        max_value=MAX_PAGES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Say which page it is.")},
    )
    turn = forms.TypedChoiceField(
        label=_("Turn"),
        coerce=int,
        choices=[(0, _("As it is")), (90, _("90° to the right")), (180, _("Upside down")), (270, _("90° to the left"))],
        initial="0",
        required=False,
        empty_value="0",
    )

    def __init__(
        self,
        *args: Any,
        students: Any,
        names: dict[Any, str],
        hint: Suggestion | None,
        hint_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.hint, self.hint_name = hint, hint_name
        field = self.fields["student"]
        field.queryset = students  # type: ignore[attr-defined]
        field.label_from_instance = lambda user: names.get(user.pk, user.name)  # type: ignore[attr-defined]


class DiscardForm(forms.Form):
    why = forms.CharField(
        label=_("Why it is not needed"),
        max_length=300,
        error_messages={"required": _("Say in a few words why this page is not needed.")},
    )
