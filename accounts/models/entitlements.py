"""What a person may use: rows that billing (or staff) grants and that lower apps read and consume."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Feature
from accounts.models.people import User
from common.models import IdModel, ScopedQuerySet


class EntitlementQuerySet(ScopedQuerySet["Entitlement"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        # Whoever sees the person: also a guardian, who reads what was granted to the child.
        return self if user.is_staff else self.filter(user__in=User.objects.visible_to(user).values("pk"))

    def standing(self, now: datetime) -> Self:
        return self.filter(starts_at__lte=now).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))


class Entitlement(IdModel):
    """A feature granted to a person for a period. `quantity` empty means without limit."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="entitlements")
    feature = models.CharField(_("feature"), max_length=40, choices=Feature.choices)
    quantity = models.PositiveIntegerField(_("how many"), null=True, blank=True, help_text=_("Empty: without limit."))
    used = models.PositiveIntegerField(_("used"), default=0)
    value = models.CharField(
        _("value"), max_length=60, blank=True, help_text=_("For a marking promise: the policy's slug.")
    )
    source = models.CharField(
        _("granted by"), max_length=60, help_text=_("The plan, order or staff decision behind it.")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("entitlement")
        constraints = [
            # What a plan allows stands once for a source and beginning; courses once each.
            models.UniqueConstraint(
                fields=["user", "feature", "source", "starts_at"],
                condition=~Q(feature=Feature.COURSE_ACCESS),
                name="entitlement_once",
            ),
            models.UniqueConstraint(
                fields=["user", "value", "source", "starts_at"],
                condition=Q(feature=Feature.COURSE_ACCESS),
                name="entitlement_course_once",
            ),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(used__lte=F("quantity")), name="entitlement_not_overdrawn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_feature_display()}"

    @property
    def left(self) -> int | None:
        """How many may still be used; None without limit."""
        return None if self.quantity is None else self.quantity - self.used
