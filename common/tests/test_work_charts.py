"""Charts of work ahead: what is drawn stays in its frame and says what the numbers say."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from common.work_charts import burn_down, columns, thinned

lines = st.lists(st.tuples(st.integers(0, 500), st.integers(-5, 500)), min_size=2, max_size=60)


def numbers(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([-\d.]+)", path)]


@given(lines)
def test_lines_stay_in_the_frame_and_the_area_is_there_when_there_are_too_many(pairs: list[tuple[int, int]]) -> None:
    expected, allowed = [pair[0] for pair in pairs], [max(0, pair[1]) for pair in pairs]
    made = burn_down(expected, allowed, [(0, "now")], width=720, height=240)
    assert bool(made.over) == any(one > other for one, other in zip(expected, allowed, strict=True))
    for path in (made.expected, made.allowed, made.over):
        for x, y in numbers(path):
            assert made.frame.left - 0.1 <= x <= made.frame.right + 0.1
            assert made.frame.top - 0.1 <= y <= made.frame.bottom + 0.1


def test_more_work_than_time_is_marked() -> None:
    made = columns([(4, 8), (9, 8), (0, 0)], ["Mon", "Tue", "Wed"], width=350, height=220)
    assert [column.is_over for column in made.columns] == [False, True, False]
    assert made.columns[0].second == pytest.approx(2 * made.columns[0].first, abs=0.2)
    assert [name.text for name in made.frame.names] == ["Mon", "Tue", "Wed"]


def test_labels_are_thinned_before_they_touch() -> None:
    made = columns([(1, 1)] * 21, [f"Mon {n}" for n in range(21)], width=350, height=220)
    places = [name.at for name in made.frame.names]
    assert min(after - before for before, after in itertools.pairwise(places)) > 40


def test_a_level_line_needs_two_points() -> None:
    assert thinned([(n, 5.0) for n in range(9)] + [(9, 4.0)]) == [(0, 5.0), (8, 5.0), (9, 4.0)]


def test_nothing_to_draw_is_refused_or_empty() -> None:
    with pytest.raises(ValueError):
        burn_down([1], [1], [], width=350, height=200)
    with pytest.raises(ValueError):
        columns([], [], width=350, height=200)
    drawn = Template('{% load_columns rows "a" "b" title="T" %}{% stack_bar parts most=0 %}')
    assert "<rect" not in drawn.render(Context({"rows": [], "parts": [{"count": 0, "tone": "late"}]}))


@pytest.mark.parametrize(("length", "text"), [(5400, "1.5"), (timedelta(minutes=6), "0.1"), (None, "")])
def test_lengths_in_hours(length: Any, text: str) -> None:
    assert Template("{{ length|hours }}").render(Context({"length": length})) == text
