"""The institute on paper: against cases worked out by hand, queueing theory, and what must hold whatever is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from io import StringIO
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from evaluations.services.policies import PolicyError, promise_called
from evaluations.services.simulation import (
    DAY,
    Institute,
    Papers,
    Question,
    SimulationError,
    draw_papers,
    find_team,
    in_the_evening,
    play_with,
)
from evaluations.services.simulation_plot import plot
from evaluations.services.sla_clock import (
    Calendar,
    ElapsedExcludingClosedDays,
    SameWorkingDay,
    WeeklyHours,
    WorkingHours,
)

HOUR = 3600.0
OFFICE = Calendar()
ALWAYS = Calendar(weekly_hours=WeeklyHours.same_every_day(range(7), time(0), time(0)))
MONDAY = date(2026, 11, 23)
#: Half an hour a paper, nine hours a day, nothing left to chance but when papers come.
PLAIN = Question(
    ElapsedExcludingClosedDays(Decimal(48)),
    OFFICE,
    OFFICE,
    MONDAY,
    spread=0,
    evening=0,
    hours=9,
    papers_a_day=30,
    days=5,
)
#: One queue that is always open.
QUEUE = replace(PLAIN, calendar=ALWAYS, teachers=ALWAYS, hours=24, arrivals=(1,), plays=1)


def done(question: Question, teachers: int, *papers: tuple[float, float]) -> list[float]:
    """Hours from Monday's midnight at which papers (come, due, in such hours) are done."""
    at, due = ([pair[n] * HOUR for pair in papers] for n in (0, 1))
    work = [question.seconds / question.share] * len(papers)
    institute = Institute(question, Papers(0, at, due, work), teachers)
    institute.play()
    return [round(one / HOUR, 6) for one in institute.done]


def test_papers_wait_for_opening_and_the_nearest_deadline_is_first() -> None:
    # The office opens at 9 with two papers there; the third comes while the first of them is marked.
    assert done(PLAIN, 1, (1, 60), (2, 50), (9.25, 40)) == [10.5, 9.5, 10.0]


def test_work_goes_on_the_next_morning() -> None:
    assert done(PLAIN, 1, (17.75, 60)) == [24 + 9.25]


def test_over_sunday() -> None:
    # Saturday is the sixth day; begun at 17:45 it has 15 minutes on Monday from 9.
    assert done(PLAIN, 1, (5 * 24 + 17.75, 200)) == [7 * 24 + 9.25]


def test_three_hours_of_nine_make_a_paper_three_times_as_long() -> None:
    assert done(replace(PLAIN, hours=3), 1, (9, 60), (9, 61)) == [10.5, 12.0]


def test_work_goes_to_who_has_less_due_before_it() -> None:
    # Two each: the third goes to the first teacher, the fourth to the second.
    assert done(PLAIN, 2, (9, 60), (9, 60), (9, 61), (9, 62)) == [9.5, 9.5, 10.0, 10.0]
    # Due at 90 and 50 with one, at 89 and 95 with the other, who so gets what is due at 60: nothing before it.
    assert done(PLAIN, 2, (9, 90), (9, 89), (9, 50), (9, 95), (9, 60)) == [10.0, 10.0, 9.5, 10.5, 9.5]


def test_evening_hours() -> None:
    evening = replace(PLAIN, teachers=in_the_evening(OFFICE, 3), hours=3)
    assert evening.share == 1
    assert done(evening, 1, (9, 60), (20.75, 60)) == [18.5, 24 + 18.25]


def test_papers_of_who_is_missing_go_to_the_others() -> None:
    question = replace(PLAIN, ill=0.5, days=10)
    institute = Institute(question, draw_papers(question), 6)
    institute.play()
    assert all(np.isfinite(institute.done))
    ill = {n: teacher.missing for n, teacher in enumerate(institute.teachers)}
    assert 0.3 < np.mean([len(days & set(range(10))) / 10 for days in ill.values()]) < 0.7
    for teacher, begin, _ in institute.pieces:
        assert int(teacher.hours.moment(begin + 1) // DAY) not in teacher.missing


def test_more_work_than_time_never_keeps_the_promise() -> None:
    """Thirty half hours a day are 15 h, and one teacher has 9: most come back late in three weeks."""
    outcome = play_with(replace(PLAIN, days=21), [draw_papers(replace(PLAIN, days=21))], 1)
    assert outcome.kept < 0.5
    answer = find_team(replace(PLAIN, days=21), target=0.99)
    assert answer.load > 15 / 9
    assert answer.rows[0].teachers == 2
    assert answer.needed is not None
    assert answer.needed >= answer.load


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("policy", [WorkingHours(Decimal(4)), ElapsedExcludingClosedDays(Decimal(24))])
def test_more_teachers_never_keep_fewer_of_the_same_papers(seed: int, policy: WorkingHours) -> None:
    """Of papers that are alike, where teachers are; with slow days one more teacher may be the slow one."""
    question = replace(PLAIN, policy=policy, seed=seed, papers_a_day=60)
    draws = [draw_papers(question)]
    kept = [play_with(question, draws, count).kept for count in range(2, 9)]
    assert kept == sorted(kept)
    assert kept[-1] > kept[0]


def test_the_same_seed_gives_the_same_answer_and_another_gives_another() -> None:
    question = replace(PLAIN, spread=0.4, evening=0.2, ill=0.1)
    first, again, other = (find_team(replace(question, seed=seed), target=0.9) for seed in (1, 1, 2))
    assert first == again
    assert first.rows[0].done != other.rows[0].done


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_one_teacher_waits_as_pollaczek_and_khinchine_say(spread: float) -> None:
    """Half-hour papers, 28.8 in a day of 24 h: load 0.6, so the mean wait is 0.6 × 0.5 h × (1 + c²) / (2 × 0.4)."""
    question = replace(QUEUE, papers_a_day=28.8, days=700, spread=spread, policy=WorkingHours(Decimal(9)))
    outcome = play_with(question, [draw_papers(question)], 1)
    hours = (np.asarray(outcome.done) - np.asarray(outcome.at)) / HOUR
    assert np.mean(hours) == pytest.approx(0.5 + 0.375 * (1 + spread**2), rel=0.06)


def test_littles_law() -> None:
    """Papers there on average, counted every quarter of an hour, are those that come in an hour × hours each stays."""
    question = replace(PLAIN, papers_a_day=60, days=60, spread=0.5)
    outcome = play_with(question, [draw_papers(question)], 5)
    there = outcome.waiting([n * 900.0 for n in range(60 * 96)])
    stays = np.mean(np.asarray(outcome.done) - np.asarray(outcome.at)) / HOUR
    assert np.mean(there) == pytest.approx(len(outcome.at) / (60 * 24) * stays, rel=0.02)


def test_papers_come_at_their_rate_and_most_in_the_evening() -> None:
    question = replace(PLAIN, papers_a_day=500, days=40)
    at = np.asarray(draw_papers(question).at)
    assert len(at) == pytest.approx(20_000, abs=4 * 20_000**0.5)
    evening = np.mean((at % DAY >= 18 * HOUR) & (at % DAY < 23 * HOUR))
    assert evening == pytest.approx(0.57, abs=0.015)


def test_hours_used_are_the_work_that_came() -> None:
    question = replace(PLAIN, days=6, plays=1)
    draws = [draw_papers(question)]
    outcome = play_with(question, draws, 4)
    assert outcome.used == pytest.approx(len(draws[0].at) * 0.5 / 4 / 6)
    assert 0 < outcome.busiest <= 1


def test_no_number_of_teachers_marks_before_evening_what_is_due_at_six() -> None:
    policy = SameWorkingDay(cutoff=time(12), due=time(18))
    question = replace(PLAIN, policy=policy, teachers=in_the_evening(OFFICE, 3), hours=3)
    answer = find_team(question, target=0.9)
    assert answer.needed is None
    # What comes from 12:00 to 20:30 is done the same evening and due at six of the next day: of a hundred papers
    # 2 + 2 + 3 + 4 + 5 + 7 + 9 + 12, and half of the 14 from eight to nine. Three standard errors of 750 papers.
    assert answer.ceiling == pytest.approx(0.51, abs=0.055)
    assert len(answer.rows) < 6


@pytest.mark.parametrize(
    "wrong",
    [{"days": 0}, {"papers_a_day": 0}, {"hours": 10}, {"spread": -1}, {"ill": 1}, {"marks": float("nan")},
     {"papers_a_day": 10**6}, {"seed": -1}, {"start": date(9999, 12, 1)}, {"days": 1001}],
)  # fmt: skip
def test_impossible_questions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SimulationError, match=r"\.$"):
        replace(PLAIN, **wrong)


@pytest.mark.django_db
def test_the_command_answers_and_draws(tmp_path) -> None:
    out, picture = StringIO(), tmp_path / "answer.svg"
    call_command(
        "simulate_sla", "--papers-a-day", "20", "--days", "6", "--policy", "working-9h", "--promise-kept", "0.9",
        "--from", "2026-11-23", "--plays", "2", "--plot", str(picture), stdout=out,
    )  # fmt: skip
    said = out.getvalue()
    assert "teachers keep 90 % of the promises." in said
    drawn = ElementTree.fromstring(picture.read_text())
    assert "teachers keep 90 %" in drawn[0].text
    with pytest.raises(CommandError, match="There is no promise “soon”"):
        call_command("simulate_sla", "--policy", "soon")
    with pytest.raises(CommandError, match="could not be written"):
        call_command("simulate_sla", "--papers-a-day", "1", "--plays", "1", "--plot", str(tmp_path), stdout=out)
    with pytest.raises(CommandError, match="work for 463 teachers"):
        call_command("simulate_sla", "--papers-a-day", "2500", "--plays", "1", "--from", "2026-11-23")
    with pytest.raises(CommandError, match="cannot mark 12 h"):
        call_command("simulate_sla", "--hours", "12")


@pytest.mark.django_db
def test_a_promise_by_its_slug_or_by_its_name() -> None:
    assert promise_called("working-9h")[0] == WorkingHours(Decimal(9))
    assert promise_called("elapsed-30h") == (ElapsedExcludingClosedDays(Decimal(30)), OFFICE)
    with pytest.raises(PolicyError, match="budget"):
        promise_called("working-9999h")


def test_the_picture_has_every_number_played() -> None:
    question = replace(PLAIN, plays=1)
    answer = find_team(question, target=0.95)
    drawn = ElementTree.fromstring(plot(question, answer, target=0.95))
    said = "".join(drawn.itertext())
    assert all(f"{row.teachers} teachers: {100 * row.kept:.2f} %" in said for row in answer.rows)
