"""What is quickly counted is counted anew; what takes long is kept, says of when it is, and one at a time counts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from evaluations.selectors import remembering
from evaluations.selectors.board import office_board
from evaluations.selectors.board_page import board_page
from evaluations.selectors.remembering import remembered
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

LATER = NOW + timedelta(seconds=8)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock by which each count takes as long as is put into it."""
    takes, told = [0.0], [0.0]

    def tick() -> float:
        told[0] += takes[0]
        return told[0]

    monkeypatch.setattr(remembering, "perf_counter", tick)
    return takes


def ask(name: str, value: int, now: datetime = NOW) -> tuple[int, datetime]:
    return remembered(name, lambda: value, now=now)


def test_what_is_quick_is_counted_each_time(clock: list[float]) -> None:
    clock[0] = remembering.QUICK / 10
    assert [ask("x", number) for number in (1, 2)] == [(1, NOW), (2, NOW)]


def test_what_took_long_is_kept_and_counted_again_by_one(clock: list[float]) -> None:
    clock[0] = 3.0
    assert ask("x", 1) == (1, NOW)
    assert ask("x", 2, LATER) == (1, NOW)
    assert ask("other", 7) == (7, NOW)
    cache.delete("counted:x:fresh")
    cache.add("counted:x:turn", 1)
    assert ask("x", 3, LATER) == (1, NOW), "somebody else is counting"
    cache.delete("counted:x:turn")
    assert ask("x", 4, LATER) == (4, LATER)
    assert ask("x", 5, LATER) == (4, LATER)


@pytest.mark.django_db
def test_the_board_says_of_when_its_counts_are(cast: Any, clock: list[float]) -> None:
    for who in more_students(2):
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher)
    clock[0] = 3.0
    assert board_page(NOW)["counted_at"] is None
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    page = board_page(LATER)
    assert page["counted_at"] == NOW
    assert sum(row["total"] for row in page["time_left"]) == 2
    cache.clear()
    assert sum(line.total for line in office_board(LATER).by_kind) == 3
