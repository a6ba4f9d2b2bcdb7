"""The queue played forward: against cases worked out by hand, and properties that hold for every queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.services.forecast import Chance, Marker, Waiting, by_hour, play
from evaluations.services.forecast_moves import propose_moves

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MATHS, PHYSICS = UUID(int=100), UUID(int=200)
ASHA, BALA, CHITRA = UUID(int=1), UUID(int=2), UUID(int=3)


def marker(who: UUID = ASHA, *spans: tuple[float, float], **values: Any) -> Marker:
    """Present for `spans` in hours from NOW, nine hours unless told; a minute for a mark, always the same."""
    moments = tuple((NOW + start * HOUR, NOW + end * HOUR) for start, end in spans or [(0, 9)])
    return Marker(who, moments, **{"seconds_per_mark": 60, "spread": 0, "programmes": frozenset({MATHS})} | values)


def paper(number: int, due: float, **values: Any) -> Waiting:
    """Due in so many hours, with thirty marks to give: half an hour."""
    return Waiting(UUID(int=1000 + number), NOW + due * HOUR, **{"marks": 30, "programme": MATHS} | values)


def ends(papers: list[Waiting], markers: list[Marker]) -> dict[int, float | None]:
    """By number of the paper, when it is done in hours from NOW, in evenings that are all alike."""
    played = play(papers, markers, now=NOW, chance=Chance(plays=1, evening=0))
    at = {key.int - 1000: outlook.expected_at for key, outlook in played.items()}
    return {number: None if moment is None else round((moment - NOW) / HOUR, 6) for number, moment in at.items()}


def test_the_nearest_deadline_comes_first_and_what_is_begun_before_it() -> None:
    papers = [paper(1, 8, marker=ASHA), paper(2, 4, marker=ASHA), paper(3, 9, marker=ASHA, is_begun=True)]
    assert ends(papers, [marker()]) == {3: 0.5, 2: 1.0, 1: 1.5}


def test_work_stops_at_the_end_of_the_day_and_goes_on_the_next() -> None:
    papers = [paper(1, 30, marker=ASHA, marks=45), paper(2, 31, marker=ASHA, marks=45)]
    assert ends(papers, [marker(ASHA, (0, 1), (24, 25))]) == {1: 0.75, 2: 24.5}


def test_hours_that_are_over_count_for_nothing() -> None:
    assert ends([paper(1, 9, marker=ASHA)], [marker(ASHA, (-5, -1), (-1, 0.25), (3, 4))]) == {1: 3.25}


def test_who_marks_half_of_the_time_needs_double() -> None:
    assert ends([paper(1, 9, marker=ASHA)], [marker(share=0.5)]) == {1: 1.0}


def test_beyond_the_last_hour_nothing_is_expected() -> None:
    papers = [paper(1, 9, marker=ASHA, marks=60), paper(2, 9, marker=ASHA, marks=1), paper(3, 9, marker=BALA)]
    played = play(papers, [marker(ASHA, (0, 1))], now=NOW, chance=Chance(plays=1, evening=0))
    assert ends(papers, [marker(ASHA, (0, 1))]) == {1: 1.0, 2: None, 3: None}
    assert [played[one.id].late_chance for one in papers] == [0, 1, 1]


def test_a_paper_that_waits_for_its_student_is_not_done_before() -> None:
    papers = [paper(1, 2, marker=ASHA, ready_at=NOW + 3 * HOUR), paper(2, 9, marker=ASHA)]
    assert ends(papers, [marker(ASHA, (0, 1), (2, 9))]) == {1: 3.5, 2: 4.0}


def test_what_nobody_has_goes_to_whoever_would_be_done_first() -> None:
    papers = [paper(1, 3, marker=ASHA, marks=90), paper(2, 4), paper(3, 5), paper(4, 6)]
    played = play(papers, [marker(ASHA), marker(BALA), marker(CHITRA, seconds_per_mark=200)], now=NOW)
    assert [played[one.id].marker for one in papers] == [ASHA, BALA, BALA, BALA]


def test_only_those_who_may() -> None:
    papers = [paper(1, 3, barred=frozenset({ASHA})), paper(2, 3, programme=PHYSICS)]
    played = play(papers, [marker(ASHA), marker(BALA, seconds_per_mark=90)], now=NOW)
    assert [played[one.id].marker for one in papers] == [BALA, None]


@pytest.mark.parametrize(("due", "chance"), [(0.3, 0.832), (0.5, 0.414), (1.2, 0.0126)])
def test_the_chance_of_being_late(due: float, chance: float) -> None:
    """Two lognormal factors of mean 1, spread 0.4 and 0.2, make one whose logarithm has the variance
    ln 1.16 + ln 1.04 = 0.1877 and the mean -0.0938; half an hour of work is later than `due` with this chance."""
    played = play([paper(1, due, marker=ASHA)], [marker(spread=0.4)], now=NOW, chance=Chance(plays=4000))
    assert played[UUID(int=1001)].late_chance == pytest.approx(chance, abs=0.03)  # four standard errors


def test_the_mean_of_all_plays_is_the_mean_that_was_measured() -> None:
    """Lognormal factors have mean 1: (papers × half an hour), within three standard errors of 2,000 plays."""
    chance, papers = Chance(plays=2000), [paper(n, 20, marker=ASHA) for n in range(8)]
    late = [
        play([replace(p, due_at=NOW + hours * HOUR) for p in papers], [marker(spread=0.4)], now=NOW, chance=chance)
        for hours in (3.2, 4, 5)
    ]
    last = [max(outlook.late_chance for outlook in one.values()) for one in late]
    assert last[0] > 0.75
    assert 0.35 < last[1] < 0.55
    assert last[2] < 0.2


queues = st.lists(
    st.tuples(
        st.floats(0, 60),
        st.floats(0.5, 80),
        st.sampled_from([None, ASHA, BALA, CHITRA]),
        st.booleans(),
        st.sampled_from([frozenset[UUID](), frozenset({ASHA}), frozenset({ASHA, BALA})]),
    ),
    max_size=25,
).map(
    lambda rows: [
        paper(n, due, marks=marks, marker=who, is_begun=begun and who is not None, barred=barred)
        for n, (due, marks, who, begun, barred) in enumerate(rows)
    ]
)
TEAM = [
    marker(ASHA, (0, 8), (24, 32), spread=0.5),
    marker(BALA, (1, 3), (20, 40), seconds_per_mark=35, spread=0.2),
    marker(CHITRA, (0, 60), seconds_per_mark=90, share=0.4),
]


@given(queues)
def test_every_paper_has_an_outlook_that_holds_together(papers: list[Waiting]) -> None:
    played = play(papers, TEAM, now=NOW)
    assert set(played) == {one.id for one in papers}
    for one in papers:
        outlook = played[one.id]
        assert 0 <= outlook.late_chance <= 1
        assert one.marker is None or outlook.marker == one.marker
        assert outlook.marker not in one.barred or one.marker is not None
        if outlook.expected_at is not None:
            assert outlook.expected_at > NOW
            # Done by then in four of five plays: who expects it in time does not expect it late.
            assert (outlook.expected_at <= one.due_at) <= (outlook.late_chance <= 0.2)
    assert play(reversed(papers), TEAM, now=NOW) == played


@given(queues, st.floats(0, 60))
def test_one_more_paper_makes_no_paper_before_it_later(papers: list[Waiting], due: float) -> None:
    owned = [replace(one, marker=one.marker or ASHA, is_begun=False) for one in papers]
    more = paper(99, due, marker=ASHA)
    before, after = play(owned, TEAM, now=NOW), play([*owned, more], TEAM, now=NOW)
    for one in owned:
        assert after[one.id].late_chance >= before[one.id].late_chance
        if one.marker != ASHA or one.due_at < more.due_at:
            assert after[one.id] == before[one.id]


def test_load_and_capacity_by_hour() -> None:
    papers = [paper(1, -1, marker=ASHA), paper(2, 1.5, marker=ASHA), paper(3, 2.5)]
    team = [marker(ASHA, (0.5, 2)), marker(BALA, (2, 3), share=0.5)]
    played = play(papers, team, now=NOW, chance=Chance(plays=1, evening=0))
    hours = by_hour(papers, played, team, now=NOW, hours=4)
    assert [(hour.capacity, hour.work, hour.due, hour.finished) for hour in hours] == [
        (1800, 1800, 1, 0),
        (3600, 1800, 1, 2),
        (1800, 1800, 1, 1),
        (0, 0, 0, 0),
    ]


# --- Who should have what instead -----------------------------------------------------------------------------------
def test_papers_move_from_who_has_too_many_to_who_has_time() -> None:
    papers = [paper(n, 1, marker=ASHA) for n in range(4)] + [paper(9, 6, marker=BALA)]
    moves = propose_moves(papers, [marker(ASHA), marker(BALA)], now=NOW)
    assert len(moves) == 2
    assert {(move.giver, move.taker) for move in moves} == {(ASHA, BALA)}
    assert all(move.after < 0.6 <= move.before for move in moves)


def test_nothing_moves_that_would_break_another_promise_or_is_begun_or_may_not() -> None:
    late = [paper(n, 0.8, marker=ASHA) for n in range(2)]
    busy = [paper(8, 0.6, marker=BALA)]
    assert propose_moves(late + busy, [marker(ASHA), marker(BALA)], now=NOW) == []
    begun = [replace(one, is_begun=True) for one in late]
    assert propose_moves(begun, [marker(ASHA), marker(BALA)], now=NOW) == []
    barred = [replace(one, barred=frozenset({BALA})) for one in late]
    assert propose_moves(barred, [marker(ASHA), marker(BALA)], now=NOW) == []


@given(queues)
def test_moves_never_make_more_papers_late(papers: list[Waiting]) -> None:
    chance = Chance()
    before = play(papers, TEAM, now=NOW, chance=chance)
    # What nobody has is theirs who would get it: what moves is looked at alone.
    settled = [replace(one, marker=before[one.id].marker) for one in papers]
    moves = propose_moves(settled, TEAM, now=NOW, chance=chance)
    taker = {move.paper: move.taker for move in moves}
    assert len(taker) == len(moves)
    moved = [replace(one, marker=taker.get(one.id, one.marker)) for one in settled]
    after = play(moved, TEAM, now=NOW, chance=chance)
    late = [sum(outlook.late_chance for outlook in one.values()) for one in (before, after)]
    assert late[1] <= late[0] - 0.25 * len(moves) + 1e-9
    assert all(not one.is_begun and taker[one.id] not in one.barred for one in settled if one.id in taker)
