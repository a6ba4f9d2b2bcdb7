"""Forms of what is asked after the marks are out. The services decide; here is only what a form can hold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.models import new_id
from evaluations.models import QuestionMark
from evaluations.selectors.remarks import StepRow
from evaluations.services.clarifications import LONGEST, Place
from evaluations.services.remarks import LONGEST_WORDS

Choices = list[tuple[str, str]]


class MessageForm(forms.Form):
    """Words, sent once whatever the network does: the page chooses the id."""

    text = forms.CharField(
        label=_("Your message"), widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST, "data-draft": ""})
    )
    message_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("message_id", new_id())


class PointingForm(MessageForm):
    """With a question of the paper and a place on one of its pages. `pages`: id and label of each."""

    question = forms.ChoiceField(label=_("About"), required=False)
    page = forms.ChoiceField(label=_("Place on your pages"), required=False)
    region = forms.CharField(required=False, widget=forms.HiddenInput, max_length=200)
    field_order = ("question", "text", "page", "region", "message_id")

    def __init__(self, *args: Any, questions: Choices, pages: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["question"].choices = questions  # type: ignore[attr-defined]
        self.fields["page"].choices = [("", _("No place")), *pages]  # type: ignore[attr-defined]

    def clean_region(self) -> dict[str, Any] | None:
        text = self.cleaned_data["region"]
        if not text:
            return None
        try:
            region = json.loads(text)
        except ValueError:
            region = None
        if not isinstance(region, dict) or region.keys() != {"x", "y", "w", "h"}:
            raise forms.ValidationError(_("Draw the rectangle again."))
        return region

    def question_id(self) -> UUID | None:
        return UUID(self.cleaned_data["question"]) if self.cleaned_data.get("question") else None

    def place(self) -> Place | None:
        page = self.cleaned_data.get("page")
        return Place(UUID(page), self.cleaned_data.get("region")) if page else None


class RemarkForm(PointingForm):
    """The steps of the scheme that are asked about; none: the whole answer."""

    steps = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, steps: list[StepRow], pages: Choices, **kwargs: Any) -> None:
        super().__init__(*args, questions=[], pages=pages, **kwargs)
        del self.fields["question"]
        self.fields["text"].label = _("Why it should be marked again")
        self.fields["steps"].choices = [(str(step.id), step.number) for step in steps]  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """Why each step is upheld or not; `given`: the mark of the second teacher, None while there is none."""

    def __init__(self, *args: Any, steps: list[StepRow], given: QuestionMark | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps, self.given = steps, given
        for step in steps:
            self.fields[f"why_{step.id}"] = forms.CharField(
                label=_("Why"),
                initial=step.words,
                widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_WORDS, "data-draft": ""}),
            )

    def words(self) -> dict[UUID, str]:
        return {step.id: self.cleaned_data[f"why_{step.id}"] for step in self.steps}

    def rows(self) -> list[dict[str, Any]]:
        """The steps with their fields, and the marks they have now."""
        return [{"step": step, "field": self[f"why_{step.id}"], "now": self._now(step)} for step in self.steps]

    def _now(self, step: StepRow) -> Decimal | None:
        if step.after is not None or self.given is None:
            return step.after
        marks: Decimal = self.given.marks
        return marks if step.step is None else Decimal(self.given.steps.get(str(step.step), "0"))
