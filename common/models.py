"""Abstract models and field helpers used by every app."""

from decimal import Decimal
from typing import Any, Self, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from uuid_utils.compat import uuid7

T = TypeVar("T", bound=models.Model)

HALF = Decimal("0.5")


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so indexes stay compact, and free to leave the system."""
    return uuid7()


class IdModel(models.Model):
    """A row whose identity may leave the system (a URL, the API, a webhook)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class ScopedQuerySet(models.QuerySet[T]):
    """Every model's queryset says what a person may see; `common.access` and the pages use nothing else."""

    def visible_to(self, user: Any) -> Self:
        raise TypeError(f"{self.model.__name__} must say what is visible to whom.")


def validate_half_marks(value: Decimal) -> None:
    """Marks come in steps of one half."""
    if value % HALF:
        raise ValidationError("Marks come in halves: 0.5, 1, 1.5 …", code="half_marks")


class MarksField(models.DecimalField):  # type: ignore[type-arg] # the stubs' arguments would forbid null=True
    """Marks: a Decimal in half-mark steps, 0 to 9999.5 (two places kept so that means can be stored)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 6)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("validators", [MinValueValidator(Decimal(0)), validate_half_marks])
        super().__init__(*args, **kwargs)
