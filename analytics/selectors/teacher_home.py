"""A teacher's home beside the plan of the day: what is due, what is done."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum

from accounts.models import User
from common.local_times import day_start
from evaluations.enums import DONE_STATES, OPEN_STATES
from evaluations.models import BankComment, Evaluation
from evaluations.models.evaluation import late_at
from evaluations.selectors.calibration import practice_cards


def teacher_home(*, teacher: User, now: datetime) -> dict[str, Any]:
    """Counts, the papers finished last, comments. 4 queries, two more where practice is asked for."""
    mine = Evaluation.objects.filter(teacher=teacher)
    # What was finished once and is open for a correction is work, but no promise any more.
    promised = Q(state__in=OPEN_STATES, finalised_at__isnull=True)
    tomorrow = day_start(now, days=1)
    week = now - timedelta(days=7)
    counts = mine.aggregate(
        waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
        today=Count("pk", filter=promised & Q(due_at__lt=tomorrow)),
        late=Count("pk", filter=promised & late_at(now)),
        seconds=Sum("expected_seconds", filter=Q(state__in=OPEN_STATES)),
        done=Count("pk", filter=Q(finalised_at__gte=week)),
        in_time=Count("pk", filter=Q(finalised_at__gte=week, finalised_at__lte=F("due_at"))),
    )
    papers = mine.select_related("attempt__exam")
    return {
        "counts": counts,
        "finished": list(papers.filter(state__in=DONE_STATES).order_by("-finalised_at")[:5]),
        "practice": practice_cards(teacher, now),
        "comments": list(BankComment.objects.filter(owner=teacher)[:6]),
    }
