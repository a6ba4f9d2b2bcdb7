"""Projects: work that the students of a course hand in, and each time that somebody did."""

from __future__ import annotations

from typing import Any, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models.attempts import Attempt
from assessments.models.exams import Exam
from common.models import ScopedQuerySet
from courses.models import CourseFile, Lesson

PER_CENT = [MaxValueValidator(100)]
MOST_REVISIONS = 10


class ProjectQuerySet(ScopedQuerySet["Project"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees its exam."""
        return self.filter(exam__in=Exam.objects.visible_to(user).values("pk"))


class Project(models.Model):
    """What an exam of purpose project asks beside its paper, which is one question with the rubric as its scheme.

    Whoever hands in after `due_at` loses `late_percent` of all marks for each day that has begun, `late_cap` at most
    (services/late_work.py); after the exam closes nothing is taken any more. A piece of work may come back for revision
    `revisions` times. `files`: what the task gives to work with.
    """

    exam = models.OneToOneField(Exam, models.PROTECT, primary_key=True, related_name="project")
    lesson = models.OneToOneField(Lesson, models.PROTECT, related_name="project")
    due_at = models.DateTimeField(_("due"))
    takes_files = models.BooleanField(_("files: photos and PDF"), default=True)
    takes_link = models.BooleanField(_("a link"), default=False)
    late_percent = models.PositiveSmallIntegerField(
        _("per cent off for each day late"), default=10, validators=PER_CENT, help_text=_("0: nothing is taken off.")
    )
    late_cap = models.PositiveSmallIntegerField(_("per cent off at most"), default=100, validators=PER_CENT)
    revisions = models.PositiveSmallIntegerField(
        _("revisions"),
        default=1,
        validators=[MaxValueValidator(MOST_REVISIONS)],
        help_text=_("How often a teacher may give the work back for revision. 0: never."),
    )
    files: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        CourseFile, blank=True, related_name="projects", verbose_name=_("files")
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        ordering = ["-exam"]
        constraints = [
            models.CheckConstraint(
                condition=Q(takes_files=True) | Q(takes_link=True),
                name="project_takes_something",
                violation_error_message=_("Say what may be handed in: files, a link, or both."),
            ),
            models.CheckConstraint(condition=Q(late_percent__lte=100, late_cap__lte=100), name="project_late_range"),
        ]

    def __str__(self) -> str:
        return str(self.exam)


class SubmissionQuerySet(ScopedQuerySet["Submission"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(attempt__in=Attempt.objects.readable_by(user).values("pk"))


class Submission(models.Model):
    """One time that a student hands in a project: the attempt has the files and where it stands, this row the rest.

    `number` counts a student's submissions of a project from 1. `revises` is the one that came back for revision; then
    the lateness is that of the first. `late_days` and `late_percent` are settled at handing in and change no more.
    """

    attempt = models.OneToOneField(Attempt, models.PROTECT, primary_key=True, related_name="submission")
    number = models.PositiveSmallIntegerField()
    link = models.CharField(_("link"), max_length=500, blank=True)
    revises = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="revision")
    is_returned = models.BooleanField(_("came back for revision"), default=False)
    late_days = models.PositiveIntegerField(null=True, blank=True)
    late_percent = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission of a project")
        verbose_name_plural = _("submissions of projects")
        ordering = ["-attempt"]
        constraints = [
            models.CheckConstraint(condition=Q(late_percent=None) | Q(late_percent__lte=100), name="submission_late")
        ]

    def __str__(self) -> str:
        return f"{self.attempt} no. {self.number}"
