"""What a learning path says of itself, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from courses.models import LearningPath, Programme


class PathForm(forms.Form):
    """`seen` is the version that the page showed. Interests are words between commas."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=140)
    summary = forms.CharField(label=gettext_lazy("In one sentence"), max_length=300, required=False)
    programme = forms.ModelChoiceField(Programme.objects.all(), label=gettext_lazy("Programme"), required=False)
    interests = forms.CharField(
        label=gettext_lazy("Interests"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Whom it suits: words between commas, as geometry, engineering."),
    )

    @classmethod
    def of(cls, path: LearningPath) -> PathForm:
        initial = {name: getattr(path, name) for name in ("title", "summary", "programme")}
        return cls(initial=initial | {"seen": path.version, "interests": ", ".join(path.interests)})

    def fields_of_path(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        given["interests"] = given["interests"].split(",")
        return given
