"""Forms of rooms. The services decide; here is only what a form can hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.models import new_id
from courses.enums import ReportReason
from courses.models import Room
from courses.services.rooms.moderation import SETTINGS
from courses.services.rooms.words import LONGEST, LONGEST_NEWS, LONGEST_TITLE


def _area(rows: int, most: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": most, "data-draft": ""})


class SentOnceForm(forms.Form):
    """The page chooses the id of what is sent, so sending again is safe."""

    client_id = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-draft": ""}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("client_id", new_id())


class WordsForm(SentOnceForm):
    source = forms.CharField(label=_("Your message"), widget=_area(3, LONGEST))


class EditForm(forms.Form):
    source = forms.CharField(label=_("Your message"), widget=_area(5, LONGEST))


class QuestionForm(SentOnceForm):
    """`lessons`: id and title of each of the course."""

    title = forms.CharField(
        label=_("Your question in one line"), max_length=LONGEST_TITLE, widget=forms.TextInput(attrs={"data-draft": ""})
    )
    source = forms.CharField(
        label=_("What you have tried"),
        help_text=_("Formulas stand between dollar signs: $x^2$."),
        widget=_area(6, LONGEST),
    )
    lesson = forms.ChoiceField(label=_("About"), required=False)

    def __init__(self, *args: Any, lessons: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lesson"].choices = [("", _("The course")), *lessons]  # type: ignore[attr-defined]

    def lesson_id(self) -> UUID | None:
        return UUID(self.cleaned_data["lesson"]) if self.cleaned_data.get("lesson") else None


class AnnouncementForm(SentOnceForm):
    title = forms.CharField(label=_("Title"), max_length=140, widget=forms.TextInput(attrs={"data-draft": ""}))
    source = forms.CharField(label=_("Text"), widget=_area(6, LONGEST_NEWS))
    pin_days = forms.IntegerField(
        label=_("Days on top"), min_value=0, max_value=60, initial=0, help_text=_("0: it stands in the order of time.")
    )


class ReportForm(forms.Form):
    reason = forms.ChoiceField(label=_("What is wrong?"), choices=ReportReason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In your words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class HideForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=300)


class MuteForm(HideForm):
    HOURS = ((1, _("1 hour")), (24, _("1 day")), (72, _("3 days")), (168, _("1 week")), (720, _("30 days")))
    hours = forms.TypedChoiceField(label=_("For how long"), choices=HOURS, coerce=int, initial=24)


class RoomForm(forms.ModelForm):  # type: ignore[type-arg] # cannot be subscripted at run time
    class Meta:
        model = Room
        fields = SETTINGS
