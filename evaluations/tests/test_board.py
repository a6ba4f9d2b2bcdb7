"""The board of the office: counts, links that hold what they say, the forecast's numbers, one cost for any queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.enums import EvaluationState
from evaluations.models import BreachWarning, Evaluation, ForecastRun, SlaBreach
from evaluations.selectors.board import office_board, outlook_of
from evaluations.selectors.hours_left import KINDS, is_kind
from evaluations.services.forecasting import refresh_forecasts
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
INDIA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def queue(cast: Any) -> list[Evaluation]:
    """One paper of each class, and two that are not open."""
    made: list[dict[str, Any]] = [{"due_in": HOUR * hours} for hours in (-1, 1, 5, 23, 47, 90)]
    made += [{"due_in": HOUR, "paused_at": NOW}, {"due_in": -HOUR, "finalised_at": NOW}]
    made += [{"state": EvaluationState.RELEASED, "finalised_at": NOW}, {"state": EvaluationState.RETURNED}]
    return [
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher, **fields)
        for who, fields in zip(more_students(len(made)), made, strict=True)
    ]


def test_every_open_paper_is_in_one_class_and_the_filter_agrees(queue: list[Evaluation], cast: Any) -> None:
    evaluation_of(hand_in(cast.exam, cast.student), due_in=HOUR * 3)
    board = office_board(NOW)
    counts = {line.key: line.total for line in board.by_kind}
    assert counts == {"late": 1, "2h": 1, "6h": 2, "24h": 1, "48h": 1, "later": 1, "waits": 1, "done": 1}
    assert counts == {name: Evaluation.objects.filter(is_kind(name, NOW)).count() for name in KINDS}
    for lines in (board.by_policy, board.by_programme, board.by_teacher):
        assert sum(line.total for line in lines) == 9
    assert [(line.name, line.total) for line in board.by_teacher] == [("Suresh Rao", 8), ("Nobody yet", 1)]
    assert board.by_teacher[0].states == {EvaluationState.ASSIGNED: 8}


def test_the_page_links_into_the_list_and_shows_what_is_coming(client: Any, cast: Any) -> None:
    now = timezone.now()
    late, soon = (evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher) for who in more_students(2))
    Evaluation.objects.filter(pk=late.pk).update(due_at=now - HOUR)
    Evaluation.objects.filter(pk=soon.pk).update(due_at=now + HOUR)
    SlaBreach.objects.create(evaluation=late, due_at=now - HOUR, flagged_at=now)
    BreachWarning.objects.create(
        evaluation=soon, warned_at=now, due_at=now + HOUR, late_chance=0.7, giver=cast.teacher, taker=cast.colleague,
        taker_chance=0.1,
    )  # fmt: skip
    client.force_login(cast.staff)
    page = client.get(reverse("admin:index")).content.decode()
    assert "The forecast is not worked out yet" in page
    assert f"{late.short_id}</a>" in page
    assert "Anita Desai (10\u202f%)" in page
    refresh_forecasts(now=now)
    response = client.get(reverse("admin:index"))
    assert "of 2 papers" in response.content.decode()
    assert response.content.decode().count('<svg class="work-chart') == 4
    rows = [*response.context["time_left"], *(row for part in response.context["breakdowns"] for row in part["rows"])]
    for row in rows:
        listed = client.get(row["url"]).context["cl"].result_count
        assert listed == row["total"], row["name"]


def test_the_forecast_s_days_add_up_to_its_hours() -> None:
    hours = [[3600, 1800, 1, 0, 0.0]] * 30 + [[0, 7200, 0, 2, 1.5]] * 20
    outlook = outlook_of(ForecastRun(made_at=NOW, papers=45, unseen=15, hours=hours), INDIA)
    assert (outlook.expected[0], outlook.expected[-1], outlook.allowed[-1]) == (45, 15, 5)
    assert len(outlook.expected) == 51
    # NOW is Wednesday 10:00 in Kolkata: 14 hours are left of it.
    assert [(day.done, day.due) for day in outlook.days] == [(14, 0), (16, 16), (0, 24)]
    assert [(day.expected, day.allowed) for day in outlook.days] == [(31, 45), (15, 29), (15, 5)]
    assert outlook.days[0].work == 7
    assert outlook.days[-1].free_until == pytest.approx(sum(hour[0] for hour in hours) / 3600)
    assert outlook.short_by == outlook.days[1]
    assert outlook.late == pytest.approx(30)


def test_an_old_forecast_is_said_to_be_old(client: Any, cast: Any) -> None:
    refresh_forecasts(now=timezone.now() - timedelta(minutes=30))
    client.force_login(cast.staff)
    page = client.get(reverse("admin:index")).content.decode()
    assert "look whether the worker runs" in page
    assert "All 0 papers are expected in time." in page


def test_the_board_costs_the_same_for_one_paper_and_for_thirty(
    client: Any, cast: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.staff)
    evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(40) as one:
        client.get(reverse("admin:index"))
    for who in more_students(29):
        paper = evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher)
        SlaBreach.objects.create(evaluation=paper, due_at=NOW, flagged_at=NOW)
        BreachWarning.objects.create(evaluation=paper, warned_at=NOW, due_at=timezone.now() + HOUR, late_chance=0.5)
    refresh_forecasts(now=timezone.now())
    with django_assert_max_num_queries(len(one)):
        client.get(reverse("admin:index"))


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_the_board_is_the_office_s(client: Any, cast: Any, who: str) -> None:
    client.force_login(cast.people[who])
    assert client.get(reverse("admin:index")).status_code == 302
