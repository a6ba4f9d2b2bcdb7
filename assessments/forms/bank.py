"""The filters of the question bank, from the address of the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.enums import CognitiveLevel, QuestionState, QuestionType
from assessments.selectors.bank import known_tags
from assessments.services.tags import fold
from common.models import validate_half_marks
from courses.models import Chapter, Programme, Topic, Unit

DIFFICULTIES = [(str(level), str(level)) for level in range(1, 6)]
PLACES = ("programme", "unit", "chapter", "topic")


class BankFilterForm(forms.Form):
    """What the list shows. A choice that no longer fits the others (a chapter of another unit) is let go silently."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    chapter = forms.ChoiceField(label=_("Chapter"), required=False)
    topic = forms.ChoiceField(label=_("Topic"), required=False)
    type = forms.ChoiceField(label=_("Type"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    difficulty = forms.ChoiceField(label=_("Difficulty"), required=False)
    level = forms.ChoiceField(label=_("Cognitive level"), required=False)
    marks = forms.DecimalField(
        label=_("Marks"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=1,
        validators=[validate_half_marks],
        widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
    )
    tag = forms.CharField(label=_("Tag"), required=False, max_length=100)

    def __init__(self, data: Any) -> None:
        given = {name: data.get(name, "") for name in self.base_fields}
        choices: dict[str, list[tuple[str, Any]]] = {
            "type": list(QuestionType.choices),
            "state": list(QuestionState.choices),
            "difficulty": list(DIFFICULTIES),
            "level": list(CognitiveLevel.choices),
        }
        for name in PLACES:
            choices[name] = [(str(pk), label) for pk, label in _place(name, given)]
            # What is asked of the next place must be among these.
            if given[name] not in {value for value, _label in choices[name]}:
                given[name] = ""
        for name, offered in choices.items():
            if given[name] not in {value for value, _label in offered}:
                given[name] = ""
        super().__init__(given)
        for name, offered in choices.items():
            self.fields[name].choices = [("", _("All")), *offered]  # type: ignore[attr-defined]

    def clean_tag(self) -> str:
        return fold(self.cleaned_data["tag"])

    @property
    def known_tags(self) -> list[str]:
        """What the box for a tag is completed from."""
        return known_tags()

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid filters except the words, by name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "q" and value not in ("", None)}

    @property
    def count(self) -> int:
        """How many filters are set besides the search."""
        return sum(1 for name in self.fields if name != "q" and self.data.get(name))

    def query(self, **more: Any) -> str:
        """The address's query with only what is set."""
        given = {name: self.data.get(name) for name in self.fields}
        return urlencode({name: value for name, value in {**given, **more}.items() if value})


def _place(name: str, given: dict[str, str]) -> list[tuple[Any, str]]:
    """The choices of one place of the curriculum; none before the place above it is chosen."""
    rows: QuerySet[Any]
    if name == "programme":
        return [(row.pk, str(row)) for row in Programme.objects.all()]
    above = PLACES[PLACES.index(name) - 1]
    model = {"unit": Unit, "chapter": Chapter, "topic": Topic}[name]
    if not given[above]:
        return []
    rows = model.objects.filter(**{above: given[above]}).order_by("position", "name")  # type: ignore[attr-defined]
    return [(row.pk, row.name) for row in rows]


def read_id(text: str) -> UUID | None:
    """An id from an address; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
