"""Open papers by what is left of their promise: one list of classes for the board, its links and the filter."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, CharField, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evaluations.enums import OPEN_STATES
from evaluations.models.evaluation import late_at

#: In the order in which they are asked; the first that holds is a paper's class.
KINDS: dict[str, str | Promise] = {
    "done": _("Correction, no promise"),
    "late": _("Overdue"),
    "waits": _("Waits for the student"),
    "2h": _("Under 2 h"),
    "6h": _("2 to 6 h"),
    "24h": _("6 to 24 h"),
    "48h": _("24 to 48 h"),
    "later": _("Later"),
}
#: As the board shows them.
ORDER = ("late", "2h", "6h", "24h", "48h", "later", "waits", "done")
LIMITS = {"2h": 2, "6h": 6, "24h": 24, "48h": 48}


def kinds_at(now: datetime) -> dict[str, Q]:
    """What holds of the open papers of a class that are in no class before it."""
    ends = {name: Q(due_at__lt=now + timedelta(hours=hours)) for name, hours in LIMITS.items()}
    return {
        "done": Q(finalised_at__isnull=False),
        "late": late_at(now),
        "waits": Q(paused_at__isnull=False),
        **ends,
        "later": Q(pk__isnull=False),
    }


def kind_of(now: datetime) -> Case:
    """The class of an open paper, as an expression."""
    cases = [When(condition, then=Value(name)) for name, condition in kinds_at(now).items()]
    return Case(*cases, output_field=CharField())


def is_kind(name: str, now: datetime) -> Q:
    """Open papers of one class. Raises KeyError for another name."""
    found = Q(state__in=OPEN_STATES)
    for other, condition in kinds_at(now).items():
        if other == name:
            return found & condition
        found &= ~condition
    raise KeyError(name)
