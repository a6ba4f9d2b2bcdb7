"""Web push: the browsers that people allowed it in, and the outbox to them."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from notifications.enums import MailState
from notifications.models.inbox import Notification
from notifications.models.preferences import OwnQuerySet


class PushSubscription(IdModel):
    """One browser of one person: where its push service takes messages, and the keys to encrypt them with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=30)
    created_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("push subscription")

    def __str__(self) -> str:
        return f"{self.user}: {self.created_at:%Y-%m-%d}"


class PushDeliveryQuerySet(ScopedQuerySet["PushDelivery"]):
    def visible_to(self, user: Any) -> Self:
        """Only one's own, also for staff."""
        return self.filter(subscription__user=user) if user.is_authenticated else self.none()


class PushDelivery(IdModel):
    """One notification on its way to one browser."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="pushes")
    subscription = models.ForeignKey(PushSubscription, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    push_after = models.DateTimeField()

    objects = PushDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("push delivery")
        constraints = [models.UniqueConstraint(fields=["notification", "subscription"], name="push_once")]
        indexes = [models.Index(fields=["state", "push_after"], name="push_due_idx")]

    def __str__(self) -> str:
        return f"{self.notification}: {self.state}"
