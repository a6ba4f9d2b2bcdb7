"""Who looks after whom, and who agreed to what."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import ConsentKind, LinkState, Relation
from common.models import IdModel, ScopedQuerySet


class GuardianLinkQuerySet(ScopedQuerySet["GuardianLink"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(guardian=user) | Q(student=user))

    def active(self) -> Self:
        return self.filter(state=LinkState.ACTIVE)


class GuardianLink(IdModel):
    """A guardian's read-only view of a student."""

    guardian = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="guardian_links")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="student_links")
    relation = models.CharField(_("relation"), max_length=20, choices=Relation.choices, default=Relation.GUARDIAN)
    state = models.CharField(_("state"), max_length=10, choices=LinkState.choices, default=LinkState.INVITED)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GuardianLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("guardian link")
        constraints = [
            models.UniqueConstraint(fields=["guardian", "student"], name="guardian_link_unique"),
            models.CheckConstraint(condition=~Q(guardian=F("student")), name="guardian_link_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} → {self.student}"


class ConsentTextQuerySet(ScopedQuerySet["ConsentText"]):
    def visible_to(self, user: Any) -> Self:
        """Everybody signed in may read what people are asked to agree to."""
        return self if user.is_authenticated else self.none()


class ConsentText(IdModel):
    """The words of a consent, in one language. Append-only: other words are a new version, and are asked for again."""

    kind = models.CharField(_("about"), max_length=20, choices=ConsentKind.choices)
    language = models.CharField(_("language"), max_length=5, choices=[("en", "English"), ("hi", "हिन्दी")])
    version = models.PositiveIntegerField(_("version"), validators=[MinValueValidator(1)])
    text = models.TextField(_("text"), max_length=4000)
    published_at = models.DateTimeField(_("from"), default=timezone.now, editable=False)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("text of a consent")
        verbose_name_plural = _("texts of consents")
        ordering = ["kind", "-version", "language"]
        constraints = [models.UniqueConstraint(fields=["kind", "language", "version"], name="consent_text_unique")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.version}, {self.language}"


class ConsentQuerySet(ScopedQuerySet["Consent"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        linked = GuardianLink.objects.active().filter(guardian=user)
        return self.filter(Q(person=user) | Q(given_by=user) | Q(person__in=linked.values("student_id")))


class Consent(IdModel):
    """Who agreed to which text, for whom and when."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(_("about"), max_length=20, choices=ConsentKind.choices)
    text = models.ForeignKey(
        ConsentText, models.PROTECT, null=True, blank=True, related_name="consents", db_index=False,
        help_text=_("Empty for consents from before texts were kept here."),
    )  # fmt: skip
    text_version = models.CharField(_("version of the text"), max_length=20)
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(withdrawn_at__isnull=True), name="consent_one_standing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"
