"""Webhooks: where facts are sent, what happened, what became of each sending."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from notifications.enums import DeliveryState, WebhookType


class OfficeQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


class WebhookEndpoint(IdModel):
    """An address of a partner. `failures` in a row since `failing_since`; until `rest_until` nothing is sent to it.
    `served_at`: when it last had its turn.

    While it is not active nothing new is written down for it; what waits stays, and is sent when it is active again.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    url = models.CharField(_("address"), max_length=500, help_text=_("Where events are sent, by POST; https only."))
    types = models.JSONField(_("events"), default=list)
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    rest_until = models.DateTimeField(null=True, editable=False)
    served_at = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_failure_at = models.DateTimeField(_("last failure"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("switched off by us"), null=True, editable=False)
    stop_reason = models.CharField(_("why"), max_length=200, blank=True, editable=False)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WebhookSecretQuerySet(OfficeQuerySet):
    def valid(self, now: datetime) -> Self:
        """The one in use, and the one before it in its time of grace; the newest first."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now)).order_by("-id")


class WebhookSecret(IdModel):
    """A signing secret, encrypted. One is in use (`valid_until` empty); with the one before we sign for a while too."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    objects = WebhookSecretQuerySet.as_manager()

    class Meta:
        verbose_name = _("signing secret")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(valid_until__isnull=True), name="webhook_secret_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.created_at:%Y-%m-%d}"


class WebhookEvent(IdModel):
    """Something that happened, written in its transaction. The same cause happens once; the id is the `webhook-id`."""

    type = models.CharField(_("event"), max_length=40, choices=WebhookType.choices)
    cause = models.CharField(max_length=80)
    occurred_at = models.DateTimeField(_("happened"))
    data = models.JSONField()

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook event")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["type", "cause"], name="webhook_event_once")]
        indexes = [models.Index(fields=["occurred_at"], name="webhook_event_time_idx")]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class WebhookDelivery(IdModel):
    """An event on its way to an endpoint. `tries` since it was written or replayed; `next_at`: when the next may begin.

    Under way while `leased_until` lies ahead; a worker that dies leaves it, and it is sent again then, with its id.
    """

    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    state = models.CharField(_("state"), max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    replays = models.PositiveSmallIntegerField(_("replays"), default=0)
    next_at = models.DateTimeField(_("next try"), null=True)
    leased_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(_("done"), null=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, next_at__isnull=False)
                | (~Q(state=DeliveryState.WAITING) & Q(next_at__isnull=True, leased_until__isnull=True)),
                name="webhook_delivery_waits_for_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"], condition=Q(state=DeliveryState.WAITING), name="webhook_due_idx"
            ),
            models.Index(fields=["endpoint"], condition=Q(state=DeliveryState.FAILED), name="webhook_failed_idx"),
            models.Index(fields=["leased_until"], condition=Q(leased_until__isnull=False), name="webhook_lease_idx"),
            models.Index(fields=["endpoint", "-id"], name="webhook_of_endpoint_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.event.type} → {self.endpoint}"


class WebhookTry(IdModel):
    """Append-only: one request and what came of it. `status` is empty when no answer came, and `code` says why."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField(_("try"))
    at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("ms"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    code = models.CharField(_("reason"), max_length=40, blank=True)
    message = models.CharField(_("in words"), max_length=300, blank=True)
    reply = models.CharField(_("answer"), max_length=2000, blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.code}"
