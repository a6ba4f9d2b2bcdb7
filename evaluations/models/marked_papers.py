"""Marked papers as files."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models import Attempt
from common.models import IdModel
from evaluations.enums import FileState
from evaluations.models.groups import StaffRowsQuerySet


class MarkedPaper(IdModel):
    """One PDF of a marked paper: pages with the red ink, marks, comments. Readers to whom an exam shows different
    things have different files, one for each `variant` (see selectors/marked_papers).

    `digest` is of everything the file says: whoever finds another one asks for the file anew.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="marked_papers")
    variant = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=FileState.choices, default=FileState.WAITING)
    digest = models.CharField(max_length=64, blank=True)
    storage_key = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0, help_text=_("Bytes"))
    pages = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("marked paper as a file")
        verbose_name_plural = _("marked papers as files")
        constraints = [models.UniqueConstraint(fields=["attempt", "variant"], name="marked_paper_once")]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state=FileState.WAITING), name="marked_paper_waiting_idx")
        ]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.variant}"
