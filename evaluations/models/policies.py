"""The promise as data: policies over working calendars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Weekday
from accounts.models.people import validate_time_zone
from common.models import IdModel, ScopedQuerySet
from evaluations.enums import PolicyKind

CURRENCY = RegexValidator(r"^[A-Z]{3}\Z", _("Three letters as in ISO 4217, for example INR."))


class PublicPromiseQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """What is promised is no secret among signed-in people."""
        return self if user.is_authenticated else self.none()


class WorkingCalendar(IdModel):
    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=80)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("working calendar")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    calendar = models.ForeignKey(WorkingCalendar, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("to"))

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="opening_hours_order"),
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="opening_hours_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Holiday(models.Model):
    calendar = models.ForeignKey(WorkingCalendar, models.CASCADE, related_name="holidays")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("holiday")
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="holiday_unique")]

    def __str__(self) -> str:
        return f"{self.date}: {self.name}"


class SlaPolicy(IdModel):
    """`hours` for the first two kinds; `cutoff` and `due_time` (calendar's zone) for the same working day."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=14, choices=PolicyKind.choices)
    calendar = models.ForeignKey(WorkingCalendar, models.PROTECT, related_name="policies")
    hours = models.DecimalField(_("hours"), max_digits=6, decimal_places=2, null=True, blank=True)
    cutoff = models.TimeField(_("cut-off"), null=True, blank=True)
    due_time = models.TimeField(_("back by"), null=True, blank=True)
    picture_hours = models.PositiveSmallIntegerField(
        _("hours for a clearer picture"),
        default=24,
        db_default=24,
        validators=[MinValueValidator(1), MaxValueValidator(336)],
        help_text=_("How long a student has when the teacher asks for one. The promise waits meanwhile."),
    )
    price = models.DecimalField(
        _("price of a paper"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("What is taken for one paper of this promise. Empty: not known; no margin is shown."),
    )
    price_currency = models.CharField(
        _("currency of the price"), max_length=3, default="INR", db_default="INR", validators=[CURRENCY]
    )
    is_default = models.BooleanField(_("used where no plan says otherwise"), default=False)

    objects = PublicPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="sla_one_default"),
            models.CheckConstraint(
                condition=Q(kind=PolicyKind.SAME_DAY, cutoff__isnull=False, due_time__isnull=False)
                | (~Q(kind=PolicyKind.SAME_DAY) & Q(hours__gt=0)),
                name="sla_policy_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.name
