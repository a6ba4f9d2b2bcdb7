"""Setting a frozen paper as an exam, and what its students see of their results; the back office shares the latter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from assessments.enums import REVEAL_PRESETS, Behaviour, Calculator, RevealItem, RevealPreset, RevealWhen
from assessments.models import Exam, Paper
from assessments.models.exams import NO_LIMIT_MINUTES
from assessments.services.exams import BEHAVES, SETTLED, check_behaviour, quiz_problems
from assessments.services.paper_drafts import DEFAULT_PENALTY, QuizTerms, set_paper
from common.errors import DomainError
from common.local_times import LocalDateTimeField, full_hour, same_time
from courses.models import Chapter, Cohort

OWN_CHOICE = "own"
USUAL = (*BEHAVES, "calculator")


def reveal_field(item: RevealItem) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=item.label, choices=RevealWhen.choices, required=False, initial=RevealWhen.AT_ONCE.value
    )


class RevealForm(forms.Form):
    """What students see of a result and from when: one of three presets, or a rule for each thing."""

    reveal = forms.ChoiceField(
        label=gettext_lazy("What students see afterwards"),
        choices=[*RevealPreset.choices, (OWN_CHOICE, gettext_lazy("My own choice, for each thing"))],
        initial=RevealPreset.EVERYTHING.value,
        required=False,
        widget=forms.RadioSelect,
    )
    reveal_answers = reveal_field(RevealItem.ANSWERS)
    reveal_correctness = reveal_field(RevealItem.CORRECTNESS)
    reveal_marks = reveal_field(RevealItem.MARKS)
    reveal_key = reveal_field(RevealItem.KEY)
    reveal_explanation = reveal_field(RevealItem.EXPLANATION)
    reveal_scheme = reveal_field(RevealItem.SCHEME)
    reveal_comments = reveal_field(RevealItem.COMMENTS)

    def reveal_rules(self) -> dict[RevealItem, str]:
        """What was chosen, of a form that is valid."""
        preset = self.cleaned_data["reveal"] or RevealPreset.EVERYTHING
        if preset in REVEAL_PRESETS:
            return dict(REVEAL_PRESETS[preset])
        return {item: self.cleaned_data[f"reveal_{item}"] or RevealWhen.AT_ONCE for item in RevealItem}

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """Those that are not about what is shown afterwards."""
        return [field for field in self.visible_fields() if not field.name.startswith("reveal")]

    @property
    def reveal_fields(self) -> list[forms.BoundField]:
        return [self[f"reveal_{item}"] for item in RevealItem]

    @property
    def chooses_each(self) -> bool:
        return bool(self["reveal"].value() == OWN_CHOICE)


class SetExamForm(RevealForm):
    """A frozen paper set as an exam for batches: when, for how long, and what is shown afterwards."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    cohorts = forms.ModelMultipleChoiceField(
        label=gettext_lazy("For"),
        queryset=Cohort.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose a batch.")},
    )
    opens_at = LocalDateTimeField(label=gettext_lazy("Opens"))
    closes_at = LocalDateTimeField(
        label=gettext_lazy("Closes"), required=False, help_text=gettext_lazy("Nobody can start after this.")
    )
    duration_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes for writing"), min_value=1, max_value=600, validators=[MinValueValidator(1)]
    )
    behaviour = forms.ChoiceField(
        label=gettext_lazy("While it is sat"), choices=Behaviour.choices, required=False, initial=Behaviour.DEFERRED
    )
    tries = forms.IntegerField(
        label=gettext_lazy("Tries for each question"),
        min_value=1,
        max_value=5,
        required=False,
        initial=3,
        help_text=gettext_lazy("1 to 5, where each answer is checked with hints."),
    )
    try_penalty = forms.DecimalField(
        label=gettext_lazy("Cost of a wrong try"),
        min_value=0,
        max_value=1,
        decimal_places=2,
        required=False,
        initial=DEFAULT_PENALTY,
        help_text=gettext_lazy("Share of the question’s marks, 0 to 1: 0.33 takes a third away."),
    )
    calculator = forms.ChoiceField(
        label=gettext_lazy("Calculator"),
        choices=Calculator.choices,
        required=False,
        initial=Calculator.NONE,
        help_text=gettext_lazy("On the screen, beside the questions."),
    )

    def __init__(self, data: Any = None, *, paper: Paper, cohorts: Any, now: datetime) -> None:
        self.paper = paper
        opens = full_hour(now + timedelta(hours=1))
        minutes = paper.blueprint.duration_minutes if paper.blueprint else 60
        super().__init__(
            data,
            initial={
                "title": paper.title,
                "opens_at": opens,
                "closes_at": same_time(opens, days=1),
                "duration_minutes": minutes,
                "cohorts": list(cohorts) if len(cohorts) == 1 else [],
            },
        )
        self.fields["cohorts"].queryset = cohorts  # type: ignore[attr-defined]

    def save(self, *, actor: User, now: datetime) -> Exam:
        values = {name: value for name, value in self.cleaned_data.items() if not name.startswith("reveal")}
        usual = {name: values.pop(name) for name in USUAL}
        return set_paper(
            paper=self.paper,
            reveal=self.reveal_rules(),
            actor=actor,
            now=now,
            **values,
            **_said(usual),
        )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """How the exam behaves is as usual where nothing is said."""
    return {name: value for name, value in values.items() if value not in (None, "")}


class SetQuizForm(SetExamForm):
    """A frozen paper without written questions set as a quiz on a chapter."""

    duration_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=1, max_value=600, required=False,
        help_text=gettext_lazy("Empty: no time limit. What is begun and forgotten is handed in after a day."),
    )  # fmt: skip
    chapter = forms.ModelChoiceField(
        label=gettext_lazy("Chapter"), queryset=Chapter.objects.none(), required=False, empty_label=gettext_lazy("None")
    )
    max_attempts = forms.IntegerField(
        label=gettext_lazy("Attempts"), min_value=1, max_value=100, required=False,
        help_text=gettext_lazy("Empty: as often as they like."),
    )  # fmt: skip
    pass_percent = forms.IntegerField(label=gettext_lazy("Per cent to pass"), min_value=1, max_value=100, initial=70)
    shuffle_questions = forms.BooleanField(label=gettext_lazy("Shuffle questions"), required=False, initial=True)
    shuffle_options = forms.BooleanField(label=gettext_lazy("Shuffle options"), required=False, initial=True)

    def __init__(self, data: Any = None, *, paper: Paper, cohorts: Any, now: datetime) -> None:
        super().__init__(data, paper=paper, cohorts=cohorts, now=now)
        self.initial.update(duration_minutes=None, closes_at=None, opens_at=timezone.localtime(now))
        chapters = Chapter.objects.filter(unit__programme=paper.programme_id).order_by("unit__position", "position")
        self.fields["chapter"].queryset = chapters  # type: ignore[attr-defined]

    def save(self, *, actor: User, now: datetime) -> Exam:
        given = self.cleaned_data
        names = ("max_attempts", "pass_percent", "shuffle_questions", "shuffle_options")
        chapter_id = given["chapter"].pk if given["chapter"] else None
        return set_paper(
            paper=self.paper,
            duration_minutes=given["duration_minutes"] or NO_LIMIT_MINUTES,
            quiz=QuizTerms(chapter_id=chapter_id, **{name: given[name] for name in names}),
            reveal=self.reveal_rules(),
            actor=actor,
            now=now,
            **{name: given[name] for name in ("title", "cohorts", "opens_at", "closes_at")},
            **_said({name: given[name] for name in USUAL}),
        )


class ExamAdminForm(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes no argument
    """The back office's form of an exam: a preset replaces the rules below it."""

    preset = forms.ChoiceField(
        label=gettext_lazy("Preset"),
        choices=[("", gettext_lazy("As chosen below")), *RevealPreset.choices],
        required=False,
        help_text=gettext_lazy("A preset sets all the rules below when you save."),
    )

    class Meta:
        model = Exam
        fields = "__all__"  # noqa: DJ007 -- the back office chooses by its fieldsets

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for item, when in REVEAL_PRESETS.get(cleaned.get("preset", ""), {}).items():
            cleaned[f"reveal_{item}"] = when
        if not self.errors:
            self._check_behaviour(cleaned)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc] # fills the instance, which the stubs do not know
        if not self.errors:
            for problem in quiz_problems(self.instance):
                self.add_error(None, problem)

    def _check_behaviour(self, cleaned: dict[str, Any]) -> None:
        """Whether the exam can behave as chosen."""
        chosen = {name: cleaned.get(name) for name in ("paper", "blueprint", *SETTLED)}
        try:
            check_behaviour(Exam(**chosen), Exam.objects.filter(pk=self.instance.pk).first())
        except DomainError as error:
            self.add_error("behaviour", error.message)
