"""How young students sign in under a guardian, and invitations between the two."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Relation
from common.models import IdModel, ScopedQuerySet


class FamilyCodeQuerySet(ScopedQuerySet["FamilyCode"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(guardian=user)


class FamilyCode(IdModel):
    """The word that a guardian's children sign in under. No secret by itself: each child has a PIN besides."""

    guardian = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="family_code")
    code = models.CharField(_("family code"), max_length=16, unique=True)
    made_at = models.DateTimeField(_("made"))

    objects = FamilyCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("family code")

    def __str__(self) -> str:
        return f"{self.guardian}: {self.code}"


class FamilyPinQuerySet(ScopedQuerySet["FamilyPin"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(student=user) | Q(family__guardian=user))


class FamilyPin(IdModel):
    """A child's PIN under a family code. `first_name` is written as it is compared; `failures` counts wrong PINs since
    the last right one."""

    student = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="family_pin")
    family = models.ForeignKey(FamilyCode, models.CASCADE, related_name="pins")
    first_name = models.CharField(max_length=60)
    pin = models.CharField(max_length=200)
    failures = models.PositiveSmallIntegerField(default=0)
    set_at = models.DateTimeField(_("set"))

    objects = FamilyPinQuerySet.as_manager()

    class Meta:
        verbose_name = _("PIN")
        constraints = [models.UniqueConstraint(fields=["family", "first_name"], name="family_pin_one_of_a_name")]

    def __str__(self) -> str:
        return str(self.student)

    @property
    def guardian_id(self) -> Any:
        return self.family.guardian_id


class GuardianInvitationQuerySet(ScopedQuerySet["GuardianInvitation"]):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(Q(invited_by=user) | Q(student=user) | Q(guardian=user))

    def open(self, now: Any) -> Self:
        return self.filter(closed_at__isnull=True, expires_at__gt=now)


class GuardianInvitation(IdModel):
    """Asks whoever reads `email` to be the guardian of `student`, or the student of `guardian`; exactly one of the two
    is known. The mailed token is kept as a digest and is good for one answer."""

    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    guardian = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    relation = models.CharField(_("relation"), max_length=20, choices=Relation.choices, default=Relation.GUARDIAN)
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("until"))
    closed_at = models.DateTimeField(_("answered"), null=True, blank=True)
    accepted = models.BooleanField(_("accepted"), default=False)

    objects = GuardianInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation of a guardian")
        verbose_name_plural = _("invitations of guardians")
        constraints = [
            models.CheckConstraint(
                condition=Q(student__isnull=True) ^ Q(guardian__isnull=True), name="invitation_of_one_side"
            )
        ]

    def __str__(self) -> str:
        return f"{self.student or self.guardian} → {self.email}"
