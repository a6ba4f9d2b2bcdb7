"""Settings of courses and lessons as forms."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import CompletionRule, CourseAccess
from courses.models import Course, Lesson, Module, Programme
from courses.services.building import rules_for


class LocalMomentField(forms.DateTimeField):
    """A moment in the person's zone, as browsers send it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)


class CourseForm(forms.Form):
    """What the settings page changes; `seen` is the version that the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=140)
    summary = forms.CharField(label=gettext_lazy("In one sentence"), max_length=300, required=False)
    description_source = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Markdown, with mathematics between dollar signs."),
    )
    programme = forms.ModelChoiceField(Programme.objects.all(), label=gettext_lazy("Programme"), required=False)
    access = forms.ChoiceField(label=gettext_lazy("Who comes in"), choices=CourseAccess.choices)
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=gettext_lazy("Empty: as many as come. Whoever comes later waits for a place."),
    )
    gives_certificate = forms.BooleanField(
        label=gettext_lazy("Whoever completes it gets a certificate"), required=False
    )
    only_by_path = forms.BooleanField(
        label=gettext_lazy("Opens only within a learning path"),
        required=False,
        help_text=gettext_lazy("Students come in themselves only when a path that they have begun has led them here."),
    )
    metadata = forms.CharField(
        label=gettext_lazy("Further facts"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("A JSON object, for your own systems."),
    )
    cover_alt = forms.CharField(label=gettext_lazy("What the cover shows"), max_length=160, required=False)

    @classmethod
    def of(cls, course: Course) -> CourseForm:
        names = (
            "title",
            "summary",
            "description_source",
            "programme",
            "access",
            "capacity",
            "cover_alt",
            "gives_certificate",
            "only_by_path",
        )
        initial = {name: getattr(course, name) for name in names}
        text = json.dumps(course.metadata, ensure_ascii=False, indent=1) if course.metadata else ""
        return cls(initial=initial | {"seen": course.version, "metadata": text})

    def clean_metadata(self) -> Any:
        text = self.cleaned_data["metadata"].strip()
        try:
            return json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON.")) from error

    def fields_of_course(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class ModuleForm(forms.Form):
    """The settings of a module; they hold for learners at once."""

    title = forms.CharField(label=gettext_lazy("Title of the module"), max_length=140)
    summary = forms.CharField(label=gettext_lazy("In one sentence"), max_length=300, required=False)
    unlock_at = LocalMomentField(label=gettext_lazy("Opens"), required=False)

    @classmethod
    def of(cls, module: Module) -> ModuleForm:
        """As it is; several stand on one page, so ids name their module."""
        names = ("title", "summary", "unlock_at")
        return cls(initial={name: getattr(module, name) for name in names}, auto_id=f"%s-{module.pk}")


class LessonForm(forms.Form):
    """The settings of a lesson; they hold for learners at once."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=140)
    minutes = forms.IntegerField(label=gettext_lazy("Minutes it takes"), min_value=1, max_value=1000)
    completion = forms.ChoiceField(label=gettext_lazy("Done when"))
    minutes_needed = forms.IntegerField(
        label=gettext_lazy("Minutes to spend"), min_value=1, max_value=1000, required=False,
        help_text=gettext_lazy("Where time spent counts."),
    )  # fmt: skip
    unlock_at = LocalMomentField(label=gettext_lazy("Opens"), required=False)
    is_required = forms.BooleanField(label=gettext_lazy("Counts for completion"), required=False)
    is_preview = forms.BooleanField(label=gettext_lazy("Open to everybody as a preview"), required=False)

    def __init__(self, lesson: Lesson, data: Any = None) -> None:
        names = ("title", "minutes", "completion", "unlock_at", "is_required", "is_preview")
        initial = {name: getattr(lesson, name) for name in names}
        initial["minutes_needed"] = lesson.seconds_needed // 60 or None
        super().__init__(data, initial=initial)
        labels = dict(CompletionRule.choices)
        self.fields["completion"].choices = [(rule.value, labels[rule]) for rule in rules_for(lesson.kind)]  # type: ignore[attr-defined]
        if lesson.kind in ("quiz", "project", "external"):
            del self.fields["minutes_needed"], self.fields["is_preview"]

    def fields_of_lesson(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        if "minutes_needed" in given:
            given["seconds_needed"] = 60 * (given.pop("minutes_needed") or 0)
        return given


class ScheduleForm(forms.Form):
    publish_at = LocalMomentField(label=gettext_lazy("To be published"))


class CodeForm(forms.Form):
    """A code for so many people, for so many days."""

    limit = forms.IntegerField(label=gettext_lazy("For how many"), min_value=1, max_value=100_000, required=False)
    days = forms.IntegerField(label=gettext_lazy("For how many days"), min_value=1, max_value=1000, required=False)

    def expires_at(self) -> Any:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None
