"""What a guardian sees of the students linked to them: read-only."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum

from accounts.models import User
from accounts.selectors import guardian_students
from accounts.services.consents import choices_of
from analytics.selectors.family_week import Week
from assessments.enums import AttemptState, RevealItem
from assessments.models import Attempt
from assessments.selectors.reveal import shown_by_exam
from courses.enums import LessonState
from courses.models import LessonProgress
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.models import Evaluation


def children_of(guardian: User) -> list[User]:
    """The students that `guardian` looks after, by name, each with the profile. One query."""
    return list(guardian_students(guardian).select_related("student_profile"))


def family(*, guardian: User, week: Week, now: datetime) -> list[dict[str, Any]]:
    """Each linked student with the week in numbers, what is being marked, the nearest promise first, the last returned
    paper, whose marks a guardian sees when the student does, and the consents that wait. 6 queries, one more where
    exams reveal marks later.

    However many papers a student has behind them, only the last returned one is read.
    """
    children = children_of(guardian)
    due, returned = _papers(children)
    lessons, sat = _lessons(children, week), _sat(children, week)
    waiting = {
        person.pk: sum(choice.state != "given" and choice.may_give for choice in choices)
        for person, choices in choices_of(actor=guardian, now=now, people=children)
    }
    shown = shown_by_exam([paper.attempt.exam for paper in returned.values()], now)
    return [
        {
            "student": child,
            "lessons": lessons.get(child.pk, (0, 0))[0],
            "minutes": lessons.get(child.pk, (0, 0))[1] // 60,
            "sat": sat.get(child.pk, 0),
            "due": due[child.pk],
            "consents": waiting[child.pk],
            "last": (last_paper := returned.get(child.pk)),
            "shows_marks": last_paper is not None and RevealItem.MARKS in shown[last_paper.attempt.exam_id],
        }
        for child in children
    ]


def _papers(children: list[User]) -> tuple[dict[UUID, list[Evaluation]], dict[UUID, Evaluation]]:
    """By student: papers that are with a teacher, and the one that came back last. One query."""
    last = Evaluation.objects.records().filter(
        attempt__student=OuterRef("attempt__student"), state=EvaluationState.RELEASED
    )
    rows = (
        Evaluation.objects.records()
        .filter(attempt__student__in=children)
        .filter(
            Q(state__in=PROMISED_STATES)
            | Q(pk=Subquery(last.order_by(F("released_at").desc(nulls_last=True), "-id").values("pk")[:1]))
        )
        .select_related("attempt__exam", "forecast")
        .order_by("due_at", "id")
    )
    due: dict[UUID, list[Evaluation]] = defaultdict(list)
    returned: dict[UUID, Evaluation] = {}
    for paper in rows:
        if paper.state == EvaluationState.RELEASED:
            returned[paper.attempt.student_id] = paper
        else:
            due[paper.attempt.student_id].append(paper)
    return due, returned


def _lessons(children: list[User], week: Week) -> dict[UUID, tuple[int, int]]:
    """How many lessons each finished in the week, and how many seconds these were open. One query."""
    rows = LessonProgress.objects.filter(
        enrolment__student__in=children, state=LessonState.DONE, done_at__gte=week.start, done_at__lt=week.end
    )
    counted = rows.order_by().values_list("enrolment__student").annotate(n=Count("pk"), seconds=Sum("seconds"))
    return {student: (n, seconds) for student, n, seconds in counted}


def _sat(children: list[User], week: Week) -> dict[UUID, int]:
    """How many exams and quizzes each handed in. One query."""
    rows = Attempt.objects.counted().filter(
        student__in=children, submitted_at__gte=week.start, submitted_at__lt=week.end
    )
    rows = rows.exclude(state=AttemptState.CANCELLED)
    return dict(rows.order_by().values_list("student").annotate(n=Count("pk")))
