"""What reached us of a marker's work, by the ids their device gave it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from evaluations.enums import OperationKind
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet


class DeskOperation(models.Model):
    """Append-only: one change made at the desk. Its id is chosen by the device, so that a change which is sent again
    is known; what was changed is in the mark event or the annotation, whose `version` it made.

    `target`: the question that was marked or the annotation that was drawn.
    """

    id = models.UUIDField(primary_key=True)
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="operations")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=4, choices=OperationKind.choices)
    target = models.UUIDField()
    version = models.PositiveIntegerField()

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("desk operation")

    def __str__(self) -> str:
        return f"{self.kind} {self.target} (v{self.version})"
