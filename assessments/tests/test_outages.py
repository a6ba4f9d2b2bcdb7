"""The arithmetic of outages, by table and by property."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.selectors.outages import length, longest_silence, lost_spans, whole_minutes, within, without

START = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)


def at(minutes):
    return START + timedelta(minutes=minutes)


def span(begin, end):
    return at(begin), at(end)


@pytest.mark.parametrize(
    ("spell", "windows", "signs", "credited", "lost"),
    [
        ((10, 20), [(0, 60)], [], [], [(10, 20)]),
        ((-5, 5), [(0, 60)], [], [], [(0, 5)]),
        ((55, 70), [(0, 60)], [], [], [(55, 60)]),
        ((70, 80), [(0, 60)], [], [], []),
        ((10, 30), [(0, 15), (25, 60)], [], [], [(10, 15), (25, 30)]),  # closed in between
        ((10, 30), [(0, 60)], [16], [], [(16, 30)]),  # something arrived: the longer silence counts
        ((10, 30), [(0, 60)], [10.02, 29.98], [], [(10, 30)]),  # what began and ended it
        ((10, 30), [(0, 60)], [], [(5, 12), (20, 22)], [(12, 20), (22, 30)]),
        ((10, 30), [(0, 60)], [], [(0, 60)], []),
        ((10, 10), [(0, 60)], [], [], []),
    ],
)
def test_what_a_spell_cost(spell, windows, signs, credited, lost):
    found = lost_spans(
        span(*spell),
        windows=[span(*one) for one in windows],
        signs=[at(one) for one in signs],
        credited=[span(*one) for one in credited],
    )
    assert found == [span(*one) for one in lost]


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2), (3599, 60)])
def test_begun_minutes_are_given_whole(seconds, minutes):
    assert whole_minutes(timedelta(seconds=seconds)) == minutes


minutes = st.integers(-30, 90)
spans = st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: span(*pair))


@given(spell=spans, signs=st.lists(minutes.map(at), max_size=6), credited=st.lists(spans, max_size=5))
def test_never_more_than_the_spell_inside_the_exam_and_never_twice(spell, signs, credited):
    window = span(0, 60)
    lost = lost_spans(spell, windows=[window], signs=signs, credited=credited)
    assert all(spell[0] <= begin < end <= spell[1] and window[0] <= begin and end <= window[1] for begin, end in lost)
    assert length(lost) <= length(within(spell, [window]))
    assert not any(max(a, c) < min(b, d) for a, b in lost for c, d in credited)
    # crediting it leaves nothing
    assert lost_spans(spell, windows=[window], signs=signs, credited=[*credited, *lost]) == []


@given(spell=spans, taken=st.lists(spans, max_size=5))
def test_cutting_keeps_what_is_not_cut(spell, taken):
    minute = timedelta(minutes=1)
    left = without([spell], taken)
    moments = [spell[0] + minute * (n + 0.5) for n in range((spell[1] - spell[0]) // minute)]
    for moment in moments:
        in_left = any(begin < moment < end for begin, end in left)
        assert in_left == (not any(begin < moment < end for begin, end in taken))


@given(spell=spans, signs=st.lists(minutes.map(at), max_size=6))
def test_silence_has_no_sign_in_it(spell, signs):
    begin, end = longest_silence(spell, signs)
    near = timedelta(seconds=3)
    assert not any(max(begin, spell[0] + near) < sign < min(end, spell[1] - near) for sign in signs)
