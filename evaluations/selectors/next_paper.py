"""The paper that a teacher takes up after this one, so that its pages are there when it is opened."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import User
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation

# So much later a paper may be due and still come first, because its questions are those just marked.
SAME_QUESTIONS = timedelta(days=1)


def next_paper(*, teacher: User, after: Evaluation) -> Evaluation | None:
    """Of the papers assigned to the teacher the one that "next paper" takes once `after` is finished, in the order of
    `claims.claim_next`. Papers that wait for any teacher do not count: they are nobody's yet. At most two queries."""
    rows = Evaluation.objects.filter(teacher=teacher, state=EvaluationState.ASSIGNED, paused_at=None)
    rows = rows.exclude(pk=after.pk).order_by("due_at", "id")
    first: Evaluation | None = rows.first()
    if first is None or after.group_id is None or first.group_id == after.group_id:
        return first
    same = rows.filter(group=after.group_id, due_at__lte=first.due_at + SAME_QUESTIONS)
    return same.first() or first
