"""What a person wants to be told, how and when. Only what differs from the rule of the kind is stored."""

from __future__ import annotations

from datetime import time
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import ScopedQuerySet
from notifications.enums import MailWish, NotificationKind


class OwnQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Only one's own, also for staff."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class NotificationPreference(models.Model):
    """How one kind of news comes to one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=30, choices=NotificationKind.choices)
    mail = models.CharField(max_length=10, choices=MailWish.choices)
    push = models.BooleanField()

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification preference")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind}"


class NotificationSettings(models.Model):
    """Quiet hours and the time of the mail of the day, by the clocks of the person's zone."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_settings"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    digest_at = models.TimeField(default=time(18))

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_whole",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)
