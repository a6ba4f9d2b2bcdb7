"""Writing a project: the task, the rubric row by row, when it is due and what being late costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.forms.rows import Row, read_decimal, read_rows
from assessments.models import Project, QuestionVersion
from assessments.services.projects import ProjectPlan
from assessments.services.questions import content_of
from assessments.services.rubrics import MOST_CRITERIA, Criterion, criteria_of, read_levels, write_levels
from common.local_times import LocalDateTimeField, full_hour
from common.templatetags.ui import marks as marks_text
from courses.enums import CourseFileKind
from courses.models import Chapter, CourseFile, Lesson

FIRST_ROWS = 3
DUE_IN = timedelta(days=7)
COLUMNS = ("text", "marks", "levels")


class ProjectForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("The task"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy("Markdown, with mathematics between dollar signs."),
    )
    material = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Files to work with"),
        queryset=CourseFile.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    notes = forms.CharField(
        label=gettext_lazy("For the markers alone"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    chapter = forms.ModelChoiceField(
        label=gettext_lazy("Chapter"),
        queryset=Chapter.objects.none(),
        help_text=gettext_lazy("Teachers of this course who may mark its programme get the work."),
    )
    takes_files = forms.BooleanField(label=gettext_lazy("Photos and PDF files"), required=False, initial=True)
    takes_link = forms.BooleanField(label=gettext_lazy("A link"), required=False)
    due_at = LocalDateTimeField(label=gettext_lazy("Due"))
    closes_at = LocalDateTimeField(
        label=gettext_lazy("Taken until"),
        required=False,
        help_text=gettext_lazy("Empty: for a year after it was due."),
    )
    late_percent = forms.IntegerField(
        label=gettext_lazy("Per cent off for each day late"), min_value=0, max_value=100, initial=10
    )
    late_cap = forms.IntegerField(label=gettext_lazy("Per cent off at most"), min_value=0, max_value=100, initial=100)
    revisions = forms.IntegerField(
        label=gettext_lazy("Revisions"),
        min_value=0,
        max_value=10,
        initial=1,
        help_text=gettext_lazy("How often a teacher may give the work back for revision."),
    )
    pass_percent = forms.IntegerField(label=gettext_lazy("Per cent to pass"), min_value=1, max_value=100, initial=50)

    def __init__(
        self, lesson: Lesson, project: Project | None, version: QuestionVersion | None, data: Any = None
    ) -> None:
        super().__init__(data, initial=_initial(project, version))
        course = lesson.module.course
        chapters = Chapter.objects.select_related("unit__programme").order_by("unit__programme", "unit", "position")
        if course.programme_id is not None:
            chapters = chapters.filter(unit__programme=course.programme_id)
        self.fields["chapter"].queryset = chapters  # type: ignore[attr-defined]
        self.fields["material"].queryset = CourseFile.objects.filter(  # type: ignore[attr-defined]
            course=course, kind=CourseFileKind.DOCUMENT
        )
        self.criteria: list[Criterion] = []
        if data is not None:
            self.rows = read_rows(data, "criterion", COLUMNS)[: MOST_CRITERIA + 1]
        else:
            self.rows = [_row(one) for one in (criteria_of(content_of(version)) if version else [])]
        while len(self.rows) < (FIRST_ROWS if version is None and data is None else 1):
            self.rows.append(Row())

    def clean(self) -> dict[str, Any]:
        """The rows of the rubric, each with what is wrong with it."""
        cleaned = super().clean() or {}
        for row in self.rows:
            if not any(row.values.get(name, "").strip() for name in COLUMNS):
                continue
            levels, wrong = read_levels(row.values.get("levels", ""))
            typed = read_decimal(row.values.get("marks", ""))
            if wrong:
                row.errors.append(_("A level is a line like “4: Everything is shown”, not “%s”.") % wrong[0][:60])
            if typed is None and not levels:
                row.errors.append(_("Say how many marks it carries."))
            best = max((level.marks for level in levels), default=Decimal(0))
            self.criteria.append(Criterion(row.values.get("text", "").strip(), typed or best, levels))
        if any(row.errors for row in self.rows):
            self.add_error(None, _("Look at the rubric once more."))
        return cleaned

    def plan(self) -> ProjectPlan:
        """What was typed, of a form that is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "material"}
        return ProjectPlan(criteria=tuple(self.criteria), **given)

    @property
    def task_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("text", "material", "notes", "chapter") if name != "material" or self.has_files]

    @property
    def has_files(self) -> bool:
        return bool(self.fields["material"].queryset.exists())  # type: ignore[attr-defined]

    @property
    def term_fields(self) -> list[forms.BoundField]:
        names = ("due_at", "closes_at", "late_percent", "late_cap", "revisions", "pass_percent")
        return [self[name] for name in names]


def _initial(project: Project | None, version: QuestionVersion | None) -> dict[str, Any]:
    if project is None or version is None:
        return {"due_at": full_hour(_soon())}
    names = ("due_at", "takes_files", "takes_link", "late_percent", "late_cap", "revisions")
    return {name: getattr(project, name) for name in names} | {
        "text": version.text_source,
        "notes": version.model_answer_source,
        "chapter": version.question.chapter_id,
        "closes_at": project.exam.closes_at,
        "pass_percent": project.exam.pass_percent,
        "material": list(project.files.values_list("pk", flat=True)),
    }


def _soon() -> datetime:
    return timezone.now() + DUE_IN


def _row(one: Criterion) -> Row:
    return Row({"text": one.text, "marks": marks_text(one.marks), "levels": write_levels(one.levels)})
