"""What the play says of the whole queue and of each teacher, and that it is kept for the board."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, ForecastRun, MarkerForecast
from evaluations.services.forecast import Chance, Waiting, by_hour, play
from evaluations.services.forecast_shares import share_of_each
from evaluations.services.forecasting import refresh_forecasts
from evaluations.tests import test_forecast
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from evaluations.tests.test_forecast import ASHA, BALA, HOUR, TEAM, marker, paper, queues
from tests import factories

SURE = Chance(plays=1, evening=0)


@given(queues, st.integers(1, 60))
def test_the_hours_add_up_to_the_queue(papers: list[Waiting], hours: int) -> None:
    now = test_forecast.NOW
    played = play(papers, TEAM, now=now, chance=SURE)
    made = by_hour(papers, played, TEAM, now=now, hours=hours)
    until = now.replace(minute=0) + hours * HOUR
    inside = [one for one in papers if one.due_at < until]
    ends = [end for one in papers if (end := played[one.id].expected_at) and end < until]
    speed = {one.id: one.seconds_per_mark for one in TEAM}
    assert sum(hour.due for hour in made) == len(inside)
    assert sum(hour.finished for hour in made) == len(ends)
    assert sum(hour.late for hour in made) == pytest.approx(sum(played[one.id].late_chance for one in inside))
    usual = sum(speed.values()) / len(speed)
    work = sum(one.marks * speed.get(played[one.id].marker or UUID(int=0), usual) for one in inside)
    assert sum(hour.work for hour in made) == pytest.approx(work)
    there = sum(
        max(0.0, (min(closes, until) - max(opens, now)).total_seconds()) * one.share
        for one in TEAM
        for opens, closes in one.spans
    )
    assert sum(hour.capacity for hour in made) == pytest.approx(there)


@given(queues)
def test_the_shares_add_up_to_what_teachers_have(papers: list[Waiting]) -> None:
    played = play(papers, TEAM, now=test_forecast.NOW, chance=SURE)
    shares = share_of_each(papers, played, TEAM, now=test_forecast.NOW)
    owned = [one for one in papers if one.marker in {marker.id for marker in TEAM}]
    assert sum(share.papers for share in shares) == len(owned)
    assert sum(share.late for share in shares) == pytest.approx(sum(played[one.id].late_chance for one in owned))


def test_a_share_says_what_is_to_do_until_when_and_whether_it_fits() -> None:
    papers = [paper(1, 2, marker=ASHA), paper(2, 26, marker=ASHA), paper(3, 1)]
    team = [marker(ASHA, (1, 3), (24, 25)), marker(BALA)]
    played = play(papers, team, now=test_forecast.NOW, chance=SURE)
    busy, idle = share_of_each(papers, played, team, now=test_forecast.NOW)
    assert (busy.papers, busy.work, busy.free, busy.load) == (2, 3600, 3 * 3600, 1 / 3)
    assert busy.last_due_at == papers[1].due_at
    assert busy.done_at == test_forecast.NOW + 2 * HOUR
    assert (idle.papers, idle.work, idle.free, idle.load, idle.done_at) == (0, 0, 0, None, None)


@pytest.mark.django_db
def test_the_board_is_kept_and_written_over(cast: Any) -> None:
    now = factories.NOW
    for who in more_students(3):
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher)
    evaluation_of(hand_in(cast.exam, cast.student))
    evaluation_of(hand_in(cast.exam, cast.classmate), teacher=cast.teacher, finalised_at=now)
    refresh_forecasts(now=now)
    run = ForecastRun.objects.get()
    assert (run.papers, run.unseen, len(run.hours)) == (4, 0, 21 * 24)
    assert [sum(column) for column in zip(*run.hours, strict=True)][2:4] == [4, 4]
    mine = MarkerForecast.objects.get(teacher=cast.teacher)
    assert (mine.papers, mine.work_seconds) == (3, 3 * 8 * cast.teacher.teacher_profile.seconds_per_mark)
    assert mine.free_seconds > 9 * 3600
    assert not MarkerForecast.objects.filter(teacher=cast.newcomer).exists()
    cast.colleague.teacher_profile.verified_at = None
    cast.colleague.teacher_profile.save()
    Evaluation.objects.update(state=EvaluationState.RETURNED)
    refresh_forecasts(now=now + timedelta(minutes=2))
    run.refresh_from_db()
    assert (run.papers, run.made_at) == (0, now + timedelta(minutes=2))
    left = {one.teacher for one in MarkerForecast.objects.all()}
    assert cast.teacher in left
    assert cast.colleague not in left
