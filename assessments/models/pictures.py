"""Pictures that questions show, kept once by what they contain."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet


class QuestionPictureQuerySet(ScopedQuerySet["QuestionPicture"]):
    def visible_to(self, user: Any) -> Self:
        """Everybody signed in: the address has the digest of the picture in it and cannot be guessed."""
        return self if user.is_authenticated else self.none()


class QuestionPicture(IdModel):
    """A picture as it is served: re-encoded, without metadata. `sha256` is of these bytes and is its address."""

    sha256 = models.CharField(max_length=64, unique=True, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField(help_text=_("Pixels"))
    height = models.PositiveIntegerField(help_text=_("Pixels"))
    size = models.PositiveIntegerField(help_text=_("Bytes"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QuestionPictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("question picture")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def name(self) -> str:
        """The last part of its address."""
        return f"{self.sha256}.{'jpg' if self.media_type == 'image/jpeg' else 'png'}"
