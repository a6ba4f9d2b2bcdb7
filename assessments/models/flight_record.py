"""The flight record of an attempt: what its devices and the server noticed, row by row."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.enums import FlightEvent
from assessments.models.attempts import Attempt
from common.models import ScopedQuerySet


class AttemptEventQuerySet(ScopedQuerySet["AttemptEvent"]):
    def visible_to(self, user: Any) -> Self:
        """Staff's alone: a student is told in sentences what was done, a teacher is shown facts on their page."""
        return self if user.is_authenticated and user.is_staff else self.none()


class AttemptEvent(models.Model):
    """One fact about a sitting; insert-only. As many rows as saves and some, so it is kept narrow: two indexes on the
    way of an answer, and no foreign keys that the database would look up (rows are written from the locked attempt and
    the frozen paper).

    `at`: when the server learned of it, by its clock. `began_at`: when it happened by the server's clock as the device
    kept it with its monotonic timer, for what a device told; of a spell it began then and lasted `ms`. `device`: chosen
    by the browser. `number` grows with every event a device tells, so that telling again adds nothing. `about`: of a
    credit, the event with the spell it makes up for, which can be credited once.

    `data`, by kind: answer {"answer", "marked", "certainty"}, each only if the save changed it | opened {"form",
    "system", "browser", "skew_ms"} | skew {"skew_ms"} | paste {"characters"} | refused {"code"} | started {"minutes",
    "extra_seconds"} | submitted {"reason"} | extended, reopened {"seconds", "cause"} | credited {"seconds", "spans"}.
    """

    id = models.BigAutoField(primary_key=True)
    attempt = models.ForeignKey(Attempt, models.DO_NOTHING, related_name="events", db_constraint=False, db_index=False)
    kind = models.CharField(_("what"), max_length=12, choices=FlightEvent.choices)
    at = models.DateTimeField(_("learned at"))
    began_at = models.DateTimeField(_("began at"), null=True)
    ms = models.BigIntegerField(_("lasted, ms"), null=True)
    device = models.UUIDField(_("device"), null=True)
    number = models.BigIntegerField(null=True)
    question = models.UUIDField(_("question"), null=True)
    seq = models.BigIntegerField(null=True)
    about = models.BigIntegerField(null=True)
    data = models.JSONField(null=True)

    objects = AttemptEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an attempt")
        verbose_name_plural = _("events of attempts")
        ordering = ["attempt", "id"]
        indexes = [models.Index(fields=["attempt", "id"], name="attemptevent_attempt_idx")]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "device", "number"], condition=Q(number__isnull=False), name="attemptevent_told_once"
            ),
            models.UniqueConstraint(
                fields=["about"], condition=Q(about__isnull=False), name="attemptevent_credited_once"
            ),
            models.CheckConstraint(condition=Q(ms__isnull=True) | Q(ms__gte=0), name="attemptevent_lasts"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%H:%M:%S}"
