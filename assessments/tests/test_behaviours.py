"""What tries and certainty make of marks: tables, and what holds for every number."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.enums import Behaviour
from assessments.services.behaviours import (
    CERTAINTIES,
    Rules,
    Verdict,
    certain_marks,
    gains,
    hints_earned,
    is_closed,
    total_marks,
    tried_marks,
    tries_left,
)

IMMEDIATE, ADAPTIVE = Rules(Behaviour.IMMEDIATE), Rules(Behaviour.ADAPTIVE)


def verdicts(text: str, maximum: str = "1") -> list[Verdict]:
    """r: right, w: wrong, h: half right, ?: the key was unusable."""
    full = D(maximum)
    made = {
        "r": Verdict(True, full),
        "w": Verdict(False, D(0)),
        "h": Verdict(False, full / 2),
        "?": Verdict(None, D(0)),
    }
    return [made[letter] for letter in text]


@pytest.mark.parametrize("rules", [IMMEDIATE, ADAPTIVE])
@pytest.mark.parametrize(
    ("tries", "maximum", "penalty", "marks"),
    [
        ("", "1", "0.33", "0"),
        ("r", "1", "0.33", "1"),
        ("wr", "1", "0.33", "0.5"),
        ("wwr", "1", "0.33", "0"),
        ("wr", "3", "0.33", "2"),
        ("wwr", "3", "0.33", "1"),
        ("wr", "2", "0.33", "1"),
        ("wwr", "2", "0.33", "0.5"),
        ("www", "5", "0.33", "0"),
        ("h", "3", "0.33", "1.5"),
        ("hr", "3", "0.33", "2"),
        ("hww", "3", "0.33", "1.5"),
        ("wh", "4", "0.25", "1"),
        ("wr", "1", "0", "1"),
        ("wr", "4", "1", "0"),
        ("?r", "2", "0.5", "2"),
    ],
)
def test_marks_after_tries(rules: Rules, tries: str, maximum: str, penalty: str, marks: str) -> None:
    rules = Rules(rules.behaviour, 3, D(penalty))
    assert tried_marks(rules, D(maximum), verdicts(tries, maximum)) == D(marks)


@pytest.mark.parametrize(
    ("certainty", "right", "wrong"), [(None, "2", "0"), (1, "2", "0"), (2, "4", "-4"), (3, "6", "-12")]
)
def test_marks_by_certainty(certainty: int | None, right: str, wrong: str) -> None:
    assert certain_marks(D(2), Verdict(True, D(2)), certainty) == D(right)
    assert certain_marks(D(2), Verdict(False, D(0)), certainty) == D(wrong)
    assert certain_marks(D(2), Verdict(False, D("1.5")), certainty) == D(wrong)
    assert certain_marks(D(2), Verdict(None, D(0)), certainty) == 0


def test_most_a_question_can_earn() -> None:
    assert [Rules(behaviour).factor for behaviour in Behaviour] == [1, 1, 1, 3]
    assert Rules(Behaviour.CERTAINTY).factor * D(2) == max(right for _level, right, _wrong in gains(D(2)))


def test_what_a_student_is_told() -> None:
    assert gains(D("0.5")) == [(1, D("0.5"), D(0)), (2, D(1), D(-1)), (3, D("1.5"), D(-3))]


@pytest.mark.parametrize(
    ("tries", "closed", "left"), [("", False, 3), ("w", False, 2), ("h", False, 2), ("wr", True, 0), ("www", True, 0)]
)
def test_an_immediate_question_closes(tries: str, closed: bool, left: int) -> None:
    assert is_closed(IMMEDIATE, verdicts(tries)) is closed
    assert tries_left(IMMEDIATE, verdicts(tries)) == left


def test_an_adaptive_question_stays_open_to_a_bound() -> None:
    assert not is_closed(ADAPTIVE, verdicts("r"))
    assert tries_left(ADAPTIVE, verdicts("wr")) == 18
    assert tries_left(ADAPTIVE, verdicts("w" * 20)) == 0
    assert Rules().most_tries == Rules(Behaviour.CERTAINTY).most_tries == 0


@pytest.mark.parametrize(("tries", "hints"), [("", 0), ("w", 1), ("wh", 2), ("wwww", 2), ("r", 0), ("wr", 1)])
def test_a_hint_for_every_wrong_try(tries: str, hints: int) -> None:
    assert hints_earned(verdicts(tries), 2) == hints


@pytest.mark.parametrize(
    ("counted", "total"),
    [
        ([], "0"),
        ([(1, D(1)), (2, D("0.5"))], "1.5"),
        ([(1, D(3)), (2, D(-6))], "0"),
        ([(1, D(3)), (2, D(-2)), (3, None)], "1"),
        ([(1, D(-6)), (1, D(-2)), (2, D(3))], "1"),
        ([(1, None), (1, D(-2)), (2, D(3))], "1"),
    ],
)
def test_total(counted: list[tuple[int, D | None]], total: str) -> None:
    assert total_marks(counted) == D(total)


halves = st.integers(1, 20).map(lambda n: D(n) / 2)
penalties = st.integers(0, 100).map(lambda n: D(n) / 100)


@st.composite
def sittings(draw):
    """A question's marks, an exam's rules and some tries at it."""
    maximum = draw(halves)
    kinds = st.one_of(
        st.just(Verdict(True, maximum)),
        st.integers(0, int(maximum * 2) - 1).map(lambda n: Verdict(False, D(n) / 2)),
        st.just(Verdict(None, D(0))),
    )
    behaviour = draw(st.sampled_from([Behaviour.IMMEDIATE, Behaviour.ADAPTIVE]))
    return maximum, Rules(behaviour, draw(st.integers(1, 5)), draw(penalties)), draw(st.lists(kinds, max_size=8))


@given(sittings())
def test_marks_stay_between_nothing_and_all_in_halves(sitting) -> None:
    maximum, rules, tries = sitting
    marks = tried_marks(rules, maximum, tries)
    assert 0 <= marks <= maximum
    assert marks % D("0.5") == 0


@given(sittings(), st.data())
def test_another_try_never_takes_marks_away(sitting, data) -> None:
    maximum, rules, tries = sitting
    cut = data.draw(st.integers(0, len(tries)))
    assert tried_marks(rules, maximum, tries[:cut]) <= tried_marks(rules, maximum, tries)


@given(sittings())
def test_the_same_answer_later_never_earns_more(sitting) -> None:
    maximum, rules, tries = sitting
    wrong = Verdict(False, D(0))
    assert tried_marks(rules, maximum, [wrong, *tries]) <= tried_marks(rules, maximum, tries)


@given(sittings())
def test_putting_the_right_answer_first_never_earns_less(sitting) -> None:
    maximum, rules, tries = sitting
    ordered = sorted(tries, key=lambda verdict: verdict.marks, reverse=True)
    assert tried_marks(rules, maximum, tries) <= tried_marks(rules, maximum, ordered)


@given(sittings(), penalties)
def test_a_greater_penalty_never_earns_more(sitting, other) -> None:
    maximum, rules, tries = sitting
    low, high = sorted([rules.penalty, other])
    dear, cheap = Rules(rules.behaviour, rules.tries, high), Rules(rules.behaviour, rules.tries, low)
    assert tried_marks(dear, maximum, tries) <= tried_marks(cheap, maximum, tries)


@given(halves, st.booleans())
def test_certainty_earns_and_costs_more_the_higher(maximum: D, right: bool) -> None:
    found = [certain_marks(maximum, Verdict(right, maximum if right else D(0)), level) for level in CERTAINTIES]
    assert found == sorted(found, reverse=not right)
    assert all(-6 * maximum <= one <= 3 * maximum and one % D("0.5") == 0 for one in found)


@given(st.integers(0, 100))
def test_saying_what_one_believes_pays_most(percent: int) -> None:
    """A proper scale: 1 is best below two thirds, 2 between, 3 from four fifths."""
    chance = D(percent) / 100
    expected = {level: chance * right + (1 - chance) * wrong for level, right, wrong in gains(D(1))}
    honest = 1 if chance < D(2) / 3 else 2 if chance < D("0.8") else 3
    assert expected[honest] == max(expected.values())


@given(st.lists(st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(-12, 6).map(lambda n: D(n) / 2)))))
def test_a_total_is_never_below_nothing(counted) -> None:
    assert total_marks(counted) >= 0
