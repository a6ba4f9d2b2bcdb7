"""Leave as the office sees it: by week, with the papers that go to others, entered and taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Leave
from evaluations.enums import EvaluationState
from evaluations.selectors.leave_page import leave_board
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
URL = "admin:evaluations_leave"


def test_leave_by_week_and_what_goes_to_others(cast: Any) -> None:
    """NOW is Wednesday 18 November 2026."""
    for who, hours in zip(more_students(3), (24, 49, 24 * 6), strict=True):
        evaluation_of(hand_in(cast.exam, who), teacher=cast.teacher, due_in=timedelta(hours=hours))
    begun = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher, due_in=timedelta(hours=24))
    begun.__class__.objects.filter(pk=begun.pk).update(state=EvaluationState.IN_PROGRESS)
    for teacher, first, last in (
        (cast.teacher, date(2026, 11, 19), date(2026, 11, 23)),
        (cast.colleague, date(2026, 11, 17), date(2026, 11, 18)),
        (cast.colleague, date(2026, 11, 1), date(2026, 11, 17)),
    ):
        Leave.objects.create(teacher_id=teacher.pk, starts_on=first, ends_on=last)
    board = leave_board(NOW)
    assert board.weeks[:2] == [date(2026, 11, 16), date(2026, 11, 23)]
    told = [(row.leave.teacher.user.name, row.days[:3], row.moving, row.is_now) for row in board.rows]
    assert told == [("Anita Desai", [2, 0, 0], 0, True), ("Suresh Rao", [4, 1, 0], 2, False)]


def test_it_costs_the_same_for_one_and_for_thirty(cast: Any, django_assert_num_queries: Any) -> None:
    Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=NOW.date(), ends_on=NOW.date())
    with django_assert_num_queries(2):
        leave_board(NOW)
    for n in range(2, 31):
        day = NOW.date() + n * DAY
        Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=day, ends_on=day)
    with django_assert_num_queries(2):
        leave_board(NOW)


def test_the_office_enters_and_takes_back(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    today = timezone.localdate()
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    paper.__class__.objects.update(due_at=timezone.now() + 3 * DAY)
    values = {"teacher": str(cast.teacher.pk), "first": str(today + DAY), "last": str(today + 9 * DAY), "reason": "Ill"}
    page = client.post(reverse(URL), values, follow=True).content.decode()
    assert "Entered. 1 paper that is due then" in page
    assert "Ill" in page
    again = client.post(reverse(URL), values)
    assert again.status_code == 422
    assert "It overlaps the leave" in again.content.decode()
    assert client.post(reverse(URL), {}).status_code == 422
    leave = Leave.objects.get()
    change = reverse("admin:evaluations_leave_change", args=[leave.pk])
    assert 'name="teacher"' not in client.get(change).content.decode()
    assert client.post(change, values | {"last": str(today)}).status_code == 422
    page = client.post(change, values | {"last": str(today + 2 * DAY)}, follow=True).content.decode()
    assert "Entered. 0 papers" in page
    leave.refresh_from_db()
    assert (leave.teacher_id, leave.ends_on) == (cast.teacher.pk, today + 2 * DAY)
    remove = reverse("admin:evaluations_leave_remove", args=[Leave.objects.get().pk])
    client.get(remove)
    assert Leave.objects.exists()
    assert "The leave is taken back." in client.post(remove, follow=True).content.decode()
    assert not Leave.objects.exists()


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_others_do_not_get_in(client: Any, cast: Any, who: str) -> None:
    leave = Leave.objects.create(teacher_id=cast.colleague.pk, starts_on=NOW.date(), ends_on=NOW.date() + 400 * DAY)
    client.force_login(cast.people[who])
    assert client.get(reverse(URL)).status_code == 302
    assert client.post(reverse("admin:evaluations_leave_remove", args=[leave.pk])).status_code == 302
    assert client.post(reverse("admin:evaluations_leave_change", args=[leave.pk])).status_code == 302
    assert Leave.objects.exists()
