"""How much each teacher has to do, and what can be done with it from the board."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Leave
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, MarkerForecast
from evaluations.selectors.workload import workloads
from evaluations.services.forecasting import refresh_forecasts
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def papers(cast: Any, count: int, teacher: Any, **fields: Any) -> list[Evaluation]:
    return [evaluation_of(hand_in(cast.exam, who), teacher=teacher, **fields) for who in more_students(count)]


def test_work_and_time_for_it_are_the_forecast_s(cast: Any) -> None:
    papers(cast, 2, cast.teacher, due_in=4 * HOUR, expected_seconds=999)
    papers(cast, 1, cast.teacher, due_in=-HOUR)
    papers(cast, 1, cast.teacher, finalised_at=NOW - 40 * 24 * HOUR)
    before = {load.name: load for load in workloads(NOW)}
    assert (before["Suresh Rao"].papers, before["Suresh Rao"].late, before["Suresh Rao"].free) == (4, 1, None)
    assert before["Suresh Rao"].work == pytest.approx(2 * 999 / 3600)
    assert "Vikram Sethi" not in before, "not verified"
    refresh_forecasts(now=NOW)
    busy = next(load for load in workloads(NOW) if load.name == "Suresh Rao")
    seen = MarkerForecast.objects.get(teacher=cast.teacher)
    assert (busy.work, busy.free) == (seen.work_seconds / 3600, 4)
    assert busy.load == pytest.approx(seen.work_seconds / (4 * 3600))
    assert (busy.is_over, busy.late_ahead >= 1) == (False, True)


def test_promises_kept_are_of_thirty_days_and_the_next_leave_is_told(cast: Any) -> None:
    done = {"state": EvaluationState.RELEASED, "due_in": HOUR}
    papers(cast, 2, cast.teacher, finalised_at=NOW, **done)
    papers(cast, 1, cast.teacher, finalised_at=NOW + 2 * HOUR, **done)
    papers(cast, 1, cast.teacher, finalised_at=NOW - 31 * 24 * HOUR, **done)
    for first, last in ((date(2026, 11, 1), date(2026, 11, 2)), (date(2026, 12, 1), date(2026, 12, 4))):
        Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=first, ends_on=last)
    Leave.objects.create(teacher_id=cast.colleague.pk, starts_on=NOW.date(), ends_on=NOW.date())
    loads = {load.name: load for load in workloads(NOW + 3 * HOUR)}
    busy = loads["Suresh Rao"]
    assert (busy.finished, busy.in_time, busy.kept) == (3, 2, pytest.approx(2 / 3))
    assert (busy.leave, busy.on_leave) == ((date(2026, 12, 1), date(2026, 12, 4)), False)
    assert loads["Anita Desai"].on_leave
    assert (loads["Anita Desai"].kept, loads["Anita Desai"].load) == (None, None)


def test_it_costs_the_same_for_any_queue(cast: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        workloads(NOW)
    papers(cast, 12, cast.teacher)
    with django_assert_num_queries(4):
        workloads(NOW)


def test_one_press_leads_to_giving_all_papers_of_a_teacher(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    mine = papers(cast, 2, cast.teacher)
    papers(cast, 1, cast.colleague)
    papers(cast, 1, cast.teacher, state=EvaluationState.RELEASED)
    refresh_forecasts(now=timezone.now())
    rows = {row["load"].name: row for row in client.get(reverse("admin:index")).context["teachers"]}
    press = {"action": "reassign", "_selected_action": "all", "select_across": "1"}
    url = rows["Suresh Rao"]["url"]
    assert "2 papers" in client.post(url, press).content.decode()
    shown = client.post(url, press | {"teacher": str(cast.colleague.pk), "reason": "Ill"})
    client.post(url, press | {"teacher": "best", "reason": "Ill", "plan": shown.context["sealed"]})
    assert set(Evaluation.objects.filter(pk__in=[one.pk for one in mine]).values_list("teacher", flat=True)) == {
        cast.colleague.pk
    }
