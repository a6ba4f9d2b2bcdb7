"""The rule of assignment: pure, the same for equal options, and by drawn cases what nobody could hold against it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from evaluations.enums import Conflict
from evaluations.services.choosing import (
    AWAY,
    FULL,
    HOLDER,
    Option,
    choose,
    restored,
    why_best,
    why_nobody,
)
from evaluations.services.forecast import OpenTime

NOW = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)
HOUR = 3600


def option(number: int, **values: Any) -> Option:
    usual = {"open_papers": 2, "cap": 20, "due_seconds": HOUR, "own_seconds": 600, "open_seconds": 8 * HOUR}
    return Option(**{"teacher": UUID(int=number), "end_seconds": 5000, **usual, **values})


def order(*options: Option) -> list[int]:
    return [one.teacher.int for one in choose(options).able]


def test_of_those_with_hours_to_spare_whoever_is_through_first() -> None:
    """More work, but done this evening; with hardly an hour to spare the least work counts again."""
    evening = option(1, due_seconds=2 * HOUR, end_seconds=3 * HOUR)
    assert order(evening, option(2, due_seconds=0, end_seconds=20 * HOUR)) == [1, 2]
    full = option(1, due_seconds=7 * HOUR, end_seconds=3 * HOUR)
    assert order(full, option(2, due_seconds=0, end_seconds=20 * HOUR)) == [2, 1]
    assert order(full, option(2, due_seconds=6 * HOUR + 1800, end_seconds=20 * HOUR)) == [2, 1]


def test_who_had_the_questions_on_the_last_paper_while_in_time() -> None:
    settled = option(1, due_seconds=7 * HOUR, is_settled=True)
    assert order(settled, option(2, due_seconds=0, end_seconds=60)) == [1, 2]
    assert "on every paper" in why_best(choose([settled, option(2)]), "Asha")
    late = option(1, due_seconds=9 * HOUR, is_settled=True)
    assert order(late, option(2)) == [2, 1]


def test_of_those_in_time_the_least_work_then_the_fewest_papers_then_the_id() -> None:
    assert order(option(1), option(2, due_seconds=60), option(3, due_seconds=30)) == [3, 2, 1]
    assert order(option(1, open_papers=3), option(2)) == [2, 1]
    assert order(option(2), option(1)) == [1, 2]


def test_a_slow_teacher_with_hours_comes_before_a_quick_one_without() -> None:
    quick = option(1, due_seconds=0, open_seconds=0, end_seconds=2 * HOUR)
    short = option(2, due_seconds=0, open_seconds=300, end_seconds=9 * HOUR)
    assert order(quick, short, option(3, due_seconds=7 * HOUR)) == [3, 2, 1]


def test_late_ones_by_when_they_would_be_through() -> None:
    first = option(1, due_seconds=9 * HOUR, end_seconds=30 * HOUR)
    second = option(2, due_seconds=12 * HOUR, end_seconds=20 * HOUR)
    assert order(first, second, option(3, due_seconds=9 * HOUR, end_seconds=None)) == [2, 1, 3]


def test_who_goes_on_leave_before_the_deadline_is_avoided_unless_others_would_be_late() -> None:
    leaving = option(1, due_seconds=0, leaves_later=True)
    assert order(leaving, option(2, due_seconds=2 * HOUR)) == [2, 1]
    assert order(leaving, option(2, due_seconds=9 * HOUR)) == [1, 2]


def test_who_cannot_have_it_is_kept_with_the_reason() -> None:
    ranking = choose(
        [
            option(1, open_papers=20),
            option(2, barrier=AWAY),
            option(3, barrier=Conflict.FAMILY),
            option(4, barrier=HOLDER, open_papers=20),
        ]
    )
    assert ranking.best is None
    assert [one.excluded for one in ranking.excluded] == [FULL, AWAY, "family", HOLDER]
    assert why_nobody(ranking) == (
        "No teacher can take this paper: 1 on leave, 1 at their limit of open papers, "
        "1 not allowed to mark this student."
    )
    assert why_nobody(choose([])).endswith("nobody is verified and qualified for it.")


def test_the_sentence_says_what_counted() -> None:
    alone = choose([option(1, due_seconds=2400, open_seconds=int(3.5 * HOUR))])
    assert why_best(alone, "Asha") == (
        "Asha is the only teacher available: about 50 min of work with this paper, 3.5 h of hours before then, "
        "2 open papers before it."
    )
    late = choose([option(1, due_seconds=9 * HOUR), option(2, due_seconds=9 * HOUR)])
    assert why_best(late, "Asha").startswith("Asha would be through soonest of 2 teachers, though probably late:")
    some = choose([option(1), option(2, due_seconds=9 * HOUR)])
    assert "would be through first of 2 teachers, 1 of them late:" in why_best(some, "Asha")
    full = choose([option(1, due_seconds=7 * HOUR), option(2, due_seconds=9 * HOUR)])
    assert "least work due by then of 2 teachers, 1 of them late:" in why_best(full, "Asha")


# --- Drawn cases -----------------------------------------------------------------------------------------------------
OPTIONS = st.lists(
    st.builds(
        Option,
        teacher=st.uuids(),
        open_papers=st.integers(0, 30),
        cap=st.integers(1, 25),
        due_seconds=st.integers(0, 10**5),
        own_seconds=st.integers(0, 10**4),
        open_seconds=st.integers(0, 10**5),
        end_seconds=st.none() | st.integers(0, 10**6),
        leaves_later=st.booleans(),
        barrier=st.sampled_from(["", "", "", AWAY, HOLDER, *Conflict.values]),
    ),
    max_size=12,
    unique_by=lambda one: one.teacher,
)


@given(OPTIONS)
def test_nobody_over_their_cap_nor_with_a_conflict_and_nobody_twice(options: list[Option]) -> None:
    ranking = choose(options)
    assert all(one.open_papers < one.cap and not one.barrier for one in ranking.able)
    ids = [one.teacher for one in (*ranking.able, *ranking.excluded)]
    assert sorted(ids) == sorted(one.teacher for one in options)


@given(OPTIONS, st.randoms())
def test_the_order_of_the_options_does_not_matter(options: list[Option], dice: Any) -> None:
    shuffled = list(options)
    dice.shuffle(shuffled)
    assert choose(shuffled) == choose(options)


@given(OPTIONS)
def test_what_is_stored_gives_the_same_ranking(options: list[Option]) -> None:
    ranking = choose(options)
    kept = [restored(one) for one in json.loads(json.dumps(ranking.stored()))]
    assert choose([one for one in kept if one]) == ranking
    assert restored({"teacher": "x", "open_papers": 1, "expected_seconds": 5, "cap": 20}) is None


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), min_size=1, max_size=5)


@given(SPANS, st.integers(0, 10**5), st.integers(1, 10**5), st.integers(1, 200), OPTIONS)
def test_less_work_is_never_ranked_below_more(
    spans: list[tuple[int, int]], work: int, more: int, due: int, others: list[Option]
) -> None:
    """Two teachers with the same hours, one with more work."""
    at, hours = NOW, []
    for gap, length in spans:
        hours.append((at + timedelta(hours=gap), at + timedelta(hours=gap + length)))
        at = hours[-1][1]
    time = OpenTime(hours, NOW)
    open_seconds = int(time.passed(due * HOUR))

    def with_work(number: int, seconds: int) -> Option:
        end = time.moment(seconds)
        return option(
            number,
            due_seconds=seconds,
            own_seconds=0,
            open_seconds=open_seconds,
            end_seconds=None if end == float("inf") else int(end),
        )

    light, heavy = with_work(2, work), with_work(1, work + more)
    able = choose([light, heavy, *others]).able
    assert able.index(light) < able.index(heavy)
    assert choose([replace(light, open_papers=1), light]).able[0].open_papers == 1
