"""Counting papers against brute force, what is missing, totals."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from math import comb

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.enums import QuestionType
from assessments.services.drawing_rules import Candidate, Slot, seats_of
from assessments.services.feasibility import PaperCount, count_papers, judge, ranges, stock_of
from assessments.tests.test_drawing_rules import LEVELS, TYPES, candidate, slot, uid


def fills(slots: list[Slot], chosen: tuple[Candidate, ...]) -> bool:
    """Whether the seats can be shared out among exactly these questions, by trying."""
    seats = seats_of(slots)

    def place(index: int, left: tuple[Candidate, ...]) -> bool:
        if index == len(seats):
            return True
        return any(
            seats[index].slot.takes(item) and place(index + 1, left[:n] + left[n + 1 :]) for n, item in enumerate(left)
        )

    return place(0, chosen)


def brute_force(slots: list[Slot], bank: list[Candidate]) -> int:
    return sum(fills(slots, chosen) for chosen in combinations(bank, len(seats_of(slots))))


small_banks = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(TYPES), st.integers(1, 3), st.sampled_from(LEVELS)), max_size=9
).map(
    lambda shapes: [
        candidate(number, unit=unit, type=type, difficulty=difficulty, level=level)
        for number, (unit, type, difficulty, level) in enumerate(shapes)
    ]
)
small_blueprints = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sets(st.sampled_from(TYPES), min_size=1),
        st.booleans(),
        st.sets(st.integers(1, 3), max_size=2),
        st.sets(st.sampled_from(LEVELS), max_size=1),
    ),
    min_size=1,
    max_size=4,
).map(
    lambda shapes: [
        Slot(
            "A", number, uid(unit), f"Unit {unit}", frozenset(types), Decimal(1), choice, frozenset(hard), frozenset(lv)
        )
        for number, (unit, types, choice, hard, lv) in enumerate(shapes, start=1)
    ]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(slots=small_blueprints, bank=small_banks)
def test_the_number_of_papers_is_that_of_brute_force(slots: list[Slot], bank: list[Candidate]) -> None:
    wanted = brute_force(slots, bank)
    assert count_papers(slots=slots, stock=stock_of(bank)) == PaperCount(wanted)
    bound = count_papers(slots=slots, stock=stock_of(bank), max_steps=0)
    assert bound.number <= wanted
    assert (bound.number > 0) == (wanted > 0), "a paper that exists is never denied"


CASES = [
    ([slot(1)], [candidate(1), candidate(2)], 2),
    ([slot(1), slot(2)], [candidate(n) for n in range(5)], comb(5, 2)),
    ([slot(1), slot(2, unit=2)], [candidate(1), candidate(2), candidate(3, unit=2)], 2),
    ([slot(1, types=(TYPES[2],), choice=True)], [candidate(n, type=TYPES[2]) for n in range(4)], comb(4, 2)),
    # Two cells share TYPES[1]: {1, 2} and {1, 3}, {2, 3} of one of the first type and two of the second.
    (
        [slot(1, types=TYPES[:2]), slot(2, types=TYPES[1:2])],
        [candidate(1), candidate(2, type=TYPES[1]), candidate(3, type=TYPES[1])],
        3,
    ),
    ([slot(1), slot(2)], [candidate(1)], 0),
    ([], [candidate(1)], 0),
]  # fmt: skip


@pytest.mark.parametrize(("slots", "bank", "papers"), CASES)
def test_numbers_worked_out_by_hand(slots: list[Slot], bank: list[Candidate], papers: int) -> None:
    assert count_papers(slots=slots, stock=stock_of(bank)) == PaperCount(papers)


def test_large_numbers_are_powers_of_ten() -> None:
    many = count_papers(slots=[slot(n) for n in range(1, 11)], stock=stock_of([candidate(n) for n in range(100)]))
    assert many.number == comb(100, 10)
    assert many.exponent == 13
    assert PaperCount(1000).exponent is None


def test_wide_overlaps_are_bounded_quickly() -> None:
    """Twelve cells that all share: too many sums, so a lower bound that is still huge."""
    kinds = list(QuestionType)[:13]
    slots = [slot(n, types=(kinds[n - 1], kinds[n])) for n in range(1, 13)]
    bank = [candidate(20 * place + n, type=kind) for place, kind in enumerate(kinds) for n in range(20)]
    found = count_papers(slots=slots, stock=stock_of(bank))
    assert not found.exact
    assert found.number >= 20**12


def test_what_is_missing_and_what_is_needed_elsewhere() -> None:
    slots = [slot(1), slot(2, types=TYPES[:2]), slot(3, unit=2)]
    found = judge(
        slots=slots,
        stock=stock_of([candidate(1)]),
        units={uid(1): ("Algebra", Decimal(3)), uid(2): ("Geometry", None), uid(3): ("Calculus", Decimal(4))},
        total_marks=Decimal(4),
    )
    assert [(row.numbers, row.needed, row.there) for row in found.cells] == [("1", 1, 1), ("2", 1, 1), ("3", 1, 0)]
    assert found.missing == 2
    assert not found.is_ready
    assert [(row.name, row.marks, row.fits) for row in found.units] == [
        ("Algebra", 2, False),
        ("Geometry", 1, True),
        ("Calculus", 0, False),
    ]
    assert (found.total.marks, found.total.fits, found.papers) == (3, False, PaperCount(0))


def test_levels_are_what_papers_carry_on_average() -> None:
    bank = [candidate(1, level="apply"), candidate(2, level="apply"), candidate(3, level="analyse")]
    found = judge(slots=[slot(1)], stock=stock_of(bank), units={uid(1): ("Algebra", None)}, total_marks=Decimal(1))
    assert [(row.name, row.marks) for row in found.levels] == [("Apply", Decimal("0.7")), ("Analyse", Decimal("0.3"))]
    assert found.is_ready


def test_ranges() -> None:
    assert ranges([3, 1, 2, 9, 7, 10]) == "1–3, 7, 9–10"
