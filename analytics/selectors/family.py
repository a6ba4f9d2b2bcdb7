"""What a guardian sees of the students linked to them: read-only."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from assessments.models import Attempt
from evaluations.enums import OPEN_STATES, EvaluationState

RECENT = 20


def family(*, guardian: User) -> list[dict[str, Any]]:
    """Each linked student with what is being marked and the last returned paper. 2 queries."""
    attempts = Attempt.objects.select_related("exam", "evaluation").order_by("-id")
    links = (
        GuardianLink.objects.filter(guardian=guardian, state=LinkState.ACTIVE)
        .select_related("student__student_profile")
        .prefetch_related(Prefetch("student__attempts", queryset=attempts))
        .order_by("student__name")
    )
    return [child_row(link.student, list(link.student.attempts.all())) for link in links]


def child_row(student: User, attempts: list[Attempt]) -> dict[str, Any]:
    evaluations = [a.evaluation for a in attempts if hasattr(a, "evaluation")]
    released = [e for e in evaluations if e.state == EvaluationState.RELEASED]
    return {
        "student": student,
        "attempts": attempts[:RECENT],
        "due": sorted((e for e in evaluations if e.state in OPEN_STATES), key=lambda e: e.due_at),
        "last": released[0] if released else None,
        "released": released,
    }


def child(*, student: User, now: datetime) -> dict[str, Any]:
    """One student's papers for their guardian. 1 query."""
    attempts = list(
        Attempt.objects.filter(student=student)
        .select_related("exam", "paper", "evaluation__teacher")
        .order_by("-id")[:RECENT]
    )
    return child_row(student, attempts) | {"now": now}
