"""How fast teachers mark: measured by type of question, believed with care, and used where work is expected."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp, log
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import TeacherProfile
from evaluations.models import Evaluation, MarkEvent, MarkingSpeed
from evaluations.services.assignment import assign_evaluation
from evaluations.services.claims import claim_evaluation, claim_next, renew_lease
from evaluations.services.finishing import finalise_evaluation, reopen_evaluation
from evaluations.services.forecasting import open_queue
from evaluations.services.marking import save_mark
from evaluations.services.measuring import measure_speeds
from evaluations.services.opening import open_evaluation
from evaluations.services.pictures import ask_picture
from evaluations.services.speeds import (
    FASTEST,
    PRIOR_PAPERS,
    SLOWEST,
    USUAL_SPREAD,
    WIDEST,
    Pace,
    Sign,
    Spent,
    measured_speed,
    time_spent,
    whole,
)
from evaluations.services.workload import fill_missing_work, marks_left, work_of
from evaluations.tests.builders import declare_not_attempted, evaluation_of, hand_in, marking, more_students, written
from tests.factories import NOW

SECOND = timedelta(seconds=1)
SHORT, LONG = "short_answer", "long_answer"
A, B, C = uuid4(), uuid4(), uuid4()


# --- Time between signs of work --------------------------------------------------------------------------------------
def test_time_goes_to_the_question_that_was_marked_after_it() -> None:
    signs = [
        Sign(A, SHORT, 3, 40),
        Sign(B, LONG, 5, 340),  # read for five minutes, heartbeats counting
        Sign(A, SHORT, 3, 350),  # back to the first
        Sign(C, SHORT, 2, 390),
    ]
    assert time_spent(signs) == {SHORT: Spent(90, 5), LONG: Spent(300, 5)}
    assert whole(time_spent(signs).values()) == Spent(390, 10)


def test_what_another_marked_is_not_the_teacher_s_time() -> None:
    signs = [Sign(A, SHORT, 3, 100, is_own=False), Sign(B, SHORT, 2, 130)]
    assert time_spent(signs) == {SHORT: Spent(30, 2)}


def test_nothing_is_made_up_where_the_counter_was_not_kept_or_stood_still() -> None:
    assert time_spent([Sign(A, SHORT, 3, None), Sign(B, SHORT, 2, 130)]) == {}
    assert time_spent([Sign(A, SHORT, 3, 0), Sign(B, LONG, 2, 10)]) == {LONG: Spent(10, 2)}
    assert time_spent([]) == {}


# --- What is believed ------------------------------------------------------------------------------------------------
def drawn(mean: float, spread: float, count: int, seed: int = 1) -> list[float]:
    dice = random.Random(seed)
    variance = log(1 + spread**2)
    return [exp(dice.gauss(log(mean) - variance / 2, variance**0.5)) for _ in range(count)]


def test_without_a_paper_the_start_value_holds() -> None:
    speed = measured_speed([], prior=45)
    assert (round(speed.seconds_per_mark, 6), round(speed.spread, 6), speed.papers) == (45, USUAL_SPREAD, 0)


@pytest.mark.parametrize(("mean", "spread"), [(20, 0.2), (60, 0.4), (150, 0.6)])
def test_many_papers_show_the_speed_and_its_spread(mean: float, spread: float) -> None:
    errors = []
    for seed in range(20):
        speed = measured_speed(drawn(mean, spread, 50, seed), prior=mean)
        errors.append(speed.seconds_per_mark / mean - 1)
        assert abs(speed.spread - spread) < 0.25
    assert abs(sum(errors) / len(errors)) < 0.05


def test_one_paper_moves_it_a_fifth_of_the_way_on_the_scale_of_factors() -> None:
    once = measured_speed([90.0], prior=45)
    more = measured_speed([90.0] * 20, prior=45)
    assert 45 < once.seconds_per_mark < 60 < more.seconds_per_mark <= 90 * 1.02
    assert PRIOR_PAPERS == 4


def test_one_paper_asleep_changes_little() -> None:
    usual = drawn(40, 0.3, 30)
    calm, wild = measured_speed(usual, prior=40), measured_speed([*usual, 600.0], prior=40)
    assert abs(wild.seconds_per_mark / calm.seconds_per_mark - 1) < 0.05
    assert abs(wild.spread - calm.spread) < 0.05


RATES = st.lists(st.floats(0.001, 1e5), max_size=60)


@given(RATES, st.floats(1, 1000))
def test_speeds_are_positive_bounded_and_do_not_depend_on_the_order(rates: list[float], prior: float) -> None:
    speed = measured_speed(rates, prior=prior)
    assert FASTEST <= speed.seconds_per_mark <= SLOWEST
    assert 0 <= speed.spread <= WIDEST + 1e-9
    assert measured_speed(sorted(rates), prior=prior) == speed


@given(st.lists(st.floats(5, 600), min_size=1, max_size=40), st.floats(5, 600))
def test_slower_papers_never_make_a_teacher_faster(rates: list[float], prior: float) -> None:
    """All slower by the same factor: the spread stays, the speed does not fall."""
    slower = [rate * 1.5 for rate in rates if rate * 1.5 <= 600]
    if len(slower) == len(rates):
        before, after = measured_speed(rates, prior=prior), measured_speed(slower, prior=prior)
        assert after.seconds_per_mark >= before.seconds_per_mark * 0.999


def test_a_pace_takes_the_usual_speed_for_what_was_not_measured() -> None:
    pace = Pace(usual=40, by_type={LONG: 60})
    assert pace.seconds({LONG: 5, SHORT: 3}) == 5 * 60 + 3 * 40


# --- Of real papers --------------------------------------------------------------------------------------------------
pytestmark_db = pytest.mark.django_db


def mark(paper: Evaluation, number: int, at: datetime, alternative: str = "") -> None:
    question = written(paper.attempt.exam, number, alternative)
    version = MarkEvent.objects.filter(evaluation=paper, question=question).count()
    assert paper.teacher is not None
    save_mark(
        evaluation=paper,
        question_id=question.pk,
        version=version,
        steps={},
        free_marks=Decimal(1),
        comment=f"Seen {version}",
        actor=paper.teacher,
        now=at,
    )


def finished(cast: Any, *, short: int, long: int, teacher: Any = None) -> Evaluation:
    """A paper of which question 4 (3 marks) took so many seconds and 5a (5 marks) so many."""
    who = teacher or cast.teacher
    paper = marking(cast.exam, more_students(1)[0], who)
    mark(paper, 4, NOW + short * SECOND)
    at = NOW + short * SECOND
    left = long
    while left > 60:  # the desk's heartbeat
        at, left = at + 60 * SECOND, left - 60
        renew_lease(evaluation=paper, teacher=who, now=at)
    mark(paper, 5, at + left * SECOND, "a")
    return finalise_evaluation(evaluation=paper, actor=who, now=at + left * SECOND)


def speeds(teacher: Any) -> dict[str, MarkingSpeed]:
    return {row.question_type: row for row in MarkingSpeed.objects.filter(teacher=teacher.pk)}


@pytestmark_db
def test_finishing_measures_each_type(cast: Any) -> None:
    types = {n: written(cast.exam, n, a).type for n, a in ((4, ""), (5, "a"))}
    assert types[4] != types[5]
    for _ in range(12):
        finished(cast, short=60, long=400)
    known = speeds(cast.teacher)
    assert known.keys() == {"", types[4], types[5]}
    assert known[types[4]].seconds_per_mark < 35 < 60 < known[types[5]].seconds_per_mark
    assert {row.papers for row in known.values()} == {12}
    assert known[""].spread < 0.25, "twelve papers alike"


@pytestmark_db
def test_measuring_again_changes_nothing(cast: Any) -> None:
    finished(cast, short=100, long=300, teacher=cast.colleague)
    for _ in range(3):
        finished(cast, short=60, long=400)
    profile = TeacherProfile.objects.get(pk=cast.teacher.pk)
    before = list(MarkingSpeed.objects.values("teacher", "question_type", "seconds_per_mark", "spread", "papers"))
    assert measure_speeds(profile=profile, now=NOW) == 3
    assert (
        list(MarkingSpeed.objects.values("teacher", "question_type", "seconds_per_mark", "spread", "papers")) == before
    )
    assert measure_speeds(profile=cast.newcomer.teacher_profile, now=NOW) == 0


@pytestmark_db
def test_neither_a_picture_that_is_waited_for_nor_a_correction_counts(cast: Any) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    mark(paper, 4, NOW + 60 * SECOND)
    page = paper.attempt.uploads.first().pages.first()
    asked = NOW + 90 * SECOND
    ask_picture(
        evaluation=paper, page_id=page.pk, region=None, reason="blurred", words="", actor=cast.teacher, now=asked
    )
    days = timedelta(days=2)
    paper.picture_requests.update(state="withdrawn", closed_at=asked)
    Evaluation.objects.filter(pk=paper.pk).update(paused_at=None)
    claim_evaluation(evaluation=paper, teacher=cast.teacher, now=NOW + days)
    mark(paper, 5, NOW + days + 80 * SECOND, "a")
    done = finalise_evaluation(evaluation=paper, actor=cast.teacher, now=NOW + days + 80 * SECOND)
    events = list(MarkEvent.objects.order_by("id").values_list("active_seconds", flat=True))
    assert events == [60, 60 + 30 + 120 + 80], "of two days at most two minutes count"
    before = list(MarkingSpeed.objects.order_by("id").values_list("seconds_per_mark", flat=True))
    reopen_evaluation(evaluation=done, actor=cast.staff, reason="A slip", now=NOW + 2 * days)
    claim_evaluation(evaluation=done, teacher=cast.teacher, now=NOW + 2 * days)
    mark(done, 4, NOW + 2 * days + 100 * SECOND)
    finalise_evaluation(evaluation=done, actor=cast.teacher, now=NOW + 2 * days + 100 * SECOND)
    profile = TeacherProfile.objects.get(pk=cast.teacher.pk)
    measure_speeds(profile=profile, now=NOW)
    assert list(MarkingSpeed.objects.order_by("id").values_list("seconds_per_mark", flat=True)) == before


@pytestmark_db
def test_what_is_to_be_marked_is_kept_by_type_and_without_what_was_left_out(cast: Any) -> None:
    attempt, other = hand_in(cast.exam, cast.student), hand_in(cast.exam, cast.classmate)
    declare_not_attempted(other, 4)
    kinds = [written(cast.exam, n, a).type for n, a in ((4, ""), (5, "a"))]
    assert work_of([(attempt.pk, attempt.paper_id), (other.pk, other.paper_id)]) == {
        attempt.pk: {"questions": 2, "marks": dict(zip(kinds, (3.0, 5.0), strict=True))},
        other.pk: {"questions": 1, "marks": {kinds[1]: 5.0}},
    }
    opened = open_evaluation(attempt_id=other.pk, now=NOW)
    assert opened is not None
    assert opened.expected_seconds == 5 * 45
    assert marks_left({"questions": 2, "marks": {SHORT: 6}}, 1) == {SHORT: 3}
    assert marks_left({"questions": 0, "marks": {}}, 1) == {}
    old = evaluation_of(attempt)
    assert (fill_missing_work(), fill_missing_work()) == (1, 0)
    old.refresh_from_db()
    assert old.work["questions"] == 2


@pytestmark_db
def test_assignment_claims_and_the_forecast_expect_the_measured_time(cast: Any) -> None:
    kinds = [written(cast.exam, n, a).type for n, a in ((4, ""), (5, "a"))]
    for teacher, short, long in ((cast.teacher, 10.0, 100.0), (cast.colleague, 60.0, 60.0)):
        for kind, speed in zip([*kinds, ""], (short, long, 50.0), strict=True):
            MarkingSpeed.objects.create(
                teacher_id=teacher.pk, question_type=kind, seconds_per_mark=speed, spread=0.3, papers=9, updated_at=NOW
            )
    quick, slow = 3 * 60 + 5 * 60, 3 * 10 + 5 * 100
    paper = evaluation_of(hand_in(cast.exam, cast.student))
    assert assign_evaluation(evaluation=paper, now=NOW).chosen == cast.colleague
    paper.refresh_from_db()
    assert paper.expected_seconds == quick
    pulled = evaluation_of(hand_in(cast.exam, cast.classmate))
    assert claim_next(teacher=cast.teacher, now=NOW) == pulled
    pulled.refresh_from_db()
    assert pulled.expected_seconds == slow
    queue = open_queue(NOW)
    markers: dict[UUID, Any] = {marker.id: marker for marker in queue.markers}
    waiting = {one.id: one for one in queue.papers}
    assert markers[cast.colleague.pk].seconds(waiting[paper.pk]) == quick
    assert markers[cast.teacher.pk].seconds(waiting[pulled.pk]) == slow
    assert {
        markers[cast.teacher.pk].spread,
        markers[cast.newcomer.pk].spread if cast.newcomer.pk in markers else 0.3,
    } == {0.3}
