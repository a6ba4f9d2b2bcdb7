"""The blueprint editor as a form: sections with runs of questions, moved about by the server, JavaScript or not.

Field names: `name`, `kind` … of the head; `section` and `run` (hidden, in the order of the page) list the ids "0" and
"0-3"; `s-0-title` and `r-0-3-marks` are the fields of those. What was typed is kept as text until it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.enums import CognitiveLevel, ExamKind, QuestionType
from assessments.services.blueprints import MAX_QUESTIONS, Plan, Run, SectionPlan
from assessments.services.drawing_rules import plain
from assessments.services.feasibility import ranges
from assessments.services.paper_drafts import MAX_SEED
from common.models import validate_half_marks

# A run sends about seven fields, and a request may have a thousand.
MAX_SECTIONS, MAX_RUNS = 12, 80
HEAD = ("name", "kind", "duration_minutes", "total_marks", "no_repeat_papers")
SECTION = ("label", "title", "instruction")
DIFFICULTIES = [(str(number), str(number)) for number in range(1, 6)]


def marks_field(**options: Any) -> forms.DecimalField:
    return forms.DecimalField(max_digits=5, decimal_places=1, validators=[validate_half_marks], **options)


class HeadForm(forms.Form):
    name = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=ExamKind.choices)
    duration_minutes = forms.IntegerField(min_value=1, max_value=600)
    total_marks = marks_field(min_value=Decimal("0.5"))
    no_repeat_papers = forms.IntegerField(min_value=0, max_value=20)


class SectionForm(forms.Form):
    label = forms.CharField(max_length=4)
    title = forms.CharField(max_length=80)
    instruction = forms.CharField(max_length=300, required=False)


class RunForm(forms.Form):
    count = forms.IntegerField(min_value=1, max_value=MAX_QUESTIONS)
    unit = forms.TypedChoiceField(coerce=UUID)
    types = forms.MultipleChoiceField(
        choices=QuestionType.choices, error_messages={"required": gettext_lazy("Choose at least one type.")}
    )
    marks = marks_field(min_value=Decimal("0.5"))
    has_choice = forms.BooleanField(required=False)
    difficulties = forms.TypedMultipleChoiceField(choices=DIFFICULTIES, coerce=int, required=False)
    levels = forms.MultipleChoiceField(choices=CognitiveLevel.choices, required=False)

    def __init__(self, data: Any, *, units: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["unit"].choices = units  # type: ignore[attr-defined]


@dataclass
class RunRow:
    """One run of the page: what is typed, what is wrong with it, and which numbers it gets."""

    raw: dict[str, Any]
    errors: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    numbers: str = ""
    unit_name: str = ""

    @property
    def summary(self) -> str:
        """The types and the mix in a few words, for the closed box."""
        labels = dict(QuestionType.choices)
        types = [str(labels[value]) for value in self.raw["types"] if value in labels]
        mix = [str(label).lower() for value, label in CognitiveLevel.choices if value in self.raw["levels"]]
        hard = ranges(int(value) for value in self.raw["difficulties"] if value.isdecimal())
        parts = [", ".join(types) or _("Choose types")]
        parts += [_("difficulty %(n)s") % {"n": hard}] if hard else []
        return " · ".join(parts + ([", ".join(mix)] if mix else []))


@dataclass
class SectionRow:
    raw: dict[str, Any]
    runs: list[RunRow] = field(default_factory=list)
    errors: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


class BlueprintEditor:
    """What the page shows and what was sent. `clean()` gives the plan, or None and fills the errors."""

    kinds = ExamKind.choices
    types = QuestionType.choices
    levels = CognitiveLevel.choices
    difficulties = DIFFICULTIES

    def __init__(self, units: list[tuple[str, str]], head: dict[str, Any], sections: list[SectionRow]) -> None:
        self.units = units
        self.head = head
        self.sections = sections
        self.errors: Mapping[str, Any] = {}
        self.problems: list[str] = []
        self.focus = ""
        self._number()

    @classmethod
    def empty(cls, units: list[tuple[str, str]]) -> BlueprintEditor:
        """A page to begin with: one section of ten single choice questions."""
        head = {"name": "", "kind": ExamKind.CUSTOM, "duration_minutes": "60", "total_marks": "10"}
        run = RunRow(_blank_run(units[0][0] if units else "", count="10"))
        section = SectionRow({"label": "A", "title": _("Section A"), "instruction": ""}, [run])
        return cls(units, head | {"no_repeat_papers": "3"}, [section])

    @classmethod
    def of_plan(cls, units: list[tuple[str, str]], plan: Plan) -> BlueprintEditor:
        head = {name: getattr(plan, name) for name in HEAD} | {"total_marks": plain(plan.total_marks)}
        sections = [
            SectionRow({name: getattr(section, name) for name in SECTION}, [_row_of(run) for run in section.runs])
            for section in plan.sections
        ]
        return cls(units, head, sections)

    @classmethod
    def of_post(cls, units: list[tuple[str, str]], data: QueryDict) -> BlueprintEditor:
        """What the page sent, in its order; never more than the page could hold."""
        sections = {
            key: SectionRow({name: data.get(f"s-{key}-{name}", "") for name in SECTION})
            for key in data.getlist("section")[:MAX_SECTIONS]
        }
        for key in data.getlist("run")[:MAX_RUNS]:
            home = sections.get(key.split("-")[0])
            if home is not None:
                prefix = f"r-{key}-"
                raw: dict[str, Any] = {name: data.get(prefix + name, "") for name in ("count", "unit", "marks")}
                raw |= {name: data.getlist(prefix + name)[:30] for name in ("types", "difficulties", "levels")}
                home.runs.append(RunRow(raw | {"has_choice": bool(data.get(prefix + "has_choice"))}))
        return cls(units, {name: data.get(name, "") for name in HEAD}, list(sections.values()))

    def apply(self, action: str) -> None:
        """Does what a button asks, "up 0-3" or "add 1", and ignores the rest. `focus`: the field to go to."""
        verb, _space, place = action.partition(" ")
        spot = [int(part) for part in place.split("-") if part.isdecimal()]
        if verb == "section" and len(self.sections) < MAX_SECTIONS:
            self._add_section()
        elif verb in {"add", "section-up", "section-down", "section-drop"} and len(spot) == 1:
            self._act_on_section(verb, spot[0])
        elif verb in {"up", "down", "copy", "drop"} and len(spot) == 2:
            self._act_on_run(verb, *spot)
        self._number()

    def clean(self) -> Plan | None:
        """The plan when everything is filled in; else None, with the errors beside their fields."""
        head = HeadForm(self.head)
        self.errors = head.errors
        is_good, plans = head.is_valid(), []
        for section in self.sections:
            form = SectionForm(section.raw)
            is_good, section.errors = form.is_valid() and is_good, form.errors
            runs = []
            for row in section.runs:
                run = RunForm(_as_query(row.raw), units=self.units)
                is_good, row.errors = run.is_valid() and is_good, run.errors
                if run.is_valid():
                    listed = {name: tuple(run.cleaned_data[name]) for name in ("types", "difficulties", "levels")}
                    runs.append(Run(**{**run.cleaned_data, **listed}))
            if form.is_valid():
                plans.append(SectionPlan(**form.cleaned_data, runs=tuple(runs)))
        if not is_good:
            self.problems = [_("Some fields need your attention; each says what is wrong.")]
            return None
        return Plan(**head.cleaned_data, sections=tuple(plans))

    def _act_on_run(self, verb: str, s: int, r: int) -> None:
        if s >= len(self.sections) or r >= len(self.sections[s].runs):
            return
        runs = self.sections[s].runs
        if verb == "copy" and self._room():
            runs.insert(r + 1, RunRow({**runs[r].raw}))
            self.focus = f"r-{s}-{r + 1}-count"
        elif verb == "drop":
            runs.pop(r)
            self.focus = f"r-{s}-{min(r, len(runs) - 1)}-count" if runs else f"add-{s}"
        elif verb == "up":
            self._move(s, r, -1)
        elif verb == "down":
            self._move(s, r, 1)

    def _move(self, s: int, r: int, step: int) -> None:
        """One place on; from the first or last of a section into the next one."""
        runs, target = self.sections[s].runs, r + step
        if 0 <= target < len(runs):
            runs[r], runs[target] = runs[target], runs[r]
        elif 0 <= s + step < len(self.sections):
            row, s = runs.pop(r), s + step
            target = len(self.sections[s].runs) if step < 0 else 0
            self.sections[s].runs.insert(target, row)
        else:
            target = r
        self.focus = f"r-{s}-{target}-count"

    def _act_on_section(self, verb: str, s: int) -> None:
        if s >= len(self.sections):
            return
        other = s + (-1 if verb == "section-up" else 1)
        if verb == "add" and self._room():
            last = self.sections[s].runs[-1:]
            raw = {**last[0].raw, "count": "1"} if last else _blank_run(self.units[0][0] if self.units else "")
            self.sections[s].runs.append(RunRow(raw))
            self.focus = f"r-{s}-{len(self.sections[s].runs) - 1}-count"
        elif verb == "section-drop":
            self.sections.pop(s)
            self.focus = f"s-{min(s, len(self.sections) - 1)}-label" if self.sections else "add-section"
        elif verb in {"section-up", "section-down"} and 0 <= other < len(self.sections):
            self.sections[s], self.sections[other] = self.sections[other], self.sections[s]
            self.focus = f"s-{other}-label"

    def _add_section(self) -> None:
        used = {section.raw["label"] for section in self.sections}
        label = next((letter for letter in "ABCDEFGHIJKLMNOP" if letter not in used), "")
        title = _("Section %(label)s") % {"label": label}
        self.sections.append(SectionRow({"label": label, "title": title, "instruction": ""}))
        self._act_on_section("add", len(self.sections) - 1)

    def _room(self) -> bool:
        return sum(len(section.runs) for section in self.sections) < MAX_RUNS

    def _number(self) -> None:
        """Ids and question numbers as the order is now."""
        number, names = 1, dict(self.units)
        for s, section in enumerate(self.sections):
            section.id = str(s)
            for r, row in enumerate(section.runs):
                typed = str(row.raw["count"])
                count = min(int(typed), MAX_QUESTIONS) if typed.isdecimal() else 1
                row.id, row.numbers = f"{s}-{r}", ranges(range(number, number + max(count, 1)))
                row.unit_name = names.get(row.raw["unit"], "?")
                number += count


def _row_of(run: Run) -> RunRow:
    return RunRow(
        {
            "count": str(run.count),
            "unit": str(run.unit),
            "types": list(run.types),
            "marks": plain(run.marks),
            "has_choice": run.has_choice,
            "difficulties": [str(number) for number in run.difficulties],
            "levels": list(run.levels),
        }
    )


def _blank_run(unit: str, count: str = "1") -> dict[str, Any]:
    nothing: list[str] = []
    raw = {"count": count, "unit": unit, "types": [QuestionType.SINGLE_CHOICE.value], "marks": "1"}
    return raw | {"has_choice": False, "difficulties": nothing, "levels": nothing}


def _as_query(raw: Mapping[str, Any]) -> QueryDict:
    """What widgets of several choices read: a dictionary with lists."""
    query = QueryDict(mutable=True)
    for name, value in raw.items():
        if isinstance(value, list):
            query.setlist(name, value)
        elif value is not False:
            query[name] = value
    return query


class SeedForm(forms.Form):
    seed = forms.IntegerField(min_value=0, max_value=MAX_SEED - 1, required=False)


class FreezeForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
