"""The inbox. A notification and its e-mail are one row, so neither can be lost or doubled."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet
from notifications.enums import MailState, NotificationKind
from notifications.models.mails import Digest, Mailed


class NotificationQuerySet(ScopedQuerySet["Notification"]):
    def visible_to(self, user: Any) -> Self:
        """Only one's own, also for staff."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(IdModel, Mailed):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=30, choices=NotificationKind.choices)
    cause = models.CharField(max_length=80, help_text=_("What it is about; the same cause never notifies twice."))
    title = models.CharField(max_length=160)
    body = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    digest = models.ForeignKey(
        Digest, models.SET_NULL, null=True, blank=True, related_name="notifications", db_index=False
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "cause"], name="notification_once")]
        indexes = [
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread_idx"),
            models.Index(
                fields=["mail_after"], condition=Q(mail_state=MailState.WAITING), name="notification_mail_idx"
            ),
            models.Index(
                fields=["mail_after"],
                condition=Q(mail_state__in=[MailState.HELD, MailState.DIGEST], digest__isnull=True),
                name="notification_later_idx",
            ),
            models.Index(fields=["digest"], condition=Q(digest__isnull=False), name="notification_digest_idx"),
        ]

    def __str__(self) -> str:
        return self.title
