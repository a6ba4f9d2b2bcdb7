"""What was told, and done, while the time for a paper was running out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel
from evaluations.enums import Rung
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet


class Reminder(IdModel):
    """Append-only: one rung of the ladder for a paper and who had it then (nobody: null).

    `promised_from` is the evaluation's `submitted_at`: a paper that was returned and comes again is a new promise with
    a ladder of its own. `is_told`: false where the rung was only passed, because a higher one was due or there was
    nobody to tell. Help is sought once for a promise, whoever has the paper.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="reminders")
    rung = models.CharField(_("rung"), max_length=4, choices=Rung.choices)
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    promised_from = models.DateTimeField()
    at = models.DateTimeField()
    is_told = models.BooleanField(_("told"))

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "promised_from", "rung", "teacher"], name="reminder_once"),
            models.UniqueConstraint(
                fields=["evaluation", "promised_from", "rung"], condition=Q(teacher=None), name="reminder_nobody_once"
            ),
            models.UniqueConstraint(
                fields=["evaluation", "promised_from"], condition=Q(rung=Rung.HELP), name="reminder_help_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.get_rung_display()}"
