"""The formulas against tables worked out by hand, and against the standard library's own correlation."""

from decimal import Decimal
from statistics import correlation, mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.services import item_analysis
from assessments.services.item_analysis import OMITTED, ItemSums, MarkedItem, Sighting

SCALE = item_analysis.SCALE


def sums_of(rows):
    """`rows`: (score 0 to 1, rest 0 to 1, percent, choices)."""
    sums = ItemSums()
    for score, rest, percent, *choices in rows:
        sums.add(Sighting("v", round(score * SCALE), round(rest * SCALE), percent, tuple(choices)))
    return sums


# Ten students ranked by total; the item is right for 1, 1, 1, 1, 0, 1, 0, 0, 0, 0 and A is the key.
TEN = [
    (1, 0.9, 90, "A"),
    (1, 0.8, 82, "A"),
    (1, 0.8, 80, "A"),
    (1, 0.7, 73, "A"),
    (0, 0.7, 65, "B"),
    (1, 0.5, 55, "A"),
    (0, 0.5, 45, "B"),
    (0, 0.4, 36, "C"),
    (0, 0.3, 27, ""),
    (0, 0.2, 18, "C"),
]


def test_facility_is_the_mean_share_of_the_marks():
    assert item_analysis.facility(sums_of(TEN)) == 0.5
    assert item_analysis.facility(sums_of([(0.5, 0, 1), (1, 0, 2)])) == 0.75
    assert item_analysis.facility(ItemSums()) is None


def test_discrimination_is_the_point_biserial_correlation():
    # By hand: means of the rest 0.74 (right) and 0.42 (wrong), standard deviation √0.0496, p = q = ½.
    expected = (0.74 - 0.42) / 0.0496**0.5 * 0.5
    assert item_analysis.discrimination(sums_of(TEN)) == pytest.approx(expected)


def test_upper_lower_takes_27_percent_with_a_share_of_the_tied():
    # 2.7 of ten: above 1 + 1 + 0.7 × 1, below nothing.
    assert item_analysis.upper_lower(sums_of(TEN)) == pytest.approx(1.0)
    # Everybody has the same total: both groups are the same mixture.
    assert item_analysis.upper_lower(sums_of([(1, 0.5, 50), (0, 0.5, 50), (0, 0.5, 50)])) == 0
    # Four: 1.08 from each end. The best is right; of the two tied below, one is: 1 + 0.08 × ½.
    four = [(1, 0.9, 90), (1, 0.5, 50), (0, 0.5, 50), (0, 0.1, 10)]
    assert item_analysis.upper_lower(sums_of(four)) == pytest.approx((1 + 0.04 - 0.04) / 1.08)
    assert item_analysis.upper_lower(sums_of(four[:1])) is None


def test_choices_by_thirds():
    table = item_analysis.choice_table(sums_of(TEN))
    assert table == {"": [0, 0, 1], "A": [3, 2, 0], "B": [0, 2, 0], "C": [0, 0, 2], "all": [3, 4, 3]}
    assert sums_of(TEN).omitted == 1


def test_tied_attempts_stay_in_one_third():
    assert item_analysis.choice_table(sums_of([(1, 0.5, 50, "A")] * 5)) == {"A": [0, 5, 0], "all": [0, 5, 0]}
    assert item_analysis.choice_table(ItemSums()) == {"all": [0, 0, 0]}


@pytest.mark.parametrize(
    ("flags", "attempts", "flagged"),
    [(0, 0, False), (1, 0, True), (1, 10, False), (2, 10, True), (2, 19, True), (2, 20, False)],
)
def test_flagged_is_more_than_a_tenth(flags, attempts, flagged):
    assert item_analysis.is_flagged(flags=flags, attempts=attempts) is flagged


@pytest.mark.parametrize(
    ("value", "pairs", "reviewed", "negative"),
    [(-0.1, 30, 0, True), (-0.1, 29, 0, False), (0.0, 99, 0, False), (None, 99, 0, False), (-0.2, 59, 30, False),
     (-0.2, 60, 30, True)],
)  # fmt: skip
def test_negative_needs_enough_attempts_and_after_a_review_twice_as_many(value, pairs, reviewed, negative):
    assert item_analysis.is_negative(value=value, pairs=pairs, reviewed_pairs=reviewed) is negative


@pytest.mark.parametrize(
    ("marks", "maximum", "expected"),
    [("0", "2", 0), ("0.5", "1.5", 3333), ("1", "1.5", 6667), ("2", "2", SCALE), ("-1", "2", 0), ("3", "2", SCALE)],
)
def test_shares_are_ten_thousandths_within_bounds(marks, maximum, expected):
    assert item_analysis.share(Decimal(marks), Decimal(maximum)) == expected


# --- One attempt -----------------------------------------------------------------------------------------------------
def item(version, number, marks, maximum="1", alternative="", choices=()):
    got = None if marks is None else Decimal(marks)
    return MarkedItem(version, number, alternative, Decimal(maximum), got, choices)


def test_the_rest_leaves_the_question_out():
    seen = item_analysis.sightings([item("a", 1, "1"), item("b", 2, "0", "2"), item("c", 3, "1")])
    assert [(s.score, s.rest, s.percent) for s in seen] == [
        (SCALE, 3333, 50),
        (0, SCALE, 50),
        (SCALE, 3333, 50),
    ]


def test_a_question_alone_has_no_rest():
    assert item_analysis.sightings([item("a", 1, "1")]) == [Sighting("a", SCALE, None, 100)]
    sums = ItemSums()
    sums.add(Sighting("a", SCALE, None, 100))
    assert (sums.attempts, sums.pairs) == (1, 0)
    assert item_analysis.discrimination(sums) is None


def test_of_two_alternatives_the_one_left_out_adds_nothing():
    seen = item_analysis.sightings(
        [item("a", 1, "2", "3", "a"), item("b", 1, "0", "3", "b", (OMITTED,)), item("c", 2, "1", "1")]
    )
    assert [(s.version, s.score, s.rest, s.percent) for s in seen] == [("a", 6667, SCALE, 75), ("c", SCALE, 6667, 75)]


def test_a_question_that_cannot_be_judged_adds_nothing_and_counts_zero():
    seen = item_analysis.sightings([item("a", 1, None), item("b", 2, "1")])
    assert seen == [Sighting("b", SCALE, 0, 50)]


# --- Properties ------------------------------------------------------------------------------------------------------
SIGHTING = st.builds(
    Sighting,
    version=st.just("v"),
    score=st.sampled_from([0, 2500, 5000, SCALE]),
    rest=st.one_of(st.none(), st.integers(0, SCALE)),
    percent=st.integers(0, 100),
    choices=st.sampled_from([(), (OMITTED,), ("A",), ("B",), ("A", "C")]),
)


@given(st.lists(SIGHTING, max_size=40), st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_and_agree_with_the_standard_library(seen, random):
    sums, shuffled = ItemSums(), ItemSums()
    for one in seen:
        sums.add(one)
    random.shuffle(seen)
    for one in seen:
        shuffled.add(one)
    assert sums == shuffled
    if seen:
        assert item_analysis.facility(sums) == pytest.approx(mean(s.score for s in seen) / SCALE)
        table = item_analysis.choice_table(sums)
        assert sum(table["all"]) == len(seen)
        assert sum(table.get("A", [0])) == sum("A" in s.choices for s in seen)
    pairs = [(s.score, s.rest) for s in seen if s.rest is not None]
    value = item_analysis.discrimination(sums)
    if len({x for x, _ in pairs}) < 2 or len({y for _, y in pairs}) < 2:
        assert value is None
    else:
        assert value == pytest.approx(correlation(*zip(*pairs, strict=True)), abs=1e-9)
    if len(seen) > 1:
        assert -1 <= item_analysis.upper_lower(sums) <= 1


@given(st.lists(SIGHTING, max_size=20), st.lists(SIGHTING, max_size=20))
def test_taking_out_leaves_what_was_there(kept, withdrawn):
    sums, expected = ItemSums(), ItemSums()
    for one in kept:
        sums.add(one)
        expected.add(one)
    for one in withdrawn:
        sums.add(one)
    for one in withdrawn:
        sums.add(one, -1)
    assert sums == expected


@given(SIGHTING)
def test_what_is_stored_reads_back(seen):
    assert Sighting.read(seen.stored()) == seen
