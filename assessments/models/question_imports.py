"""Files of questions on their way into the bank: uploaded, read, looked at, imported. Swept after a day."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from courses.models import Chapter, Programme


class ImportState(models.TextChoices):
    READING = "reading", _("Reading the file")
    READY = "ready", _("Looked at")
    IMPORTING = "importing", _("Importing")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Not possible")


class QuestionImportQuerySet(ScopedQuerySet["QuestionImport"]):
    def visible_to(self, user: Any) -> Self:
        """A file is its bringer's own."""
        return self.filter(author=user) if user.is_authenticated else self.none()


class QuestionImport(IdModel):
    """One uploaded file. `done` of `total` tells how far the worker is; `problem` is the sentence of a failure."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="+")
    chapter = models.ForeignKey(Chapter, models.SET_NULL, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField(help_text=_("Bytes"))
    format = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.READING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    without_refused = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text=_("When somebody or the worker last did something with it"))

    objects = QuestionImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("question file")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "touched_at"], name="question_import_state_idx")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def storage_key(self) -> str:
        """Where the file waits in the private storage."""
        return f"question-imports/{self.pk}"

    @property
    def is_working(self) -> bool:
        return self.state in {ImportState.READING, ImportState.IMPORTING}

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0


class QuestionImportRowQuerySet(ScopedQuerySet["QuestionImportRow"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(source__author=user) if user.is_authenticated else self.none()


class QuestionImportRow(IdModel):
    """A line of the report: what would happen to one question. `shown` is it rendered, as a version has it."""

    source = models.ForeignKey(QuestionImport, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    action = models.CharField(max_length=10)
    where = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    notes = models.JSONField(default=list)
    place = models.CharField(max_length=300, blank=True)
    question = models.ForeignKey("Question", models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, blank=True)
    shown = models.JSONField(default=dict)
    changes = models.JSONField(default=list)

    objects = QuestionImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of a file")
        ordering = ["source", "position"]
        indexes = [models.Index(fields=["source", "action", "position"], name="import_row_action_idx")]
        constraints = [models.UniqueConstraint(fields=["source", "position"], name="import_row_unique")]

    def __str__(self) -> str:
        return f"{self.source}: {self.where}"
