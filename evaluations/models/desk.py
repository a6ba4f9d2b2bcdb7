"""What a marker keeps for themself at the desk: keys of their own, and questions to come back to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models import PaperQuestion
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet


class DeskKeys(models.Model):
    """A person's keys at the desk. `keys`: {action: key} where they differ from what everybody starts with."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="desk_keys")
    is_on = models.BooleanField(default=True)
    keys = models.JSONField(default=dict)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("keys of the desk")
        verbose_name_plural = _("keys of the desk")

    def __str__(self) -> str:
        return str(self.person)


class LaterFlag(models.Model):
    """A question that the marker wants to look at again before the paper is finished."""

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, db_index=False, related_name="later_flags")
    question = models.ForeignKey(PaperQuestion, models.PROTECT, related_name="+")
    flagged_at = models.DateTimeField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("question for later")
        verbose_name_plural = _("questions for later")
        constraints = [models.UniqueConstraint(fields=["evaluation", "question"], name="later_flag_unique")]

    def __str__(self) -> str:
        return str(self.question)
