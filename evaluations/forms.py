"""Forms of what is asked after the marks are out, and of bookings. The services decide; here is only what a form can
hold."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import Weekday
from accounts.services.availability import AvailabilityError, Span, read_hours
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


class SlotForm(forms.Form):
    """A time that was offered: a moment in UTC as the page wrote it."""

    slot = forms.CharField(label=_("Time"), max_length=40, error_messages={"required": _("Choose a time.")})

    def clean_slot(self) -> datetime:
        try:
            found = datetime.fromisoformat(self.cleaned_data["slot"])
        except ValueError as error:
            raise forms.ValidationError(_("Choose a time.")) from error
        if found.tzinfo is None:
            raise forms.ValidationError(_("Choose a time."))
        return found


class BookForm(SlotForm):
    """A booking, made once whatever the network does: the page chooses the id. `papers`: id and label of each."""

    booking_id = forms.UUIDField(widget=forms.HiddenInput)
    paper = forms.ChoiceField(label=_("A marked paper to discuss"), required=False)
    words = forms.CharField(
        label=_("What is it about?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        help_text=_("Your teacher reads it before."),
    )

    def __init__(self, *args: Any, papers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("booking_id", new_id())
        self.fields["paper"].choices = [("", _("No paper")), *papers]  # type: ignore[attr-defined]

    def paper_id(self) -> UUID | None:
        given = self.cleaned_data.get("paper")
        return UUID(given) if given else None


class BookableForm(forms.Form):
    """A teacher's bookable hours of a week, as people write them, and where the teacher meets students."""

    place = forms.CharField(
        label=_("Place"), required=False, max_length=200, help_text=_("A room or a telephone number.")
    )
    link = forms.CharField(label=_("Link of the meeting"), required=False, max_length=500)

    def __init__(self, data: Any = None, *, profile: Any) -> None:
        written: dict[int, list[str]] = {}
        for row in profile.bookable_hours.all():
            if row.day is None:
                written.setdefault(row.weekday, []).append(f"{row.opens:%H:%M}-{row.closes:%H:%M}")
        where = getattr(profile, "booking_place", None)
        initial = {f"day_{day}": ", ".join(spans) for day, spans in written.items()}
        initial |= {"place": where.place if where else "", "link": where.link if where else ""}
        super().__init__(data, initial=initial)
        for day, label in Weekday.choices:
            self.fields[f"day_{day}"] = forms.CharField(label=label, required=False, max_length=80)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        spans: list[Span] = []
        for day, _label in Weekday.choices:
            try:
                spans += read_hours(cleaned.get(f"day_{day}", ""), weekday=day)
            except AvailabilityError as error:
                self.add_error(f"day_{day}", error.message)
        return cleaned | {"spans": spans}


class BookableDayForm(forms.Form):
    """Other hours of one day."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    hours = forms.CharField(
        label=_("Hours on this day"), required=False, max_length=80, help_text=_("Like 16:00-18:00. Empty: none.")
    )

    def clean_hours(self) -> list[Span]:
        try:
            return read_hours(self.cleaned_data["hours"], weekday=0)
        except AvailabilityError as error:
            raise forms.ValidationError(error.message) from error


class StatementForm(forms.Form):
    """What a teacher says to a statement."""

    words = forms.CharField(
        label=_("What is wrong?"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class CancelForm(forms.Form):
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)


class OutcomeForm(forms.Form):
    was = forms.ChoiceField(choices=[("held", _("Held")), ("absent", _("Student was absent"))])
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
