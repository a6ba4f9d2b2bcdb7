"""A teacher's day: what is due, what comes next, what is done."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q, Sum
from django.utils import timezone

from accounts.models import User
from evaluations.enums import OPEN_STATES, EvaluationState
from evaluations.models import BankComment, Evaluation

SOON = timedelta(hours=6)


def teacher_home(*, teacher: User, now: datetime) -> dict[str, Any]:
    """Counts, the next papers by deadline, the last finished ones. 4 queries."""
    mine = Evaluation.objects.filter(teacher=teacher)
    tomorrow = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    week = now - timedelta(days=7)
    counts = mine.aggregate(
        waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
        today=Count("pk", filter=Q(state__in=OPEN_STATES, due_at__lt=tomorrow)),
        late=Count("pk", filter=Q(state__in=OPEN_STATES, due_at__lt=now)),
        seconds=Sum("expected_seconds", filter=Q(state__in=OPEN_STATES)),
        done=Count("pk", filter=Q(finalised_at__gte=week)),
        in_time=Count("pk", filter=Q(finalised_at__gte=week, finalised_at__lte=F("due_at"))),
        pace=Avg("active_seconds", filter=Q(finalised_at__gte=week, active_seconds__gt=0)),
    )
    papers = mine.select_related("attempt__exam", "attempt__student")
    return {
        "counts": counts,
        "next": list(papers.filter(state__in=OPEN_STATES).order_by("due_at", "id")[:5]),
        "finished": list(
            papers.filter(state__in=[EvaluationState.FINALISED, EvaluationState.RELEASED]).order_by("-finalised_at")[:5]
        ),
        "comments": list(BankComment.objects.filter(owner=teacher)[:6]),
    }
