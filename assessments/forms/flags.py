"""What a reader says about a question."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.models import FlagKind


class FlagForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is wrong?"), choices=FlagKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What should it say, or what did you find?"),
    )
