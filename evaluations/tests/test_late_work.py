"""What being late costs: begun days, a cap, halves rounded down."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.services.late_work import days_late, marks_off, percent_off
from evaluations.selectors.totals import settled_total
from tests.factories import NOW

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
HALVES = st.integers(0, 200).map(lambda half: Decimal(half) / 2)


@pytest.mark.parametrize(
    ("after", "days"), [(-DAY, 0), (timedelta(0), 0), (SECOND, 1), (DAY, 1), (DAY + SECOND, 2), (10 * DAY, 10)]
)
def test_a_day_counts_when_it_has_begun(after, days):
    assert days_late(due_at=NOW, handed_in_at=NOW + after) == days


@pytest.mark.parametrize(
    ("maximum", "percent", "off"),
    [("10", 10, "1"), ("9.5", 10, "0.5"), ("4", 10, "0"), ("20", 33, "6.5"), ("12", 100, "12"), ("12", 0, "0")],
)
def test_what_is_taken_off_comes_in_halves_rounded_down(maximum, percent, off):
    assert marks_off(maximum=Decimal(maximum), percent=percent) == Decimal(off)


@given(HALVES, st.integers(0, 400), st.integers(0, 100), st.integers(0, 100), HALVES)
def test_the_total_is_never_below_zero_nor_above_what_was_won(maximum, days, daily, cap, won):
    won = min(won, maximum)
    percent = percent_off(days=days, daily=daily, cap=cap)
    off = marks_off(maximum=maximum, percent=percent)
    total = settled_total(Decimal(0), won, off)
    assert 0 <= percent <= cap
    assert 0 <= off <= maximum * percent / 100
    assert off % Decimal("0.5") == total % Decimal("0.5") == 0
    assert 0 <= total <= won
    assert total == won - min(off, won)
    if days:
        assert marks_off(maximum=maximum, percent=percent_off(days=days - 1, daily=daily, cap=cap)) <= off
