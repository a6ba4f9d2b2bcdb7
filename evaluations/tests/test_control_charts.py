"""Control charts: hand-worked values, the handbook's own example, and what must hold for any series."""

from __future__ import annotations

from itertools import pairwise
from math import exp, sqrt
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.selectors.control_charts import (
    B4,
    CONSISTENCY,
    DRIFT,
    FLOOR,
    SEVERITY,
    SPEED,
    drift_t,
    moving_range_sigma,
    severity_chart,
    signals,
    speed_out,
    spread_limit,
)

shares = st.floats(-1, 1, allow_nan=False).map(lambda value: round(value, 3))
series = st.lists(shares, min_size=1, max_size=40)

#: NIST/SEMATECH e-Handbook 6.3.2.2, flow rates: mean 50.81, mean moving range 1.8778, limits 45.82 and 55.80.
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
#: 6.3.2.4, with λ = 0.3 and a start at 50.
EWMA_IN = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5]
EWMA_OUT = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33]


def test_individuals_as_in_the_handbook() -> None:
    sigma = moving_range_sigma(FLOW)
    assert mean(FLOW) == pytest.approx(50.81)
    assert mean(FLOW) + 3 * sigma == pytest.approx(55.8041, abs=2e-3)
    assert mean(FLOW) - 3 * sigma == pytest.approx(45.8159, abs=2e-3)


def test_the_moving_average_as_in_the_handbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its weight and around its start the same series; ours is around 0."""
    monkeypatch.setattr("evaluations.selectors.control_charts.WEIGHT", 0.3)
    ours = [point.average + 50 for point in severity_chart([value - 50 for value in EWMA_IN])]
    assert ours == pytest.approx(EWMA_OUT, abs=0.01)


def test_the_limits_of_the_moving_average_by_hand() -> None:
    """Neighbours differ by 0.2, so σ = 0.2 / 1.128; after two points the width is √(0.2/1.8 · (1 − 0.8⁴))."""
    first, second = severity_chart([0.1, -0.1])
    sigma = 0.2 / 1.128
    assert (first.average, second.average) == (pytest.approx(0.02), pytest.approx(-0.004))
    assert first.limit == pytest.approx(3 * sigma * 0.2)
    assert second.limit == pytest.approx(3 * sigma * sqrt(0.2 / 1.8 * (1 - 0.8**4)))


def test_spread_and_drift_by_hand() -> None:
    steady = [0.1, -0.1, 0.1, -0.1, 0.0]
    wild = [0.5, -0.5, 0.5, -0.5, 0.0]
    s = sqrt(0.04 / 4)
    assert spread_limit([*steady, *steady, *wild]) == (pytest.approx(5 * s), pytest.approx(B4 * s))
    assert spread_limit([*steady, *steady]) is None
    # Both groups have s = 0.1; five against five: t = 0.3 / (0.1 · √(2/5)).
    assert drift_t([*steady, *[0.3 + value for value in steady]]) == pytest.approx(0.3 / (0.1 * sqrt(0.4)))
    assert drift_t([*steady, 0.1]) is None


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([-0.2] * 6, [SEVERITY]),
        ([0.2] * 6, [SEVERITY]),
        ([-0.2] * 5, []),  # too few to say
        ([0.0] * 20, []),
        ([0.05, -0.05] * 10, []),
        ([0.02] * 30, []),  # sure, and nobody minds
        ([0.0] * 15 + [-0.25] * 5, [SEVERITY, DRIFT]),
        ([0.05, -0.05, 0.0, 0.05, -0.05] * 3 + [0.6, -0.6, 0.5, -0.6, 0.1], [CONSISTENCY]),
    ],
)
def test_what_is_out(values: list[float], kinds: list[str]) -> None:
    assert [one.kind for one in signals(values, bound=0.1)] == kinds


def test_a_hurry_is_seen_and_an_ordinary_day_is_not() -> None:
    usual = [40.0, 46.0, 38.0, 44.0, 41.0, 39.0, 45.0, 42.0, 40.0]
    assert speed_out([*usual, 44.0]) is None
    hurry = speed_out([*usual, 9.0])
    assert hurry is not None
    assert (hurry.kind, hurry.value < 0) == (SPEED, True)
    assert exp(-hurry.limit) < 1
    assert speed_out([9.0] * 5) is None


@given(series)
def test_turned_around_the_chart_is_turned_around(values: list[float]) -> None:
    there, back = severity_chart(values), severity_chart([-value for value in values])
    for one, other in zip(there, back, strict=True):
        assert one.average == pytest.approx(-other.average)
        assert (one.limit, one.is_out) == (pytest.approx(other.limit), other.is_out)
    kinds = [one.kind for one in signals(values, bound=0.1)]
    assert kinds == [one.kind for one in signals([-value for value in values], bound=0.1)]


@given(series)
def test_limits_widen_with_time_and_are_never_below_the_floor(values: list[float]) -> None:
    limits = [point.limit for point in severity_chart(values)]
    assert all(later >= earlier for earlier, later in pairwise(limits))
    assert limits[0] >= 3 * FLOOR * 0.2 - 1e-12


@given(st.lists(st.floats(-0.099, 0.099, allow_nan=False), max_size=40))
def test_within_the_bound_of_the_exam_severity_and_spread_are_never_out(values: list[float]) -> None:
    kinds = {one.kind for one in signals(values, bound=0.1)}
    assert SEVERITY not in kinds
