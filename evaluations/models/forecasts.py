"""What is expected of the papers that are not marked yet, and who was warned of it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import ScopedQuerySet
from evaluations.models.evaluation import Evaluation
from evaluations.models.groups import StaffRowsQuerySet

CHANCE = [MinValueValidator(0), MaxValueValidator(1)]


class PaperForecastQuerySet(ScopedQuerySet["PaperForecast"]):
    def visible_to(self, user: Any) -> Self:
        """Of every paper that one may see: the student reads when it is expected."""
        return self.filter(evaluation__in=Evaluation.objects.visible_to(user).values("pk"))


class PaperForecast(models.Model):
    """The latest outlook of one paper; see services/forecast. `expected_at` is null where nobody can mark it in the
    time that is looked at. `marker`: whose it is, or who would get it."""

    evaluation = models.OneToOneField(Evaluation, models.CASCADE, primary_key=True, related_name="forecast")
    expected_at = models.DateTimeField(_("expected"), null=True, blank=True)
    late_chance = models.FloatField(_("chance of being late"), validators=CHANCE)
    marker = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(_("worked out"))

    objects = PaperForecastQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecast")
        constraints = [
            models.CheckConstraint(condition=Q(late_chance__range=(0, 1)), name="paper_forecast_chance"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.late_chance:.0%}"


class ForecastRun(models.Model):
    """The whole queue as the latest play saw it: one row, written over by the next.

    `papers`: how many are open and promised; `unseen` of them are not expected to be done in the time that is looked
    at. `hours`: for each hour, from the full hour of `made_at` in the institute's zone, [seconds of marking that all
    teachers have, seconds of work due, papers expected to be done, papers due, how many of these late on average].
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    made_at = models.DateTimeField()
    papers = models.PositiveIntegerField()
    unseen = models.PositiveIntegerField()
    hours = models.JSONField(default=list)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecast of the queue")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="forecast_run_one")]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class MarkerForecast(models.Model):
    """What the latest play expects of one teacher with the promised papers that they have now.

    `work_seconds`: of these papers, at their speed. `free_seconds`: of marking that they have until the last of them is
    due. `done_at`: when all are done in four of five plays, null where they have none or not all can be. `late`: how
    many come late on average.
    """

    teacher = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="marker_forecast"
    )
    made_at = models.DateTimeField()
    papers = models.PositiveIntegerField()
    work_seconds = models.PositiveIntegerField()
    free_seconds = models.PositiveIntegerField()
    last_due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    late = models.FloatField(validators=[MinValueValidator(0)])

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecast of a teacher")
        verbose_name_plural = _("forecasts of teachers")

    def __str__(self) -> str:
        return f"{self.teacher}: {self.papers}"


class BreachWarning(models.Model):
    """Staff were told that a promise will probably be missed: once for each paper. `taker`: who should have it instead,
    and `taker_chance` how likely it is late with them; null where no other teacher would help."""

    evaluation = models.OneToOneField(Evaluation, models.CASCADE, primary_key=True, related_name="breach_warning")
    warned_at = models.DateTimeField(_("warned"))
    due_at = models.DateTimeField(_("promised"))
    late_chance = models.FloatField(_("chance of being late"), validators=CHANCE)
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    taker_chance = models.FloatField(null=True, blank=True, validators=CHANCE)

    objects = StaffRowsQuerySet.as_manager()

    class Meta:
        verbose_name = _("coming breach")
        verbose_name_plural = _("coming breaches")
        ordering = ["due_at"]
        indexes = [models.Index(fields=["due_at"], name="breach_warning_due_idx")]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.late_chance:.0%}"
