"""Statistics that are kept up to date attempt by attempt are those that are counted from scratch."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from statistics import correlation

import pytest
from django.urls import reverse

from assessments import tasks
from assessments.models import Attempt, ItemStatistics, MarkedAttempt, Question, Response
from assessments.selectors.item_statistics import ChoiceRow, choice_rows, figures_of, statistics_of
from assessments.services import item_statistics
from assessments.services.attempt_care import cancel_attempt
from assessments.services.item_statistics import (
    count_marked_attempts,
    note_marked,
    note_written_marks,
    rebuild_item_statistics,
)
from assessments.tests.sittings import LATER, all_statistics, question, sit_all
from common.testing.database import run_at_once

pytestmark = pytest.mark.django_db

CLASS = ["BCR", "BCR", "BCx", "BBR", "CC-", "B-x", "CDx", "D--", "ABx", "---"]


def of(exam, number, alternative=""):
    return ItemStatistics.objects.get(version=question(exam, number, alternative).version_id)


def test_submitted_attempts_are_counted_once(cast):
    sit_all(cast, CLASS)
    assert MarkedAttempt.objects.filter(is_due=True).count() == 10
    assert (tasks.count_item_statistics(), tasks.count_item_statistics()) == (10, 0)
    first = of(cast.exam, 1)
    assert (first.attempts, first.omitted, first.facility) == (10, 1, Decimal("0.5"))
    assert first.choice_table["B"][0] == first.choice_table["all"][0]
    version = question(cast.exam, 1).version
    assert choice_rows(version, first)[-2:] == [ChoiceRow("D", 0, 0, 1), ChoiceRow("", 0, 0, 1)]
    assert sum(row.total for row in choice_rows(version, first)) == 10
    # Written questions have not been marked.
    assert not ItemStatistics.objects.filter(version=question(cast.exam, 4).version_id).exists()


def test_discrimination_is_the_correlation_with_the_rest_of_the_paper(cast):
    sit_all(cast, CLASS)
    count_marked_attempts()
    marks = {
        (attempt, number): marks or 0
        for attempt, number, marks in Response.objects.values_list("attempt", "question__number", "marks")
    }
    attempts = list(Attempt.objects.values_list("pk", flat=True))
    item = [float(marks.get((a, 1), 0)) for a in attempts]
    rest = [float(marks.get((a, 2), 0) + marks.get((a, 3), 0)) for a in attempts]
    assert float(of(cast.exam, 1).discrimination) == pytest.approx(correlation(item, rest), abs=1e-3)


def test_counting_again_changes_nothing(cast):
    attempts = sit_all(cast, CLASS[:4])
    count_marked_attempts()
    before = all_statistics()
    note_marked([attempt.pk for attempt in attempts])
    assert count_marked_attempts() == 4
    assert all_statistics() == before


def test_released_marks_replace_what_was_counted(cast):
    first, second = sit_all(cast, ["BCR", "---"])
    count_marked_attempts()
    four, five = question(cast.exam, 4), question(cast.exam, 5, "a")
    note_written_marks(attempt_id=first.pk, marks={four.pk: Decimal("1.5"), five.pk: Decimal(5)})
    note_written_marks(attempt_id=second.pk, marks={four.pk: Decimal(3)})
    assert count_marked_attempts() == 2
    assert (of(cast.exam, 4).attempts, of(cast.exam, 4).facility) == (2, Decimal("0.75"))
    # Of the choice only the alternative that was answered is counted.
    assert (of(cast.exam, 5, "a").attempts, of(cast.exam, 5, "a").facility) == (1, 1)
    assert not ItemStatistics.objects.filter(version=question(cast.exam, 5, "b").version_id).exists()
    # The rest of question 1 is now the whole paper: 3 + 1.5 + 5 of 11, and 3 of 11.
    assert of(cast.exam, 1).rests == 8636 + 2727
    # A paper that was opened again and released with other marks.
    note_written_marks(attempt_id=second.pk, marks={four.pk: Decimal(0)})
    count_marked_attempts()
    assert (of(cast.exam, 4).attempts, of(cast.exam, 4).facility) == (2, Decimal("0.25"))


def test_a_cancelled_attempt_leaves_no_trace(cast):
    sit_all(cast, CLASS[:3])
    count_marked_attempts()
    before = all_statistics()
    [more] = sit_all(cast, ["CBx"])
    count_marked_attempts()
    assert all_statistics() != before
    cancel_attempt(attempt=more, actor=cast.staff, now=LATER)
    assert count_marked_attempts() == 1
    assert all_statistics() == before


def test_an_unusable_key_counts_in_no_statistics_of_its_question(cast):
    [attempt] = sit_all(cast, ["BCR"])
    Response.objects.filter(attempt=attempt, question__number=1).update(is_correct=None, marks=0)
    count_marked_attempts()
    assert not ItemStatistics.objects.filter(version=question(cast.exam, 1).version_id).exists()
    assert of(cast.exam, 2).attempts == 1


@pytest.mark.parametrize("seed", range(4))
def test_incremental_is_rebuilt(cast, seed, monkeypatch):
    """Any order of submitting, marking, changing, cancelling and counting ends with the same numbers."""
    monkeypatch.setattr(item_statistics, "BATCH", 3)
    random = Random(seed)
    attempts = []
    written = [question(cast.exam, 4), question(cast.exam, 5, "a"), question(cast.exam, 5, "b")]
    for _turn in range(14):
        attempts += sit_all(cast, ["".join((random.choice("ABCD-"), random.choice("BCD-"), random.choice("Rx-")))])
        one = random.choice(attempts)
        step = random.randrange(5)
        if step == 0:
            marks = {q.pk: Decimal(random.randrange(0, 7)) / 2 for q in random.sample(written, 2)}
            note_written_marks(attempt_id=one.pk, marks=marks)
        elif step == 1:
            cancel_attempt(attempt=one, actor=cast.staff, now=LATER)
        elif step == 2:
            Response.objects.filter(attempt=one, question__number=1).update(is_correct=True, marks=1)
            note_marked([one.pk])
        elif step == 3:
            count_marked_attempts()
    count_marked_attempts()
    kept = all_statistics()
    assert kept
    rebuild_item_statistics()
    assert all_statistics() == kept


def test_rebuild_finds_what_was_sat_before_there_were_statistics(cast):
    sit_all(cast, CLASS)
    count_marked_attempts()
    before = all_statistics()
    MarkedAttempt.objects.all().delete()
    ItemStatistics.objects.all().delete()
    assert rebuild_item_statistics() == 10
    assert all_statistics() == before


def test_a_row_that_cannot_be_read_does_not_hold_up_the_others(cast):
    bad, _good = sit_all(cast, ["BCR", "BCR"])
    Response.objects.filter(attempt=bad, question__number=1).update(answer=["no", "object"])
    assert count_marked_attempts() == 2
    assert of(cast.exam, 1).attempts == 1


def test_writers_of_questions_see_figures_and_no_chance(client, cast, django_assert_num_queries):
    found = question(cast.exam, 1).version.question
    page = reverse("question-page", args=[found.pk])
    client.force_login(cast.teacher)
    assert "How students do" not in client.get(page).content.decode()
    sit_all(cast, CLASS)
    count_marked_attempts()
    shown = client.get(page).content.decode()
    for words in ("in 10 sittings, left out in 1", "50% of its marks", "too few answers yet", "Upper third"):
        assert words in shown
    ItemStatistics.objects.update(pairs=30, discrimination=Decimal("-0.4"), is_negative=True)
    shown = client.get(page).content.decode()
    assert "-0.40" in shown
    assert "Look at the key" in shown
    expected = of(cast.exam, 1).choice_table["B"]
    found = Question.objects.select_related("current").get(pk=found.pk)
    with django_assert_num_queries(1):
        figures = figures_of(found, least=30)
    assert figures.choices[1] == ChoiceRow("B", *expected)


def test_reading_costs_one_query(cast, django_assert_num_queries):
    sit_all(cast, CLASS[:2])
    count_marked_attempts()
    ids = list(ItemStatistics.objects.values_list("pk", flat=True))
    with django_assert_num_queries(1):
        assert set(statistics_of(ids)) == set(ids)


def test_counting_costs_the_same_for_one_attempt_and_for_many(cast, django_assert_max_num_queries):
    sit_all(cast, CLASS)
    with django_assert_max_num_queries(17):  # PostgreSQL needs one more, for its lock
        count_marked_attempts()


@pytest.mark.usefixtures("transactional_db")
def test_counted_by_many_at_once(cast, monkeypatch):
    monkeypatch.setattr(item_statistics, "BATCH", 2)
    sit_all(cast, CLASS)
    assert sum(run_at_once([count_marked_attempts] * 4 + [lambda: count_marked_attempts(wait=True)])) == 10
    kept = all_statistics()
    assert ItemStatistics.objects.get(version=question(cast.exam, 1).version_id).attempts == 10
    rebuild_item_statistics()
    assert all_statistics() == kept
