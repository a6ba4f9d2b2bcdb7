"""A link that lets a phone photograph the sheets of one attempt, and nothing else."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models.attempts import Attempt
from common.models import IdModel, ScopedQuerySet


class PhoneLinkQuerySet(ScopedQuerySet["PhoneLink"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(attempt__in=Attempt.objects.readable_by(user).values("pk"))


class PhoneLink(IdModel):
    """Shown as a QR code. Only a hash of what is in the code is kept, so that this table opens nothing."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="phone_links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    opens_until = models.DateTimeField(help_text=_("A phone that has opened it goes on till the sheets are due."))
    opened_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PhoneLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("phone link")
        ordering = ["attempt", "-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["attempt"], condition=Q(ended_at=None), name="phone_link_one_standing")
        ]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.made_at:%Y-%m-%d %H:%M}"
