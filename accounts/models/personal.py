"""What people ask about their own data: copies of it, and that it is erased; and how long things are kept."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import ErasureState, ExportState, RetentionKind
from accounts.models.audit import StaffOnlyQuerySet
from accounts.models.guardians import GuardianLink
from common.models import IdModel, ScopedQuerySet


class OfPersonQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """The person's own, what one asked for somebody, and that of one's students; staff all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        linked = GuardianLink.objects.active().filter(guardian=user)
        return self.filter(Q(person=user) | Q(asked_by=user) | Q(person__in=linked.values("student_id")))


class DataExport(IdModel):
    """A copy of everything about `person`, made for whoever asked. `leased_until`: a worker is at it until then."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="data_exports")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    state = models.CharField(_("state"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    storage_key = models.CharField(max_length=200, blank=True)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy of personal data")
        verbose_name_plural = _("copies of personal data")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "asked_by"], condition=Q(state=ExportState.WAITING), name="data_export_one_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_state_display()}"


class ErasureRequest(IdModel):
    """Somebody's wish that everything about `person` be erased. Until `due_at` it can be taken back."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="erasure_requests", verbose_name=_("person")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("erased from"))
    state = models.CharField(_("state"), max_length=9, choices=ErasureState.choices, default=ErasureState.WAITING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    objection = models.CharField(_("why the office objects"), max_length=500, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    counts = models.JSONField(_("what was erased"), default=dict)

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state=ErasureState.WAITING), name="erasure_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(state=ErasureState.WAITING, ended_at=None)
                | (~Q(state=ErasureState.WAITING) & Q(ended_at__isnull=False)),
                name="erasure_ended",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state=ErasureState.WAITING), name="erasure_due_idx")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_state_display()}"


class DoomedFile(models.Model):
    """An object that the storage still has to forget; written with what erased its row, gone once it is gone."""

    key = models.CharField(max_length=512, unique=True)
    at = models.DateTimeField()

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("file to delete")
        verbose_name_plural = _("files to delete")

    def __str__(self) -> str:
        return self.key


class RetentionRule(models.Model):
    """How long one kind of thing is kept, where the institute wants it otherwise than services/retention."""

    kind = models.CharField(_("what"), max_length=12, choices=RetentionKind.choices, primary_key=True)
    days = models.PositiveIntegerField(_("days"))
    is_on = models.BooleanField(_("on"), default=True)

    objects = StaffOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.days}"
