"""Turns in the first seconds of an exam that is set for many."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from assessments.models import Attempt, Exam
from assessments.selectors import attempts as selectors
from assessments.services import attempts as services
from assessments.services.attempts import TurnError, start_attempt
from assessments.services.start_turns import MOST, turn_of
from courses.models import CohortMembership
from tests import factories
from tests.cast import Cast
from tests.factories import NOW

EXAM = uuid.UUID(int=7)


def turns(crowd: int) -> list[float]:
    """Seconds after the opening for `crowd` students."""
    return sorted(
        (turn_of(exam_id=EXAM, student_id=uuid.UUID(int=n), opens_at=NOW, crowd=crowd) - NOW).total_seconds()
        for n in range(crowd)
    )


def test_a_class_starts_together() -> None:
    assert set(turns(20)) == {0.0}


def test_a_batch_is_spread_evenly_over_a_few_seconds() -> None:
    waits = turns(120)
    assert waits[0] < 1
    assert 5 < waits[-1] < 6
    assert all(10 <= sum(second <= wait < second + 1 for wait in waits) <= 35 for second in range(6))


def test_nobody_waits_longer_than_promised() -> None:
    assert turns(5000)[-1] < MOST.total_seconds()


def test_pressing_again_does_not_move_the_turn() -> None:
    assert len({turn_of(exam_id=EXAM, student_id=EXAM, opens_at=NOW, crowd=500) for _ in range(5)}) == 1


@pytest.fixture
def full(cast: Cast) -> Exam:
    """The exam of the cast, set for 160, so that eight seconds are shared."""
    students = [factories.StudentFactory() for _ in range(160)]
    CohortMembership.objects.bulk_create(CohortMembership(cohort=cast.cohort, user=student) for student in students)
    return cast.exam


def open_at(exam: Exam, moment: object) -> None:
    Exam.objects.filter(pk=exam.pk).update(opens_at=moment)
    exam.refresh_from_db()


def test_time_is_counted_from_the_start_and_not_from_the_opening(cast: Cast, full: Exam) -> None:
    open_at(full, NOW)
    turn = turn_of(exam_id=full.pk, student_id=cast.student.pk, opens_at=NOW, crowd=selectors.crowd_of(full))
    assert NOW < turn < NOW + MOST
    with pytest.raises(TurnError) as told:
        start_attempt(exam=full, student=cast.student, now=NOW)
    seconds = told.value.details["retry_after"]
    assert isinstance(seconds, int)
    assert str(seconds) in told.value.message
    attempt = start_attempt(exam=full, student=cast.student, now=NOW + timedelta(seconds=seconds))
    assert attempt.ends_at - attempt.started_at == timedelta(minutes=full.duration_minutes)


def test_later_nobody_waits_and_nobody_counts(cast: Cast, full: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    open_at(full, NOW - MOST)
    monkeypatch.setattr(services, "crowd_of", lambda exam: pytest.fail("counted for nothing"))
    assert start_attempt(exam=full, student=cast.student, now=NOW).started_at == NOW


def test_page_and_api_say_how_long(cast: Cast, full: Exam, client: Client) -> None:
    def turn(student: User) -> object:
        return turn_of(exam_id=full.pk, student_id=student.pk, opens_at=NOW, crowd=161)

    student = max(User.objects.filter(cohort_memberships__cohort=cast.cohort, is_student=True), key=turn)
    open_at(full, timezone.now())
    client.force_login(student)
    page = client.post(reverse("exam-start", args=[full.pk]))
    assert page.status_code == 429
    assert 1 <= int(page["Retry-After"]) <= 8
    assert f'data-seconds="{page["Retry-After"]}"' in page.content.decode()
    answer = client.post(reverse("api-exam-attempts", args=[full.pk]))
    assert (answer.status_code, answer.json()["code"]) == (429, "not_your_turn")
    assert int(answer["Retry-After"]) == answer.json()["retry_after"]
    assert not Attempt.objects.filter(exam=full).exists()
