"""Two hundred draws of the shipped class X paper; ten thousand are `python -m tests.bench.draws`."""

import pytest

from tests.bench.draws import chi_square_tail, measure, table, worst


def test_two_hundred_board_papers() -> None:
    found = measure(200)
    print(table(found))  # noqa: T201 - shown with -s
    assert found.papers == 200
    assert (found.wrong_totals, found.repeats_within) == (0, 0)
    assert found.repeats == found.fewest_repeats, "a question came again though the bank had another"
    assert found.rich_repeats == 0
    assert [what for what, _seen, holds in found.must_hold() if not holds] == []
    assert worst(found)["chance"] > 1e-5
    # 200 papers of three questions: each comes 67 times on average, six deviations are 40.
    assert worst(found)["ratio"] < 3


@pytest.mark.parametrize(
    ("value", "freedom", "chance"), [(3.841, 1, 0.05), (23.209, 10, 0.01), (0, 5, 1), (43.77, 30, 0.05)]
)
def test_the_tail_of_chi_square(value: float, freedom: int, chance: float) -> None:
    """Values of any printed table."""
    assert chi_square_tail(value, freedom) == pytest.approx(chance, abs=2e-4)
