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
    """One change: `before` and `after` hold the changed values as JSON-safe text.

    What may name a person is in two parts: who (label and origin) and what (values and reason). `proof` holds for each
    a digest and the random salt in it: {"who": {"salt", "digest"}, "what": …}. The chain is made of digests, so that
    erasing a person can empty a part and destroy its salt while the chain stays whole (ADR 0032). Events from before
    have no proof until they are sealed anew.
    """

    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(_("who"), max_length=160, help_text=_("Emptied when the person is erased."))
    action = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    origin = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    proof = models.JSONField(null=True, blank=True, editable=False)

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
    """A hash over all events up to `last_event`, chained to the seal before: any change breaks the chain.

    Without a version it was made of events as they were written; of version 2, of their digests (see AuditEvent). The
    first of version 2 is over all events there are, so that older ones may be erased too.
    """

    last_event = models.UUIDField(unique=True)
    events = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit seal")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.sealed_at:%Y-%m-%d %H:%M} {self.digest[:12]}"
