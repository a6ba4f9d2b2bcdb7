"""What a guardian sees of the students linked to them: read-only."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from assessments.enums import RevealItem
from assessments.selectors.quizzes import quiz_bests
from assessments.selectors.reveal import shown_by_exam
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.models import Evaluation


def family(*, guardian: User, now: datetime) -> list[dict[str, Any]]:
    """Each linked student with what is being marked, the nearest promise first, and the last returned paper, whose
    marks a guardian sees when the student does, and the last quiz. 4 queries, one more each where exams or quizzes
    reveal marks later.

    However many papers a student has behind them, only the last returned one is read.
    """
    links = GuardianLink.objects.filter(guardian=guardian, state=LinkState.ACTIVE)
    students = [link.student for link in links.select_related("student__student_profile").order_by("student__name")]
    last = Evaluation.objects.records().filter(
        attempt__student=OuterRef("attempt__student"), state=EvaluationState.RELEASED
    )
    papers = (
        Evaluation.objects.records()
        .filter(attempt__student__in=students)
        .filter(
            Q(state__in=PROMISED_STATES)
            | Q(pk=Subquery(last.order_by(F("released_at").desc(nulls_last=True), "-id").values("pk")[:1]))
        )
        .select_related("attempt__exam")
        .order_by("due_at", "id")
    )
    due: dict[UUID, list[Evaluation]] = defaultdict(list)
    returned: dict[UUID, Evaluation] = {}
    for paper in papers:
        if paper.state == EvaluationState.RELEASED:
            returned[paper.attempt.student_id] = paper
        else:
            due[paper.attempt.student_id].append(paper)
    quizzes = quiz_bests(students=students, reader=guardian, now=now)
    shown = shown_by_exam([paper.attempt.exam for paper in returned.values()], now)
    return [
        {
            "student": child,
            "due": due[child.pk],
            "quiz": next(iter(quizzes[child.pk]), None),
            "last": (last_paper := returned.get(child.pk)),
            "shows_marks": last_paper is not None and RevealItem.MARKS in shown[last_paper.attempt.exam_id],
        }
        for child in students
    ]
