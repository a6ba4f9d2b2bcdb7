"""Time on questions: told by devices, kept once, bounded, and turned into medians."""

from __future__ import annotations

import statistics
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assessments.models import ItemStatistics, Response
from assessments.selectors.item_statistics import median_seconds
from assessments.services import time_histogram
from assessments.services.attempt_care import cancel_attempt
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.item_analysis import ItemSums, Sighting
from assessments.services.item_statistics import count_marked_attempts, rebuild_item_statistics
from assessments.services.paper_times import PaperTime, likely_time, paper_time
from assessments.services.times import note_times
from assessments.tests.sittings import LATER, SAVE_QUERIES, all_statistics, new_student, question, sit, sit_all
from common.errors import DomainError, NotPermittedError
from common.templatetags.ui_times import seconds_text
from common.testing.database import run_at_once
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def attempt(cast):
    return start_attempt(exam=cast.exam, student=cast.student, now=NOW)


def save(attempt, number, seq, seconds=None, now=SOON, **given):
    given = {"answer": {"choices": ["B"]}, "marked_for_review": None, **given}
    asked = question(attempt.exam, number).pk
    return save_response(
        attempt=attempt, question_id=asked, seq=seq, seconds=seconds, actor=attempt.student, now=now, **given
    )


def note(attempt, now=SOON, **seconds):
    told = {str(question(attempt.exam, int(name[1:])).pk): value for name, value in seconds.items()}
    return note_times(attempt=attempt, seconds=told, actor=attempt.student, now=now)


def stored(attempt):
    rows = Response.objects.filter(attempt=attempt).order_by("question__number")
    return dict(rows.values_list("question__number", "seconds"))


class TestTelling:
    def test_comes_with_an_answer_in_the_same_statement(self, attempt, django_assert_num_queries):
        save(attempt, 1, 1, 10)
        asked = question(attempt.exam, 1).pk
        with django_assert_num_queries(SAVE_QUERIES):
            save_response(
                attempt=attempt, question_id=asked, seq=2, answer={"choices": ["C"]}, marked_for_review=None,
                seconds=31, actor=attempt.student, now=SOON,
            )  # fmt: skip
        assert stored(attempt) == {1: 31}

    def test_repeated_reordered_and_from_a_second_tab_it_counts_once(self, attempt):
        for seq, seconds in ((1, 10), (1, 10), (3, 40), (2, 25), (4, 15), (5, None)):
            save(attempt, 1, seq, seconds)
        assert stored(attempt) == {1: 40}
        for seconds in (40, 12, 41, 41):
            note(attempt, q1=seconds)
        assert stored(attempt) == {1: 41}

    def test_of_a_question_that_is_left_without_an_answer(self, attempt):
        save(attempt, 1, 7, 10)
        assert sorted(note(attempt, q1=30, q2=20).values()) == [20, 30]
        kept, seen = Response.objects.filter(attempt=attempt).order_by("question__number")
        assert (kept.seq, kept.answer, kept.seconds) == (7, {"choices": ["B"]}, 30)
        assert (seen.seq, seen.answer, seen.seconds) == (0, {}, 20)
        save(attempt, 2, 1, answer={"choices": ["A", "C"]})
        assert stored(attempt) == {1: 30, 2: 20}
        submit_attempt(attempt=attempt, actor=attempt.student, now=LATER)
        attempt.refresh_from_db()
        assert attempt.objective_marks == question(attempt.exam, 1).marks + question(attempt.exam, 2).marks

    def test_is_bounded_by_the_time_the_attempt_has_run(self, attempt):
        save(attempt, 1, 1, 10**6)
        note(attempt, q2=10**6)
        assert stored(attempt) == {1: 300, 2: 300}

    def test_of_all_questions_together_is_no_more_than_the_attempt_ran(self, attempt):
        note(attempt, now=LATER, q1=1800, q2=1200, q4=600)
        submit_attempt(attempt=attempt, actor=attempt.student, now=LATER)
        assert stored(attempt) == {1: 900, 2: 600, 4: 300}

    def test_of_an_honest_device_is_left_alone(self, attempt):
        note(attempt, now=LATER, q1=1000, q2=800)
        submit_attempt(attempt=attempt, actor=attempt.student, now=LATER)
        assert stored(attempt) == {1: 1000, 2: 800}

    @pytest.mark.parametrize("bad", [-1, True, "5", 2.5, 2**31])
    def test_that_is_none_is_refused(self, attempt, bad):
        for call in (lambda: save(attempt, 1, 1, bad), lambda: note(attempt, q1=bad)):
            with pytest.raises(DomainError) as refused:
                call()
            assert refused.value.code == "bad_seconds"
        assert not Response.objects.exists()

    def test_of_strangers_other_papers_and_after_the_end_is_refused(self, attempt, cast):
        asked = str(question(cast.exam, 1).pk)
        with pytest.raises(NotPermittedError):
            note_times(attempt=attempt, seconds={asked: 3}, actor=cast.classmate, now=SOON)
        with pytest.raises(DomainError) as refused:
            note_times(attempt=attempt, seconds={str(attempt.pk): 3}, actor=cast.student, now=SOON)
        assert refused.value.code == "unknown_question"
        submit_attempt(attempt=attempt, actor=cast.student, now=SOON)
        with pytest.raises(DomainError) as refused:
            note(attempt, q1=3)
        assert refused.value.code == "already_submitted"

    def test_costs_the_same_for_one_question_and_for_many(self, attempt, django_assert_num_queries):
        ids = [str(pk) for pk in attempt.paper.questions.values_list("pk", flat=True)]
        tell = {"attempt": attempt, "actor": attempt.student, "now": SOON}
        note_times(seconds={ids[0]: 1}, **tell)
        with django_assert_num_queries(5):  # savepoint, lock, read, write, release
            note_times(seconds={ids[0]: 2}, **tell)
        with django_assert_num_queries(5):
            note_times(seconds=dict.fromkeys(ids, 3), **tell)


@pytest.mark.usefixtures("transactional_db")
def test_told_by_many_at_once_the_largest_stays(cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    asked = question(cast.exam, 1).pk

    def noting(seconds):
        return lambda: note_times(attempt=attempt, seconds={str(asked): seconds}, actor=cast.student, now=SOON)

    def saving(seq):
        return lambda: save_response(
            attempt=attempt, question_id=asked, seq=seq, answer={"choices": ["B"]}, marked_for_review=None,
            seconds=10 * seq, actor=cast.student, now=SOON,
        )  # fmt: skip

    run_at_once([noting(33), saving(2), noting(57), saving(4), noting(5), saving(1)])
    assert Response.objects.get().seconds == 57


class TestApi:
    def test_refuses_what_is_no_time(self, client, cast):
        attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
        one = str(question(cast.exam, 1).pk)
        client.force_login(cast.student)

        def put(name, *args, **body):
            return client.put(reverse(name, args=args), body, content_type="application/json")

        assert put("api-attempt-response", attempt.pk, one, seq=1, answer={}, seconds=-3).status_code == 422
        assert put("api-attempt-times", attempt.pk, seconds={one: "long"}).status_code == 422
        assert put("api-attempt-times", attempt.pk, seconds={"no id": 3}).status_code == 422
        assert put("api-attempt-times", attempt.pk, seconds=[3]).status_code == 422
        assert put("api-attempt-times", attempt.pk).status_code == 422
        refused = put("api-attempt-times", attempt.pk, seconds={str(attempt.pk): 3})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_question")

    def test_keeps_what_it_is_told(self, client, cast, monkeypatch):
        attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
        one, two = (str(question(cast.exam, number).pk) for number in (1, 2))
        monkeypatch.setattr("assessments.api.views.timezone.now", lambda: SOON)
        client.force_login(cast.student)
        save_url = reverse("api-attempt-response", args=[attempt.pk, one])
        body = {"seq": 1, "answer": {"choices": ["B"]}, "seconds": 12}
        assert client.put(save_url, body, content_type="application/json").status_code == 200
        times = {"seconds": {one: 5, two.upper(): 40}}
        told = client.put(reverse("api-attempt-times", args=[attempt.pk]), times, content_type="application/json")
        assert told.json() == {"seconds": {one: 12, two: 40}}
        shown = client.get(reverse("api-attempt", args=[attempt.pk])).json()["responses"]
        assert {key: row["seconds"] for key, row in shown.items()} == {one: 12, two: 40}


# --- Histogram -------------------------------------------------------------------------------------------------------
def counted(times: list[int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seconds in times:
        bucket = time_histogram.bucket_of(seconds)
        counts[bucket] = counts.get(bucket, 0) + 1
    return counts


@given(st.lists(st.integers(1, 20_000), min_size=2, max_size=60))
def test_quartiles_are_those_of_the_times_within_the_stated_error(times: list[int]) -> None:
    exact = statistics.quantiles(times, n=4, method="inclusive")
    assert exact[1] == pytest.approx(statistics.median(times))
    for told, true in zip(time_histogram.quartiles(counted(times)), exact, strict=True):
        assert told is not None
        assert abs(told - true) <= time_histogram.ALPHA * true + 0.5 + 1e-9


def test_every_time_is_near_its_bucket_and_short_ones_are_exact() -> None:
    for seconds in range(1, 20_000):
        told = time_histogram.seconds_in(time_histogram.bucket_of(seconds))
        assert abs(told - seconds) <= time_histogram.ALPHA * seconds * (1 + 1e-9), seconds
        assert round(told) == seconds or seconds > 24
    assert len(counted(list(range(3 * 3600)))) <= 240
    assert time_histogram.quartiles({}) == (None, None, None)
    assert time_histogram.quartiles(counted([7])) == (7, 7, 7)
    assert time_histogram.quartiles(counted([0, 0, 0])) == (0, 0, 0)


def test_taking_out_leaves_what_was_there() -> None:
    random, sums = Random(3), ItemSums()
    seen = [Sighting("v", 0, None, 50, (), random.choice([None, *range(1, 400)])) for _ in range(50)]
    for one in seen[:20]:
        sums.add(one)
    before = ItemSums(**{**vars(sums), "times": dict(sums.times), "by_percent": {"50": [20, 0]}})
    for one in seen[20:]:
        sums.add(one)
    for one in reversed(seen[20:]):
        sums.add(one, -1)
    assert sums == before


def test_sightings_of_before_there_were_times_are_read() -> None:
    old = ["v", 1, 2, 3, ["A"]]
    assert Sighting.read(old).stored() == old
    assert Sighting.read([*old, 75]).seconds == 75
    assert Sighting.read([*old, 75]).stored() == [*old, 75]


# --- Statistics ------------------------------------------------------------------------------------------------------
def sit_timed(cast: Any, seconds: list[int]) -> list[Any]:
    """One new student each, who had question 1 so long in view; only every other one answers it."""
    attempts = []
    for turn, spent in enumerate(seconds):
        attempt = sit(cast.exam, new_student(cast), {1: {"choices": ["B"]}} if turn % 2 else {}, submit=False)
        note(attempt, now=LATER, q1=spent, q2=0)
        attempts.append(submit_attempt(attempt=attempt, actor=attempt.student, now=LATER))
    return attempts


def row_of(cast, number=1):
    return ItemStatistics.objects.get(version=question(cast.exam, number).version_id)


def test_medians_are_kept_attempt_by_attempt_and_counted_again_the_same(cast):
    times = [130, 20, 95, 400, 61, 75]
    attempts = sit_timed(cast, times)
    sit_all(cast, ["BCR"])  # of a browser without scripts: nothing is measured, and nothing is said
    count_marked_attempts()
    row = row_of(cast)
    assert (row.attempts, row.timed, row.seconds) == (7, 6, sum(times))
    assert row.median_seconds == pytest.approx(statistics.median(times), rel=0.02, abs=0.5)
    assert row.lower_seconds == pytest.approx(statistics.quantiles(times, method="inclusive")[0], rel=0.02, abs=0.5)
    assert (row_of(cast, 2).timed, row_of(cast, 2).median_seconds) == (0, None)
    kept = all_statistics()
    rebuild_item_statistics()
    assert all_statistics() == kept
    cancel_attempt(attempt=attempts[3], actor=cast.staff, now=LATER)
    count_marked_attempts()
    row = row_of(cast)
    assert (row.timed, row.seconds) == (5, sum(times) - 400)
    assert median_seconds([row.pk]) == {row.pk: row.median_seconds}
    kept = all_statistics()
    rebuild_item_statistics()
    assert all_statistics() == kept


def test_question_page_and_office_say_the_median(client, cast):
    found = question(cast.exam, 1).version.question
    sit_all(cast, ["BCR"])
    count_marked_attempts()
    client.force_login(cast.teacher)
    page = reverse("question-page", args=[found.pk])
    assert "Time on screen" not in client.get(page).content.decode()
    sit_timed(cast, [130, 20, 95, 400, 61, 75])
    count_marked_attempts()
    shown = client.get(page).content.decode()
    row = row_of(cast)
    assert f"median {seconds_text(row.median_seconds)} over 6 attempts" in shown
    assert f"half of them {seconds_text(row.lower_seconds)} to {seconds_text(row.upper_seconds)}" in shown
    client.force_login(cast.staff)
    listed = client.get(reverse("admin:assessments_itemstatistics_changelist")).content.decode()
    assert seconds_text(row.median_seconds) in listed
    changed = client.get(reverse("admin:assessments_itemstatistics_change", args=[row.pk])).content.decode()
    assert f"{seconds_text(row.lower_seconds)} – {seconds_text(row.upper_seconds)}" in changed


# --- Papers ----------------------------------------------------------------------------------------------------------
def test_time_of_a_paper_is_the_sum_of_means_and_the_rest_goes_by_marks():
    rows = [(Decimal(1), 60.0), (Decimal(1), 90.0), (Decimal(2), None)]
    assert likely_time(rows) == PaperTime(seconds=300, timed=2, questions=3)
    assert likely_time([*rows, (Decimal(1), None)]) is None
    assert likely_time([]) is None


def test_pages_of_papers_say_how_long_they_take(client, cast, django_assert_num_queries):
    sit_timed(cast, [60] * 5)
    count_marked_attempts()
    paper = cast.exam.paper
    client.force_login(cast.teacher)
    questions = list(paper.questions.all())
    with django_assert_num_queries(1):
        assert paper_time(questions) is None  # one mark of eleven
    ItemStatistics.objects.bulk_create(
        [ItemStatistics(version_id=pk) for pk in {row.version_id for row in questions}], ignore_conflicts=True
    )
    ItemStatistics.objects.update(timed=10, seconds=1200)
    numbers = len({row.number for row in questions})
    with django_assert_num_queries(1):
        assert paper_time(questions) == PaperTime(120 * numbers, numbers, numbers)
    shown = client.get(reverse("paper-page", args=[paper.pk])).content.decode()
    assert f"Students take about {seconds_text(120 * numbers)}" in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"), (0, "0 s"), (45, "45 s"), (60, "1 min"), (130, "2 min 10 s"), (3599, "59 min 59 s"),
        (3600, "1 h"), (8400, "2 h 20 min"), (7199, "2 h"),
    ],
)  # fmt: skip
def test_lengths_in_words(seconds, said):
    assert seconds_text(seconds).replace("—", "–") == said
