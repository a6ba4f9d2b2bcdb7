"""E-mails: what all have in common, and the one that tells several things at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel
from notifications.enums import MailState
from notifications.models.preferences import OwnQuerySet


class Mailed(models.Model):
    """Something with an e-mail: where it stands, how often it was tried, and when it may be tried next."""

    mail_state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.NONE)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Digest(IdModel, Mailed):
    """One mail of several notifications: that of the day, or that of what waited for the end of quiet hours.

    One of each at most for a person and a day of theirs, whatever runs twice or late.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests")
    day = models.DateField()
    occasion = models.CharField(
        max_length=10,
        choices=[(MailState.DIGEST, MailState.DIGEST.label), (MailState.HELD, MailState.HELD.label)],
    )

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("digest")
        constraints = [models.UniqueConstraint(fields=["user", "day", "occasion"], name="digest_once")]
        indexes = [
            models.Index(fields=["mail_after"], condition=Q(mail_state=MailState.WAITING), name="digest_mail_idx"),
            models.Index(fields=["day"], name="digest_day_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.day}"
