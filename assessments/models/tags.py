"""Free words on questions, beside their place in the curriculum."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import IdModel, ScopedQuerySet

MAX_TAG = 40


class TagQuerySet(ScopedQuerySet["Tag"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever opens the bank completes by them."""
        return self if user.is_authenticated and (user.is_staff or user.is_teacher) else self.none()


class Tag(IdModel):
    """One tag as it was first written; `folded` tells tags apart without capitals."""

    name = models.CharField(_("name"), max_length=MAX_TAG)
    # Folding can make a letter three: ﬃ is “ffi”.
    folded = models.CharField(max_length=3 * MAX_TAG, unique=True, editable=False)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        ordering = ["folded"]

    def __str__(self) -> str:
        return self.name
