"""Results that were made elsewhere and brought here as signed bundles. Nothing of them changes."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState
from common.models import IdModel, MarksField, ScopedQuerySet


class ImportedResultQuerySet(ScopedQuerySet["ImportedResult"]):
    def visible_to(self, user: Any) -> Self:
        """Staff, the student, and the student's guardians."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        linked = user.guardian_links.filter(state=LinkState.ACTIVE).values("student_id")
        return self.filter(Q(student=user) | Q(student__in=linked)) if user.is_guardian else self.filter(student=user)


class ImportedResult(IdModel):
    """Append-only: a bundle of another installation, as it was signed. `bundle`: SHA-256 of its manifest, so one bundle
    comes once. `key`: the public key that signed it. `origin`: the evaluation there. `result`: the signed result.json,
    with texts cleaned of what must not be shown; `files`: where its pages are kept, with their hashes, in order."""

    bundle = models.CharField(max_length=64, unique=True)
    key = models.CharField(_("signed by"), max_length=60)
    origin = models.UUIDField(_("evaluation there"))
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="imported_results")
    exam_title = models.CharField(_("exam"), max_length=300)
    total = MarksField()
    most = MarksField()
    result = models.JSONField()
    files = models.JSONField(default=list)
    made_at = models.DateTimeField(_("exported"))
    imported_at = models.DateTimeField(_("imported"))
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ImportedResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported result")
        ordering = ["-imported_at", "-id"]

    def __str__(self) -> str:
        return self.exam_title
