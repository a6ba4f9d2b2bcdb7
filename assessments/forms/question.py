"""The question editor's form: from a question's content to boxes and rows, and back."""

from __future__ import annotations

import re
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.enums import OBJECTIVE_TYPES, WRITTEN_TYPES, BlankKind, CognitiveLevel, Grading, QuestionType, StepKind
from assessments.forms import methods as m
from assessments.forms import rows as r
from assessments.forms.rows import Row
from assessments.selectors.bank import known_tags
from assessments.services.content_schema import MAX_METHODS, OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.tags import read_tags, tag_problems
from courses.models import Chapter, Topic

T = QuestionType
CHOICES = frozenset({T.SINGLE_CHOICE, T.MULTIPLE_CHOICE, T.ASSERTION_REASON})
EMPTY_ROWS = 2
# kind of rows: (columns, ticks, types that have them, rows of a new question)
ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...], frozenset[str], int]] = {
    "options": (("text",), ("right",), CHOICES | {T.MATCHING, T.ORDERING}, 4),
    "accepted": (("text", "credit"), (), frozenset({T.SHORT_TEXT}), 1),
    "parts": (
        ("text", "marks", "pair", "kind", "answer", "other"),
        ("alternative",),
        frozenset({T.CASE_STUDY, T.MATCHING, T.FILL_IN}),
        3,
    ),
    # The titles of the methods of a scheme; which method a step belongs to is its own column.
    "methods": (("text",), (), WRITTEN_TYPES - {T.CASE_STUDY}, 1),
    "steps": (("text", "marks", "kind", "part", "follows", "method"), (), WRITTEN_TYPES, 1),
    "hints": (("text",), (), OBJECTIVE_TYPES, 0),
}
REASONS = (
    gettext_lazy("Both are true, and the reason explains the assertion."),
    gettext_lazy("Both are true, but the reason does not explain the assertion."),
    gettext_lazy("The assertion is true, the reason is false."),
    gettext_lazy("The assertion is false, the reason is true."),
)


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-source": ""})


class TagBoxes(forms.TextInput):
    """Several boxes of one name, read as one text with commas."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return ", ".join(data.getlist(name))


class QuestionForm(forms.Form):
    """Boxes and rows of the editor. `content()` is what they say; the rules of contents are the services' business."""

    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=T.choices)
    chapter = forms.ModelChoiceField(label=gettext_lazy("Chapter"), queryset=Chapter.objects.none())
    topic = forms.ModelChoiceField(label=gettext_lazy("Topic"), queryset=Topic.objects.none(), required=False)
    marks = forms.CharField(
        label=gettext_lazy("Marks"), max_length=8, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    difficulty = forms.TypedChoiceField(
        label=gettext_lazy("Difficulty"),
        coerce=int,
        choices=[(level, f"{level}") for level in range(1, 6)],
        help_text=gettext_lazy("1 easy, 5 hard"),
    )
    cognitive_level = forms.ChoiceField(label=gettext_lazy("Cognitive level"), choices=CognitiveLevel.choices)
    text = forms.CharField(
        label=gettext_lazy("What the student reads"),
        widget=_area(5),
        error_messages={"required": gettext_lazy("The question has no text.")},
    )
    model_answer = forms.CharField(
        label=gettext_lazy("A full answer"),
        widget=_area(4),
        error_messages={"required": gettext_lazy("A written question needs a model answer.")},
    )
    explanation = forms.CharField(label=gettext_lazy("Explanation"), widget=_area(2), required=False)
    grading = forms.ChoiceField(label=gettext_lazy("Grading"), choices=Grading.choices, required=False)
    truth = forms.ChoiceField(
        label=gettext_lazy("The statement is"),
        choices=[("true", gettext_lazy("True")), ("false", gettext_lazy("False"))],
        widget=forms.RadioSelect,
        required=False,
    )
    value = forms.CharField(label=gettext_lazy("Right number"), max_length=60, required=False)
    tolerance = forms.CharField(label=gettext_lazy("Tolerance, ±"), max_length=60, required=False)
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40, required=False)
    match_case = forms.BooleanField(label=gettext_lazy("Capitals matter"), required=False)
    expression = forms.CharField(label=gettext_lazy("Right expression"), max_length=300, required=False)
    form = forms.ChoiceField(
        label=gettext_lazy("Form asked for"),
        choices=[
            ("", gettext_lazy("Any equal form")),
            ("expanded", gettext_lazy("Expanded")),
            ("factored", gettext_lazy("Factored")),
            ("simplified", gettext_lazy("Simplified")),
        ],
        required=False,
    )
    parameters = forms.CharField(
        label=gettext_lazy("Variants"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=4000
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    tags = forms.CharField(required=False, widget=TagBoxes, max_length=2000)

    def __init__(
        self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None, fixed: str = ""
    ) -> None:
        super().__init__(data, initial=initial)
        self.kind = fixed or self._value("type") or T.SHORT_ANSWER
        if self.kind not in T.values:
            self.kind = T.SHORT_ANSWER
        self.use_required_attribute = False
        self.fields["text"].required = True
        self.fields["model_answer"].required = self.is_written
        self.fields["type"].disabled = bool(fixed)
        self.fields["type"].initial = self.kind
        chapters = Chapter.objects.select_related("unit__programme").order_by(
            "unit__programme__board", "unit__programme__grade", "unit__programme__subject", "unit__position", "position"
        )
        chapter: Any = self.fields["chapter"]
        chapter.queryset = chapters
        chapter.choices = _grouped(chapters)
        chosen = str(self._value("chapter") or "")
        known = {str(value) for _name, group in chapter.choices[1:] for value, _label in group}
        topics = Topic.objects.filter(chapter__in=[chosen] if chosen in known else [])
        topic: Any = self.fields["topic"]
        topic.queryset = topics
        topic.choices = [("", _("The whole chapter")), *((row.pk, row.name) for row in topics)]
        self.rows: dict[str, list[Row]] = {}
        for kind, (columns, ticks, types, count) in ROWS.items():
            if self.kind not in types:
                self.rows[kind] = []
            elif data is not None:
                self.rows[kind] = r.read_rows(data, kind, columns, ticks)
            else:
                self.rows[kind] = (initial or {}).get(kind) or self._fresh(kind, count)
        if self.kind == T.CASE_STUDY:
            for row in self.rows["steps"]:
                row.values["method"] = "1"
        self._label_rows()

    def _value(self, name: str) -> Any:
        return self.data.get(name) if self.is_bound else self.initial.get(name)

    def _fresh(self, kind: str, count: int) -> list[Row]:
        if kind == "options" and self.kind == T.ASSERTION_REASON:
            return [Row({"text": str(text)}) for text in REASONS]
        return [Row() for _number in range(count)]

    def start_over(self) -> None:
        """What was typed with the rows its type begins with, before anybody asked whether it is right."""
        self._errors = forms.utils.ErrorDict()
        self.cleaned_data = {}
        for kind, (_columns, _ticks, types, count) in ROWS.items():
            if self.kind in types and not self.rows[kind]:
                self.rows[kind] = self._fresh(kind, count)
        self._label_rows()

    def _label_rows(self) -> None:
        parts = self.rows["parts"]
        names = r.case_labels(parts) if self.kind == T.CASE_STUDY else []
        for number, row in enumerate(parts):
            row.label = "".join(names[number]) if names else str(number + 1)
        for kind in ("options", "accepted", "hints"):
            for number, row in enumerate(self.rows[kind]):
                row.label = ascii_uppercase[number % 26] if kind == "options" else str(number + 1)
        m.label_steps(self.rows["methods"], self.rows["steps"])

    # --- Reading what was typed ---
    def clean_tags(self) -> list[str]:
        names = read_tags([self.cleaned_data["tags"]])
        if problems := tag_problems(names):
            raise forms.ValidationError(problems)
        return names

    @property
    def tag_boxes(self) -> list[str]:
        """What stands in the boxes for tags, with empty ones to fill."""
        names = read_tags([str(self["tags"].value() or "")])
        return [*names, *[""] * max(1, 3 - len(names))]

    @property
    def known_tags(self) -> list[str]:
        """What the boxes are completed from."""
        return known_tags()

    @property
    def is_written(self) -> bool:
        return self.kind in WRITTEN_TYPES

    @property
    def methods(self) -> list[m.MethodRows]:
        """The marking scheme's table, or its tables, one for each method."""
        return m.methods_of(self.rows["methods"], self.rows["steps"])

    def change_methods(self, do: str) -> None:
        """What the buttons “method-add” and “method-drop-2” ask for, where a question may have methods."""
        if self.kind in ROWS["methods"][2]:
            self.rows["methods"], self.rows["steps"] = m.changed(self.methods, do)
            self._label_rows()

    @property
    def takes_methods(self) -> bool:
        """Whether one more method can be added."""
        return self.kind in ROWS["methods"][2] and len(self.methods) < MAX_METHODS

    def filled(self, kind: str) -> list[Row]:
        """The rows that are not empty, in order."""
        return [row for row in self.rows[kind] if not row.is_empty]

    def content(self) -> QuestionContent:
        """The content as typed. What cannot be a number is 0 here, and has its sentence in the row or the field."""
        data = self.data
        options, answer = self._options_and_key()
        return QuestionContent(
            marks=self._number("marks", data.get("marks", "")),
            difficulty=int(data["difficulty"]) if data.get("difficulty", "") in set("12345") - {""} else 0,
            cognitive_level=data.get("cognitive_level", ""),
            text=_unix(data.get("text", "")),
            options=options,
            parts=self._parts(),
            answer=answer,
            model_answer=_unix(data.get("model_answer", "")) if self.is_written else "",
            explanation=_unix(data.get("explanation", "")),
            steps=self._steps(),
            parameters=r.read_parameters(data.get("parameters", "")),
            hints=tuple(_unix(row.text) for row in self.filled("hints")),
            method_titles=tuple(_unix(method.title) for method in m.with_something(self.methods)),
        )

    def _number(self, place: str, text: str, row: Row | None = None) -> Decimal:
        number = r.read_decimal(text)
        if number is None:
            said = _("Write the marks as a number: 2, 2.5 or ½.")
            if row is not None:
                row.errors = [said]
            else:
                self.unreadable[place] = said
        return number or Decimal(0)

    @property
    def unreadable(self) -> dict[str, str]:
        """Places whose text is no number, with the sentence to show."""
        self.__dict__.setdefault("_unreadable", {})
        found: dict[str, str] = self.__dict__["_unreadable"]
        return found

    def _options_and_key(self) -> tuple[tuple[OptionContent, ...], dict[str, Any]]:
        data, options = self.data, self.filled("options")
        plain = tuple(OptionContent(ascii_uppercase[n], _unix(row.text)) for n, row in enumerate(options[:26]))
        grading = {"grading": Grading.PARTIAL.value} if data.get("grading") == Grading.PARTIAL else {}
        if self.kind in CHOICES:
            right = [ascii_uppercase[n] for n, row in enumerate(options[:26]) if row.right]
            return plain, {"choices": right, **(grading if self.kind == T.MULTIPLE_CHOICE else {})}
        if self.kind == T.MATCHING:
            return plain, {"pairs": {str(n): row.pair.strip().upper() for n, row in enumerate(self.filled("parts"), 1)}}
        if self.kind == T.ORDERING:
            items, order = r.hide_order([_unix(row.text).strip() for row in options[:26]])
            return items, {"order": order, **grading}
        return (), self._key(data)

    def _key(self, data: Any) -> dict[str, Any]:
        if self.kind == T.TRUE_FALSE:
            return {"choices": [data["truth"]] if data.get("truth") else []}
        if self.kind == T.NUMERIC:
            key = {"value": data.get("value", "").strip(), "tolerance": data.get("tolerance", "").strip() or "0"}
            return key | ({"unit": data["unit"].strip()} if data.get("unit", "").strip() else {})
        if self.kind == T.SHORT_TEXT:
            accepted = [{"text": w.text.strip(), "credit": w.credit.strip() or "1"} for w in self.filled("accepted")]
            return {"accepted": accepted, "match_case": bool(data.get("match_case"))}
        if self.kind == T.EXPRESSION:
            return {"expression": data.get("expression", "").strip(), "form": data.get("form", "")}
        if self.kind == T.FILL_IN:
            return {"blanks": {str(n): self._blank(row) for n, row in enumerate(self.filled("parts"), 1)}}
        return {}

    def _blank(self, row: Row) -> dict[str, Any]:
        if row.kind == BlankKind.NUMBER:
            return {"kind": "number", "value": row.answer.strip(), "tolerance": row.other.strip() or "0"}
        if row.kind == BlankKind.CHOICE:
            right = " ".join(r.split_choices(row.answer))
            return {"kind": "choice", "options": sorted({right, *r.split_choices(row.other)}), "correct": right}
        key = {"kind": "text", "accepted": r.split_accepted(row.answer)}
        return key | {"match_case": bool(self.data.get("match_case"))}

    def _parts(self) -> tuple[PartContent, ...]:
        found = self.filled("parts")
        if self.kind == T.CASE_STUDY:
            labels = r.case_labels(found)
        else:
            labels = [(str(number), "") for number in range(1, len(found) + 1)]
        return tuple(
            PartContent(
                label=label,
                alternative=alternative,
                text="" if self.kind == T.FILL_IN else _unix(row.text),
                marks=self._number("parts", row.marks, row),
            )
            for (label, alternative), row in zip(labels, found, strict=True)
        )

    def _steps(self) -> tuple[StepContent, ...]:
        found = []
        for number, method in enumerate(m.with_something(self.methods), 1):
            # Rows left empty keep their number on the page, but are no steps.
            positions = {row.label: position for position, row in enumerate(method.filled, 1)}
            for row in method.filled:
                part, alternative = _part_name(row.part) if self.kind == T.CASE_STUDY else ("", "")
                marks = self._number("steps", row.marks, row)
                kind = row.kind or StepKind.METHOD
                follows, wrong = r.read_follows(row.follows, positions)
                if wrong and not row.errors:
                    row.errors = [wrong]
                found.append(StepContent(_unix(row.text), marks, kind, part, alternative, follows, number))
        return tuple(found)

    # --- Showing what is wrong ---
    def add_problems(self, problems: list[tuple[str, str]]) -> None:
        """Puts each (place, sentence) beside its field or row; what has no place goes to the top."""
        for place, sentence in [*self.unreadable.items(), *problems]:
            kind, _dash, number = place.partition("-")
            method, _dot, within = number.rpartition(".")
            if method:
                rows, number = m.with_something(self.methods)[int(method) - 1].filled, within
            else:
                rows = self.filled(kind) if kind in self.rows else []
            if number.isdecimal() and 0 < int(number) <= len(rows):
                row = rows[int(number) - 1]
                if not row.errors:
                    row.errors.append(sentence)
            elif kind in self.fields:
                if kind not in self.errors:
                    self.add_error(kind, sentence)
            else:
                self.problems.setdefault(kind if kind in self.rows else "", []).append(sentence)

    @property
    def top_problems(self) -> list[str]:
        """Sentences about the whole question."""
        return self.problems.get("", [])

    @property
    def sums_parts(self) -> bool:
        """Whether the marks of all parts add up to the question's; of a case study's alternatives one counts."""
        return self.kind in {T.MATCHING, T.FILL_IN}

    @property
    def problems(self) -> dict[str, list[str]]:
        """Sentences about a whole table of rows, by its name; under "" about the whole question."""
        self.__dict__.setdefault("_problems", {})
        found: dict[str, list[str]] = self.__dict__["_problems"]
        return found


def draft_data(data: QueryDict) -> dict[str, list[str]]:
    """What was typed into the form, by field, for a draft."""
    rows = (f"{kind}-{name}" for kind, (columns, ticks, *_rest) in ROWS.items() for name in (*columns, *ticks))
    return {name: data.getlist(name) for name in (*QuestionForm.base_fields, *rows) if name in data}


def read_draft(data: dict[str, list[str]]) -> QueryDict:
    """The reverse of `draft_data`."""
    typed = QueryDict(mutable=True)
    for name, values in data.items():
        typed.setlist(name, values)
    return typed


def _grouped(chapters: Any) -> list[Any]:
    groups: dict[str, list[tuple[Any, str]]] = {}
    for chapter in chapters:
        unit = chapter.unit
        groups.setdefault(f"{unit.programme.board} {unit.programme.grade} {unit.programme.subject}: {unit}", []).append(
            (chapter.pk, chapter.name)
        )
    return [("", _("Choose a chapter")), *groups.items()]


def _part_name(text: str) -> tuple[str, str]:
    """ "ii", "(ii) a", "iib" as (label, alternative)."""
    found = re.fullmatch(r"\(?([ivx]+)\)?\s*([ab]?)", text.strip().lower())
    return (found[1], found[2]) if found else (text.strip(), "")


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")


# --- From a question to the form -------------------------------------------------------------------------------------
def initial_of(kind: str, content: QuestionContent) -> dict[str, Any]:
    """What the editor shows of a stored content."""
    answer: Any = content.answer
    found: dict[str, Any] = {
        "type": kind,
        "marks": f"{content.marks.normalize():f}",
        "difficulty": content.difficulty,
        "cognitive_level": content.cognitive_level,
        "text": content.text,
        "model_answer": content.model_answer,
        "explanation": content.explanation,
        "parameters": r.write_parameters(content.parameters),
        "grading": answer.get("grading", Grading.ALL),
        "truth": (answer.get("choices") or [""])[0] if kind == T.TRUE_FALSE else "",
        **{name: answer.get(name, "") for name in ("value", "tolerance", "unit", "expression", "form")},
        "match_case": answer.get("match_case") or any(b.get("match_case") for b in answer.get("blanks", {}).values()),
        "accepted": [
            Row({"text": row["text"], "credit": str(row.get("credit", "1"))}) for row in answer.get("accepted", ())
        ],
        "steps": [
            Row(
                {
                    "text": step.text,
                    "marks": f"{step.marks.normalize():f}",
                    "kind": step.kind,
                    "part": step.part + step.alternative,
                    "follows": ", ".join(map(str, step.follows)),
                    "method": str(step.method),
                }
            )
            for step in content.steps
        ],
        "methods": [Row({"text": title}) for title in content.method_titles],
        "parts": [_part_row(part, answer) for part in content.parts],
        "hints": [Row({"text": hint}) for hint in content.hints],
    }
    options = {option.label: option.text for option in content.options}
    order = answer.get("order") or options
    right = answer.get("choices", ())
    found["options"] = [Row({"text": options[label], "right": "1" if label in right else ""}) for label in order]
    return found


def _part_row(part: PartContent, answer: Any) -> Row:
    values = {
        "text": part.text,
        "marks": f"{part.marks.normalize():f}",
        "alternative": "1" if part.alternative == "b" else "",
        "pair": answer.get("pairs", {}).get(part.label, ""),
    }
    blank = answer.get("blanks", {}).get(part.label)
    if blank is not None:
        values["kind"] = blank["kind"]
        if blank["kind"] == BlankKind.NUMBER:
            values |= {"answer": blank["value"], "other": blank.get("tolerance", "")}
        elif blank["kind"] == BlankKind.CHOICE:
            wrong = [text for text in blank["options"] if text != blank["correct"]]
            values |= {"answer": r.join_choices([blank["correct"]]), "other": r.join_choices(wrong)}
        else:
            values["answer"] = r.join_accepted(blank["accepted"])
    return Row(values)
