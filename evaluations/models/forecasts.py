"""What is expected of the papers that are not marked yet, and who was warned of it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import ScopedQuerySet
from evaluations.models.evaluation import Evaluation, StaffRowsQuerySet

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
