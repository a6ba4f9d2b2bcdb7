from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.services.totals import (
    MarkedQuestion,
    MarkError,
    SchemeStep,
    checked_free_marks,
    checked_steps,
    counted_alternatives,
    counted_method,
    method_totals,
    paper_total,
    question_total,
)

HALVES = st.integers(0, 12).map(lambda n: Decimal(n) / 2)
STEPS = st.builds(
    lambda index, marks, part, alternative, method: SchemeStep(f"s{index}", marks, part, alternative, method),
    st.integers(0, 8),
    HALVES,
    st.sampled_from(["", "i", "ii", "iii"]),
    st.sampled_from(["", "a", "b"]),
    st.integers(1, 3),
)
SCHEMES = st.lists(STEPS, max_size=9, unique_by=lambda step: step.id)

CASE = [
    SchemeStep("1", Decimal(1), "i"),
    SchemeStep("2", Decimal(1), "ii"),
    SchemeStep("3", Decimal(1), "iii", "a"),
    SchemeStep("4", Decimal(1), "iii", "a"),
    SchemeStep("5", Decimal("0.5"), "iii", "b"),
    SchemeStep("6", Decimal("1.5"), "iii", "b"),
]


def marks(**given: str) -> dict[str, Decimal]:
    return {key.removeprefix("s"): Decimal(value) for key, value in given.items()}


def test_of_a_parts_alternatives_the_better_one_counts():
    assert question_total(CASE, marks(s1="1", s3="1", s5="0.5", s6="1"), Decimal(4)) == Decimal("2.5")
    assert question_total(CASE, marks(s1="1", s3="1", s4="1", s6="1"), Decimal(4)) == Decimal(3)
    assert question_total(CASE, {}, Decimal(4)) == 0


TWO_WAYS = [
    SchemeStep("1", Decimal(1)),
    SchemeStep("2", Decimal(2)),
    SchemeStep("3", Decimal("1.5"), method=2),
    SchemeStep("4", Decimal("1.5"), method=2),
]


@pytest.mark.parametrize(
    ("given", "totals", "counted"),
    [
        (marks(s1="1", s2="2"), ("3", "0"), 1),
        (marks(s3="1.5", s4="1"), ("0", "2.5"), 2),
        # Both written or mixed: the better one, never the sum of both.
        (marks(s1="1", s3="1.5"), ("1", "1.5"), 2),
        (marks(s1="1", s2="2", s3="1.5", s4="1.5"), ("3", "3"), 1),
        (marks(s1="1", s2="0.5", s4="1.5"), ("1.5", "1.5"), 1),
        ({}, ("0", "0"), None),
    ],
)
def test_of_two_methods_the_better_one_counts_and_the_first_on_a_tie(given, totals, counted):
    found = method_totals(TWO_WAYS, given, Decimal(3))
    assert found == {1: Decimal(totals[0]), 2: Decimal(totals[1])}
    assert counted_method(found) == counted
    assert question_total(TWO_WAYS, given, Decimal(3)) == max(found.values())


@given(SCHEMES, st.dictionaries(st.sampled_from([f"s{n}" for n in range(9)]), HALVES), HALVES)
def test_a_question_is_worth_its_best_method_and_marks_for_another_do_not_change_that_one(scheme, given, maximum):
    totals = method_totals(scheme, given, maximum)
    assert set(totals) == {step.method for step in scheme}
    best = question_total(scheme, given, maximum)
    assert best == max(totals.values(), default=0)
    counted = counted_method(totals)
    assert (counted is None) == (best == 0)
    for method, total in totals.items():
        alone = [step for step in scheme if step.method == method]
        assert question_total(alone, given, maximum) == total <= best
        assert total < best or counted is None or counted <= method


def test_of_a_numbers_alternatives_the_better_one_counts_and_a_on_a_tie():
    marked = [
        MarkedQuestion(4, "", Decimal(2)),
        MarkedQuestion(5, "a", Decimal("1.5")),
        MarkedQuestion(5, "b", Decimal(3)),
        MarkedQuestion(6, "b", Decimal(1)),
        MarkedQuestion(6, "a", Decimal(1)),
    ]
    assert paper_total(marked, Decimal(20)) == Decimal(6)
    assert counted_alternatives(marked) == {4: "", 5: "b", 6: "a"}


@given(SCHEMES, st.dictionaries(st.sampled_from([f"s{n}" for n in range(9)] + ["foreign"]), HALVES), HALVES)
def test_a_question_total_is_within_bounds_and_grows_with_every_mark(scheme, given, maximum):
    total = question_total(scheme, given, maximum)
    assert 0 <= total <= maximum
    assert total % Decimal("0.5") == 0
    more = {**given, **{step.id: given.get(step.id, Decimal(0)) + Decimal("0.5") for step in scheme}}
    assert question_total(scheme, more, maximum) >= total


MARKED = st.builds(MarkedQuestion, st.integers(1, 6), st.sampled_from(["", "a", "b"]), HALVES)


@given(st.lists(MARKED, max_size=12, unique_by=lambda q: (q.number, q.alternative)), HALVES)
def test_a_paper_total_is_within_bounds_and_does_not_depend_on_the_order(marked, maximum):
    total = paper_total(marked, maximum)
    assert 0 <= total <= maximum
    assert paper_total(reversed(marked), maximum) == total
    assert total <= sum((q.marks for q in marked), Decimal(0))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"9": Decimal(1)}, "unknown_step"),
        ({"1": Decimal("1.5")}, "out_of_bounds"),
        ({"1": Decimal("-0.5")}, "out_of_bounds"),
        ({"1": Decimal("0.25")}, "half_marks"),
        ({"1": Decimal("NaN")}, "half_marks"),
        ({"1": Decimal("Infinity")}, "half_marks"),
        ({"1": Decimal("1E+50")}, "half_marks"),
    ],
)
def test_step_marks_outside_the_scheme_are_refused(given, code):
    with pytest.raises(MarkError) as error:
        checked_steps(CASE, given)
    assert error.value.code == code


def test_steps_of_zero_are_left_out():
    assert checked_steps(CASE, {"1": Decimal(0), "2": Decimal("0.5")}) == {"2": Decimal("0.5")}


@pytest.mark.parametrize(
    ("marks", "reason", "code"),
    [
        ("5.5", "why", "out_of_bounds"),
        ("-1", "why", "out_of_bounds"),
        ("0.3", "why", "half_marks"),
        ("2", "  ", "reason_missing"),
    ],
)
def test_free_marks_need_bounds_and_a_reason(marks, reason, code):
    with pytest.raises(MarkError) as error:
        checked_free_marks(Decimal(marks), Decimal(5), reason)
    assert error.value.code == code
