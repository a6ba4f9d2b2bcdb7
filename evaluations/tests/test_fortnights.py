"""What hours make of the coming fortnight: as saved, and as they would be; nothing is saved by looking."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Leave, WorkingHours
from accounts.services.availability import AvailabilityError, Span, change_leave
from evaluations.models import Holiday, WorkingCalendar
from evaluations.services.fortnights import fortnight
from evaluations.services.rebalancing import rebalance
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

pytestmark = pytest.mark.django_db
# NOW is Wednesday 18 November 2026, 10:00 in Kolkata; the institute is open 9:00 to 18:00, Monday to Saturday.
HOUR = timedelta(hours=1)
URL = "own-fortnight"


def test_hours_holidays_leave_and_what_is_due(cast: Any) -> None:
    Holiday.objects.create(calendar=WorkingCalendar.objects.get(slug="institute"), date=date(2026, 11, 20), name="Id")
    Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24))
    for who, hours in zip(more_students(3), (-30, 2, 30), strict=True):
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher, due_in=hours * HOUR)
    plan = fortnight(teacher=cast.teacher, now=NOW)
    assert [day.day.day for day in plan.days] == [*range(18, 31), 1]
    assert [round(day.seconds / 3600) for day in plan.days] == [8, 9, 0, 9, 0, 0, 0, 9, 9, 9, 9, 0, 9, 9]
    assert [day.day.day for day in plan.days if day.is_holiday] == [20]
    assert [day.day.day for day in plan.days if day.is_leave] == [23, 24]
    assert [day.due for day in plan.days][:3] == [2, 1, 0]
    assert (plan.seconds, plan.before) == (80 * 3600, None)


def test_hours_that_are_not_saved_are_compared_with_those_that_are(cast: Any) -> None:
    WorkingHours.objects.create(teacher_id=cast.teacher.pk, weekday=2, opens=time(20), closes=time(22))
    plan = fortnight(teacher=cast.teacher, hours=[Span(6, time(7), time(8)), Span(3, time(9), time(12))], now=NOW)
    assert [round(day.seconds / 3600) for day in plan.days] == [0, 3, 0, 0, 1, 0, 0, 0, 3, 0, 0, 1, 0, 0]
    assert (plan.seconds, plan.before) == (8 * 3600, 4 * 3600)
    assert fortnight(teacher=cast.teacher, hours=[], now=NOW).seconds == 12 * 9 * 3600 - 3600
    with pytest.raises(AvailabilityError):
        fortnight(teacher=cast.teacher, hours=[Span(0, time(12), time(9))], now=NOW)


def test_it_costs_the_same_for_one_paper_and_for_thirty(cast: Any, django_assert_num_queries: Any) -> None:
    for who in more_students(30):
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher)
    with django_assert_num_queries(8):
        fortnight(teacher=cast.teacher, hours=[], now=NOW)


def test_a_teacher_looks_before_saving(client: Any, cast: Any) -> None:
    client.force_login(cast.teacher)
    assert f'hx-get="{reverse(URL)}"' in client.get(reverse("availability")).content.decode()
    part = client.get(reverse(URL), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "as they are saved" in part
    page = client.post(reverse(URL), {"day_0": "9-13"}).content.decode()
    assert "Nothing is saved yet." in page
    assert 'name="day_0" value="9-13"' in page
    assert not WorkingHours.objects.exists()
    for wrong in ("nine", "12-9", "9-12, 11-13", "9-25"):
        refused = client.post(reverse(URL), {"day_0": wrong}, headers={"HX-Request": "true"})
        assert (refused.status_code, 'class="note' in refused.content.decode()) == (422, True)


def test_leave_that_was_changed_moves_what_leave_that_was_entered_so_moves(cast: Any) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, due_in=48 * HOUR)
    leave = Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 18))
    assert rebalance(now=NOW) == 0
    change_leave(leave=leave, first=leave.starts_on, last=date(2026, 11, 20), actor=cast.teacher, now=NOW)
    assert rebalance(now=NOW) == 1
    paper.refresh_from_db()
    assert paper.teacher == cast.colleague
