"""Reminders and help while the time for a paper runs out: each once, whatever the beats do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import TeacherProfile
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState, Rung
from evaluations.models import Evaluation, Reminder, SlaPause
from evaluations.services import reminders
from evaluations.services.assignment import reassign_evaluations, requeue_evaluations
from evaluations.services.claims import claim_evaluation
from evaluations.services.opening import open_evaluation
from evaluations.services.pauses import start_clock, stop_clock
from evaluations.services.reminders import remind
from evaluations.services.transitions import lock_evaluation
from evaluations.tests.builders import default_policy, evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
# NOW is Wednesday 10:00 in Kolkata. Of 48 hours half is used on Thursday 10:00, four fifths on Friday 0:24.
HALF, MOST, DUE = 24 * HOUR, 38.4 * HOUR, 48 * HOUR
BEFORE = timedelta(microseconds=-1)


def paper(cast: Any, **fields: Any) -> Evaluation:
    """With the teacher since NOW."""
    known: dict[str, Any] = {"half_at": NOW + HALF, "most_at": NOW + MOST, "remind_at": NOW + HALF}
    if "state" not in fields:
        fields |= {"teacher": cast.teacher, "assigned_at": NOW}
    default_policy()
    return evaluation_of(hand_in(cast.exam, more_students(1)[0]), **known | fields)


def slow(teacher: Any, hours_a_paper: float) -> None:
    """The paper has eight written marks."""
    TeacherProfile.objects.filter(pk=teacher.pk).update(seconds_per_mark=round(hours_a_paper * 3600 / 8))


def nobody_else(cast: Any) -> None:
    TeachingQualification.objects.exclude(teacher=cast.teacher).delete()


def told(person: Any) -> list[tuple[str, bool]]:
    rows = Notification.objects.filter(user=person).order_by("created_at", "pk")
    return [(row.title.split(":")[0], row.mail_state != "none") for row in rows]


def rungs(evaluation: Evaluation) -> list[tuple[str, bool]]:
    order = list(Rung)
    rows = Reminder.objects.filter(evaluation=evaluation)
    return sorted(((row.rung, row.is_told) for row in rows), key=lambda row: order.index(Rung(row[0])))


NUDGED = ("Half of the time is used", False)
WARNED = ("Due soon", True)
NOT_BEGUN = ("Not begun", True)


@pytest.mark.parametrize(
    ("beats", "to_teacher", "to_staff", "kept"),
    [
        ([HALF + BEFORE], [], [], []),
        ([HALF], [NUDGED], [], [("half", True)]),
        ([HALF, HALF + HOUR, MOST + BEFORE], [NUDGED], [], [("half", True)]),
        ([HALF, MOST], [NUDGED, WARNED], [NOT_BEGUN], [("half", True), ("most", True), ("help", True)]),
        # Missed beats: only the highest that is due is told.
        ([MOST], [WARNED], [NOT_BEGUN], [("half", False), ("most", True), ("help", True)]),
        ([MOST, MOST, DUE + HOUR], [WARNED], [NOT_BEGUN], [("half", False), ("most", True), ("help", True)]),
        # That it is late, staff hear from the scan of breaches.
        ([DUE + HOUR, DUE + 9 * HOUR], [("Late", True)], [], [("half", False), ("most", True)]),
    ],
)
def test_the_ladder(cast: Any, beats: Any, to_teacher: Any, to_staff: Any, kept: Any) -> None:
    nobody_else(cast)
    one = paper(cast)
    for beat in beats:
        for _again in range(2):
            remind(now=NOW + beat)
    assert told(cast.teacher) == to_teacher
    assert told(cast.staff) == to_staff
    assert rungs(one) == kept


def test_what_is_said(cast: Any) -> None:
    nobody_else(cast)
    one = paper(cast)
    assert [remind(now=NOW + HALF), remind(now=NOW + MOST)] == [1, 1]
    nudge, warning = Notification.objects.filter(user=cast.teacher).order_by("created_at")
    assert nudge.body == warning.body == f"Paper {one.short_id} is due by Fri 20 Nov, 10 am."
    assert nudge.url == f"/marking/{one.pk}/"
    staff = Notification.objects.get(user=cast.staff)
    assert staff.body == (
        "It is due Fri 20 Nov, 10 am. It is with Suresh Rao. No other teacher was found who would have it in time."
    )


@pytest.mark.parametrize("state", EvaluationState)
def test_who_began_in_time_is_not_nudged_but_warned_and_what_is_done_is_left_alone(cast: Any, state: str) -> None:
    nobody_else(cast)
    teacher = None if state == EvaluationState.QUEUED else cast.teacher
    paper(cast, state=state, teacher=teacher, assigned_at=NOW)
    TeachingQualification.objects.all().delete()
    remind(now=NOW + HALF)
    remind(now=NOW + MOST)
    seen = {
        EvaluationState.QUEUED: ([], [NOT_BEGUN]),
        EvaluationState.ASSIGNED: ([NUDGED, WARNED], [NOT_BEGUN]),
        EvaluationState.IN_PROGRESS: ([WARNED], []),
    }
    assert (told(cast.teacher), told(cast.staff)) == seen.get(EvaluationState(state), ([], []))


def test_a_paper_opened_again_for_a_correction_has_no_promise(cast: Any) -> None:
    paper(cast, finalised_at=NOW)
    assert remind(now=NOW + MOST) == 0


# --- Help ------------------------------------------------------------------------------------------------------------
def test_a_paper_not_begun_goes_to_who_has_time(cast: Any) -> None:
    slow(cast.teacher, 3)
    slow(cast.colleague, 0.2)
    one = paper(cast)
    assert remind(now=NOW + MOST) == 1
    one.refresh_from_db()
    assert (one.state, one.teacher) == (EvaluationState.ASSIGNED, cast.colleague)
    moved = one.transitions.get(name="reassign")
    assert (moved.actor, moved.reason) == (None, "four fifths of the time are used and it was not begun")
    assert one.decisions.get().reason == f"Given to {cast.colleague.name}: {moved.reason}"
    gone = Notification.objects.get(user=cast.teacher)
    assert gone.title == f"Paper {one.short_id}, {cast.exam.title}, went to another teacher"
    assert told(cast.staff) == []
    # Who has it now is warned by the next scan, and it is given to nobody else.
    for minute in range(1, 4):
        remind(now=NOW + MOST + timedelta(minutes=minute))
    assert told(cast.colleague) == [("A paper to mark", False), WARNED]
    one.refresh_from_db()
    assert one.teacher == cast.colleague
    assert Reminder.objects.filter(rung=Rung.HELP).count() == 1


def test_nobody_gets_more_than_their_cap(cast: Any) -> None:
    slow(cast.teacher, 3)
    slow(cast.colleague, 0.2)
    TeacherProfile.objects.filter(pk=cast.colleague.pk).update(open_paper_cap=0)
    one = paper(cast)
    remind(now=NOW + MOST)
    one.refresh_from_db()
    assert one.teacher == cast.teacher
    assert (told(cast.teacher), told(cast.staff)) == ([WARNED], [NOT_BEGUN])


def test_what_staff_gave_after_the_rung_stays_and_the_new_teacher_is_warned(cast: Any) -> None:
    nobody_else(cast)
    one = paper(cast)
    remind(now=NOW + MOST)
    TeachingQualification.objects.create(teacher=cast.colleague, programme=cast.exam.programme)
    later = NOW + MOST + HOUR
    reassign_evaluations(evaluations=[one], teacher=cast.colleague, actor=cast.staff, reason="Ill", now=later)
    slow(cast.colleague, 9)
    for _again in range(2):
        remind(now=later)
    assert told(cast.colleague) == [("A paper to mark", False), WARNED]
    one.refresh_from_db()
    assert one.teacher == cast.colleague
    assert told(cast.staff) == [NOT_BEGUN]


def test_who_is_given_a_paper_after_half_of_its_time_is_not_nudged(cast: Any) -> None:
    paper(cast, state=EvaluationState.ASSIGNED, teacher=cast.teacher, assigned_at=NOW + HALF + HOUR)
    assert remind(now=NOW + HALF + HOUR) == 0
    assert told(cast.teacher) == []


def test_a_paper_that_waits_is_assigned_first(cast: Any) -> None:
    one = paper(cast, state=EvaluationState.QUEUED)
    remind(now=NOW + MOST)
    one.refresh_from_db()
    assert one.teacher is not None
    assert told(cast.staff) == []


# --- The moments -----------------------------------------------------------------------------------------------------
def test_the_moments_come_with_the_paper(cast: Any) -> None:
    one = open_evaluation(attempt_id=hand_in(cast.exam, cast.student).pk, now=NOW)
    assert one is not None
    assert (one.half_at, one.most_at, one.remind_at) == (NOW + HALF, NOW + MOST, NOW + HALF)


def test_a_pause_moves_what_is_not_reached(cast: Any) -> None:
    one = paper(cast)
    remind(now=NOW + HALF)
    with transaction.atomic():
        stop_clock(lock_evaluation(one.pk), now=NOW + 30 * HOUR)
    assert remind(now=NOW + MOST) == 0
    with transaction.atomic():
        start_clock(lock_evaluation(one.pk), at=NOW + 36 * HOUR)
    one.refresh_from_db()
    assert one.half_at == NOW + HALF
    assert (one.most_at, one.remind_at, one.due_at) == (NOW + MOST + 6 * HOUR,) * 2 + (NOW + DUE + 6 * HOUR,)
    assert remind(now=NOW + MOST + 6 * HOUR + BEFORE) == 0
    assert remind(now=NOW + MOST + 6 * HOUR) == 1


def test_a_paper_that_comes_again_is_a_new_promise(cast: Any) -> None:
    nobody_else(cast)
    one = paper(cast)
    remind(now=NOW + HALF)
    Evaluation.objects.filter(pk=one.pk).update(state=EvaluationState.RETURNED)
    again = NOW + 30 * HOUR
    requeue_evaluations(evaluations=[one], actor=cast.staff, reason="Clear now", now=again)
    one.refresh_from_db()
    assert one.remind_at == one.half_at == again + HALF
    claim_evaluation(evaluation=one, teacher=cast.teacher, now=again)
    Evaluation.objects.filter(pk=one.pk).update(state=EvaluationState.ASSIGNED)
    assert remind(now=again + HALF) == 1
    assert told(cast.teacher) == [NUDGED, NUDGED]


def test_rows_from_before_are_filled_in_batches_with_their_pauses(cast: Any, monkeypatch: Any) -> None:
    nothing: dict[str, datetime | None] = {"half_at": None, "most_at": None, "remind_at": None}
    monkeypatch.setattr(reminders, "BATCH", 2)
    old = [paper(cast, **nothing) for _ in range(3)]
    paused = old[0]
    moved = {"due_before": NOW + DUE, "due_after": NOW + DUE + HOUR}
    SlaPause.objects.create(evaluation=paused, started_at=NOW + HOUR, ended_at=NOW + 2 * HOUR, **moved)
    Evaluation.objects.filter(pk=paused.pk).update(due_at=NOW + DUE + HOUR)
    for _again in range(3):
        assert remind(now=NOW) == 0
    found = {one.pk: (one.half_at, one.most_at, one.remind_at) for one in Evaluation.objects.all()}
    assert found.pop(paused.pk) == (NOW + HALF + HOUR, NOW + MOST + HOUR, NOW + HALF + HOUR)
    assert set(found.values()) == {(NOW + HALF, NOW + MOST, NOW + HALF)}


def test_a_calendar_without_working_days_does_not_stop_the_scan(cast: Any) -> None:
    one = paper(cast, half_at=None, most_at=None, remind_at=None)
    one.policy.calendar.opening_hours.all().delete()
    assert remind(now=NOW + HALF) == 1
    one.refresh_from_db()
    assert (one.half_at, one.most_at) == (NOW + HALF, NOW + MOST)


def test_a_scan_without_anything_due_is_three_reads_of_indexes(cast: Any, django_assert_num_queries: Any) -> None:
    for _paper in range(5):
        paper(cast)
    with django_assert_num_queries(3) as reads:
        remind(now=NOW)
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of five papers any way is cheap: only reading in the order of an index is left to choose from.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        indexes = ["evaluation_no_rungs_idx", "evaluation_remind_idx", "evaluation_held_idx"]
        for read, index in zip(reads, indexes, strict=True):
            cursor.execute(explain + read["sql"])
            assert index in str(cursor.fetchall())


# --- At once ---------------------------------------------------------------------------------------------------------
def test_eight_scans_at_once_tell_once(transactional_db: Any, cast: Any) -> None:
    nobody_else(cast)
    for _paper in range(4):
        paper(cast)
    assert sum(run_at_once([lambda: remind(now=NOW + HALF)] * 8)) == 4
    assert told(cast.teacher) == [NUDGED] * 4
    assert sum(run_at_once([lambda: remind(now=NOW + MOST)] * 8)) == 4
    assert told(cast.teacher) == [NUDGED] * 4 + [WARNED] * 4
    assert told(cast.staff) == [NOT_BEGUN] * 4


def test_eight_scans_at_once_give_a_paper_away_once(transactional_db: Any, cast: Any) -> None:
    slow(cast.teacher, 3)
    slow(cast.colleague, 0.2)
    one = paper(cast)
    run_at_once([lambda: remind(now=NOW + MOST)] * 8)
    assert one.transitions.filter(name="reassign").count() == 1
    assert Notification.objects.filter(user=cast.teacher).count() == 1


def test_the_database_itself_keeps_each_rung_single(cast: Any) -> None:
    one = paper(cast)
    row = {"evaluation": one, "promised_from": NOW, "at": NOW, "is_told": True}
    for rung, first, second in (
        (Rung.HALF, cast.teacher, cast.teacher),
        (Rung.MOST, None, None),
        (Rung.HELP, cast.teacher, cast.colleague),
    ):
        Reminder.objects.create(**row, rung=rung, teacher=first)
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.create(**row, rung=rung, teacher=second)
