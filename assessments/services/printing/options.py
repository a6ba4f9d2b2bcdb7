"""What may be chosen when a paper is printed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from assessments.models import Paper
from common.errors import DomainError

SIZES = {"normal": 11.0, "large": 18.0}
MAX_COPY = 99_999


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """`size` is normal or large; `copy` numbers printed copies from 1; `attempt` ties the print to one sitting."""

    size: str = "normal"
    copy: int = 0
    attempt: UUID | None = None

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise DomainError(_("A paper is printed in the size normal or large."), "print_size")
        if not 0 <= self.copy <= MAX_COPY:
            raise DomainError(_("Copies are numbered from 1 to %(most)d.") % {"most": MAX_COPY}, "print_copy")

    @property
    def points(self) -> float:
        return SIZES[self.size]


def paper_code(paper: Paper) -> str:
    """A short name of the paper for people: the last digits of its id, in two groups."""
    digits = paper.pk.hex[-8:].upper()
    return f"{digits[:4]}-{digits[4:]}"
