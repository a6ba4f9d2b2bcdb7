"""Of a student who sits an exam again only the first finished attempt counts in the statistics of its questions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from assessments.enums import AttemptState
from assessments.models import Attempt, Exam, ItemStatistics, MarkedAttempt, Response
from assessments.services import item_statistics
from assessments.services.attempt_care import cancel_attempt
from assessments.services.item_statistics import count_marked_attempts, note_marked, rebuild_item_statistics
from assessments.tests.sittings import LATER, all_statistics, answers_of, new_student, question, sit
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MIGRATION = "assessments.migrations.0033_first_attempts"


@pytest.fixture
def exam(cast: Cast) -> Exam:
    """May be sat as often as one likes."""
    Exam.objects.filter(pk=cast.exam.pk).update(max_attempts=None)
    cast.exam.refresh_from_db()
    return cast.exam


def of_first_question(exam: Exam) -> tuple[int, Decimal | None]:
    row = ItemStatistics.objects.get(version=question(exam, 1).version_id)
    return row.attempts, row.facility


def earned(attempts: Iterable[Attempt]) -> list[Decimal]:
    """For question 1, of one mark."""
    marks = dict(Response.objects.filter(attempt__in=attempts, question__number=1).values_list("attempt_id", "marks"))
    return [marks.get(attempt.pk) or Decimal(0) for attempt in attempts]


def test_repeats_make_no_question_easier(cast: Cast, exam: Exam) -> None:
    first, second = new_student(cast), new_student(cast)
    sit(exam, first, answers_of("CBx"))
    sit(exam, second, answers_of("BCR"))
    count_marked_attempts()
    before = all_statistics()
    for _again in range(5):
        sit(exam, first, answers_of("BCR"))
    assert count_marked_attempts() == 5
    assert all_statistics() == before
    assert of_first_question(exam) == (2, Decimal("0.5"))


def test_the_next_one_counts_when_the_first_is_cancelled(cast: Cast, exam: Exam) -> None:
    student = new_student(cast)
    wrong, right, _third = (sit(exam, student, answers_of(text)) for text in ("CBx", "BCR", "---"))
    count_marked_attempts()
    assert of_first_question(exam) == (1, 0)
    cancel_attempt(attempt=wrong, actor=cast.staff, now=LATER)
    count_marked_attempts()
    assert of_first_question(exam) == (1, 1)
    # One that did not count leaves what does.
    cancel_attempt(attempt=right, actor=cast.staff, now=LATER)
    count_marked_attempts()
    assert of_first_question(exam) == (1, 0)


def test_one_that_is_being_written_is_noted_as_well(cast: Cast, exam: Exam) -> None:
    """It may be submitted and counted before the cancelling of the first is seen."""
    student = new_student(cast)
    first = sit(exam, student, answers_of("CBx"))
    running = sit(exam, student, answers_of("BCR"), submit=False)
    count_marked_attempts()
    cancel_attempt(attempt=first, actor=cast.staff, now=LATER)
    due = MarkedAttempt.objects.filter(is_due=True).values_list("attempt", flat=True)
    assert set(due) == {first.pk, running.pk}
    count_marked_attempts()
    assert not all_statistics()


def test_another_exam_and_another_student_are_others(cast: Cast, exam: Exam) -> None:
    student = new_student(cast)
    again = factories.ExamFactory(paper=exam.paper)
    again.cohorts.set(exam.cohorts.all())
    sit(exam, student, answers_of("BCR"))
    sit(again, student, answers_of("CBx"))
    sit(exam, new_student(cast), answers_of("CBx"))
    count_marked_attempts()
    assert of_first_question(exam)[0] == 3


def test_first_is_what_was_started_first_whatever_its_id(cast: Cast, exam: Exam) -> None:
    student = new_student(cast)
    later, earlier = sit(exam, student, answers_of("CBx")), sit(exam, student, answers_of("BCR"))
    Attempt.objects.filter(pk=earlier.pk).update(started_at=earlier.started_at - timedelta(days=1))
    count_marked_attempts()
    assert of_first_question(exam) == (1, 1)
    assert MarkedAttempt.objects.get(attempt=later).counted == []


@pytest.mark.parametrize("seed", range(4))
def test_incremental_is_rebuilt(cast: Cast, exam: Exam, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However repeats, cancelling, corrected marks and counting follow each other."""
    monkeypatch.setattr(item_statistics, "BATCH", 3)
    random = Random(seed)
    students = [new_student(cast) for _number in range(3)]
    attempts: list[Attempt] = []
    for _turn in range(16):
        text = "".join((random.choice("ABCD-"), random.choice("BCD-"), random.choice("Rx-")))
        attempts.append(sit(exam, random.choice(students), answers_of(text)))
        one, step = random.choice(attempts), random.randrange(4)
        if step == 0:
            cancel_attempt(attempt=one, actor=cast.staff, now=LATER)
        elif step == 1:
            Response.objects.filter(attempt=one, question__number=1).update(is_correct=True, marks=1)
            note_marked([one.pk])
        elif step == 2:
            count_marked_attempts()
    count_marked_attempts()
    kept = all_statistics()
    firsts: dict[Any, Attempt] = {}
    for attempt in Attempt.objects.exclude(state=AttemptState.CANCELLED).order_by("pk"):
        firsts.setdefault(attempt.student_id, attempt)
    marks = earned(firsts.values())
    share = (sum(marks, Decimal(0)) / len(marks)).quantize(Decimal("0.0001"))
    assert of_first_question(exam) == (len(firsts), share)
    rebuild_item_statistics()
    assert all_statistics() == kept


def test_the_migration_notes_what_was_counted_before(cast: Cast, exam: Exam) -> None:
    student = new_student(cast)
    first, second, third = (sit(exam, student, answers_of("BCR")) for _number in range(3))
    Attempt.objects.filter(pk=second.pk).update(state=AttemptState.CANCELLED)
    alone = sit(exam, new_student(cast), answers_of("BCR"))
    MarkedAttempt.objects.update(is_due=False)
    import_module(MIGRATION).note_repeats(apps, connection.schema_editor())
    due = set(MarkedAttempt.objects.filter(is_due=True).values_list("attempt", flat=True))
    assert due == {third.pk}
    assert not due & {first.pk, alone.pk}
