"""The append-only record of who changed what. Triggers refuse UPDATE and DELETE; seals make tampering visible."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet


class StaffOnlyQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


class AuditEvent(IdModel):
    """One change: `before` and `after` hold the changed values as JSON-safe text."""

    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(_("who"), max_length=160, help_text=_("Kept even after the person is erased."))
    action = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    origin = models.GenericIPAddressField(_("from where"), null=True, blank=True)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object_idx"),
            models.Index(fields=["action", "at"], name="audit_action_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label}: {self.action}"


class AuditSeal(models.Model):
    """A hash over all events up to `last_event`, chained to the seal before: any change breaks the chain."""

    last_event = models.UUIDField(unique=True)
    events = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit seal")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.sealed_at:%Y-%m-%d %H:%M} {self.digest[:12]}"
