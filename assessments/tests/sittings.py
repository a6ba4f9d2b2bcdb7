"""Whole classes that sit a paper, for the tests of statistics and of marking again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from assessments.models import Attempt, Exam, ItemStatistics, PaperQuestion
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.item_analysis import ItemSums
from courses.models import CohortMembership
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

LATER = NOW + timedelta(minutes=30)
# Of factories.small_paper: what is right.
RIGHT: dict[int, dict[str, Any]] = {1: {"choices": ["B"]}, 2: {"choices": ["A", "C"]}, 3: {"value": "3.5"}}
ALL_RIGHT = "BCR"
# A save and its line in the flight record are one statement where the database can (ADR 0013), else two.
SAVE_QUERIES = 1 if connection.vendor == "postgresql" else 2


def question(exam: Exam, number: int, alternative: str = "") -> PaperQuestion:
    assert exam.paper is not None
    return exam.paper.questions.select_related("version__question").get(number=number, alternative=alternative)


def answers_of(text: str) -> dict[int, dict[str, Any]]:
    """ "BCR": option B in question 1, A and C in question 2, right in question 3; "-" leaves a question out.

    In question 2 a letter stands for A with that letter, in question 3 anything but R is wrong.
    """
    one, two, three = text
    answers: dict[int, dict[str, Any]] = {}
    if one != "-":
        answers[1] = {"choices": [one]}
    if two != "-":
        answers[2] = {"choices": sorted({"A", two})}
    if three != "-":
        answers[3] = RIGHT[3] if three == "R" else {"value": "99"}
    return answers


def sit(exam: Exam, student: Any, answers: Mapping[int, dict[str, Any]], *, submit: bool = True) -> Attempt:
    attempt = start_attempt(exam=exam, student=student, now=NOW)
    for number, answer in answers.items():
        save_response(
            attempt=attempt,
            question_id=question(exam, number).pk,
            seq=1,
            answer=answer,
            marked_for_review=None,
            actor=student,
            now=NOW,
        )
    return submit_attempt(attempt=attempt, actor=student, now=LATER) if submit else attempt


def new_student(cast: Cast) -> Any:
    student = factories.StudentFactory()
    CohortMembership.objects.create(cohort=cast.cohort, user=student)
    factories.EntitlementFactory(user=student)
    return student


def sit_all(cast: Cast, texts: Sequence[str]) -> list[Attempt]:
    """One new student for each of `texts` (see `answers_of`)."""
    return [sit(cast.exam, new_student(cast), answers_of(text)) for text in texts]


def all_statistics() -> list[dict[str, Any]]:
    """Every number that is kept, without rows that say nothing."""
    empty = vars(ItemSums())
    rows = ItemStatistics.objects.order_by("pk").values()
    return [row for row in rows if any(row[name] != value for name, value in empty.items()) or row["flags"]]
