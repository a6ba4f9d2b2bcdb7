"""How far markers agree, from pairs of marks that were given to the same answers blind."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Avg, Count, FloatField, Q
from django.db.models.functions import Abs, Cast

from evaluations.models import MarkPair

#: Fewer pairs say nothing of a marker.
FEWEST_PAIRS = 10


def mean_difference_of(teacher: UUID, *, since: datetime) -> float | None:
    """By how much of a question's marks the teacher and others differ on average, 0 to 1; None with few pairs."""
    theirs = MarkPair.objects.filter(Q(first=teacher) | Q(second=teacher), at__gte=since, max_marks__gt=0)
    first, second, most = (Cast(name, FloatField()) for name in ("first_marks", "second_marks", "max_marks"))
    share = Abs(first - second) / most
    found = theirs.order_by().aggregate(n=Count("pk"), mean=Avg(share))
    return float(found["mean"]) if found["n"] >= FEWEST_PAIRS else None
