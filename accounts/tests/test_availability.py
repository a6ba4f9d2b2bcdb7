"""A teacher's own hours and leave: entered by the teacher, seen by the office, refused where they make no sense."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Leave, WorkingHours
from accounts.services.availability import (
    AvailabilityError,
    Span,
    add_leave,
    change_leave,
    remove_leave,
    set_working_hours,
)
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = date(2026, 11, 18)  # NOW in Kolkata


def enter(cast: Any, first: date, last: date) -> Leave:
    return add_leave(teacher=cast.teacher, first=first, last=last, reason="Wedding", actor=cast.teacher, now=NOW)


def test_leave_is_entered_and_audited(cast: Any) -> None:
    leave = enter(cast, TODAY, TODAY + DAY)
    event = AuditEvent.objects.get(action="leave.added")
    assert (event.actor, event.object_id, event.after["starts_on"]) == (cast.teacher, str(leave.pk), "2026-11-18")
    remove_leave(leave=leave, actor=cast.teacher, now=NOW)
    assert AuditEvent.objects.filter(action="leave.removed").exists()
    assert not Leave.objects.exists()


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (5, 4, "leave_order"),
        (-3, -1, "leave_past"),
        (1, 400, "leave_long"),
        (7, 9, "leave_overlap"),
        (5, 7, "leave_overlap"),
    ],
)
def test_leave_that_makes_no_sense_is_refused(cast: Any, first: int, last: int, code: str) -> None:
    enter(cast, TODAY + 7 * DAY, TODAY + 8 * DAY)
    enter(cast, TODAY + 9 * DAY, TODAY + 10 * DAY)
    with pytest.raises(AvailabilityError) as refused:
        enter(cast, TODAY + first * DAY, TODAY + last * DAY)
    assert refused.value.code == code
    assert Leave.objects.count() == 2


def test_leave_is_changed_with_the_checks_of_entering_it(cast: Any) -> None:
    leave, other = enter(cast, TODAY + DAY, TODAY + 2 * DAY), enter(cast, TODAY + 7 * DAY, TODAY + 8 * DAY)
    for first, last, code in (
        (3, 2, "leave_order"),
        (-3, -1, "leave_past"),
        (1, 400, "leave_long"),
        (6, 7, "leave_overlap"),
    ):
        with pytest.raises(AvailabilityError) as refused:
            change_leave(leave=leave, first=TODAY + first * DAY, last=TODAY + last * DAY, actor=cast.teacher, now=NOW)
        assert refused.value.code == code
    changed = change_leave(leave=leave, first=TODAY, last=TODAY + 3 * DAY, reason="Ill", actor=cast.staff, now=NOW)
    leave.refresh_from_db()
    assert (
        (leave.starts_on, leave.ends_on, leave.reason) == (TODAY, TODAY + 3 * DAY, "Ill") != (changed.pk, other.pk, "")
    )
    event = AuditEvent.objects.get(action="leave.changed")
    assert (event.actor, event.before["ends_on"], event.after["ends_on"]) == (cast.staff, "2026-11-20", "2026-11-21")
    later = NOW + 9 * DAY
    with pytest.raises(AvailabilityError):
        change_leave(leave=leave, first=TODAY, last=TODAY + 30 * DAY, actor=cast.teacher, now=later)
    remove_leave(leave=other, actor=cast.teacher, now=NOW)
    other.pk = 10**6
    with pytest.raises(AvailabilityError) as gone:
        change_leave(leave=other, first=TODAY, last=TODAY, actor=cast.teacher, now=NOW)
    assert gone.value.code == "leave_gone"


def test_leave_that_is_over_stays_on_record(cast: Any) -> None:
    old = Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=TODAY - 2 * DAY, ends_on=TODAY - DAY)
    with pytest.raises(AvailabilityError):
        remove_leave(leave=old, actor=cast.teacher, now=NOW)


def test_hours_are_replaced_as_a_whole_and_audited_once(cast: Any) -> None:
    WorkingHours.objects.create(teacher_id=cast.teacher.pk, weekday=0, opens=time(9), closes=time(12))
    spans = [Span(2, time(15), time(18)), Span(2, time(9), time(13))]
    set_working_hours(teacher=cast.teacher, spans=spans, actor=cast.teacher, now=NOW)
    set_working_hours(teacher=cast.teacher, spans=spans, actor=cast.teacher, now=NOW)
    rows = cast.teacher.teacher_profile.working_hours.values_list("weekday", "opens", "closes")
    assert list(rows) == [(2, time(9), time(13)), (2, time(15), time(18))]
    event = AuditEvent.objects.get(action="teacherprofile.hours_changed")
    assert event.before == {"working_hours": ["Monday 09:00–12:00"]}


@pytest.mark.parametrize(
    "spans", [[Span(0, time(9), time(9))], [Span(0, time(9), time(12)), Span(0, time(11), time(13))]]
)
def test_hours_that_make_no_sense_are_refused(cast: Any, spans: list[Span]) -> None:
    with pytest.raises(AvailabilityError):
        set_working_hours(teacher=cast.teacher, spans=spans, actor=cast.teacher, now=NOW)


# --- The page --------------------------------------------------------------------------------------------------------
def test_a_teacher_enters_hours_and_leave(client: Any, cast: Any) -> None:
    client.force_login(cast.teacher)
    sent = client.post(reverse("availability"), {"day_0": "9-13, 15:00-18:30", "day_5": ""}, follow=True)
    assert 'value="09:00-13:00, 15:00-18:30"' in sent.content.decode()
    first = timezone.localdate() + 3 * DAY
    values = {"first": first.isoformat(), "last": first.isoformat(), "reason": "Wedding"}
    assert "Wedding" in client.post(reverse("leave-add"), values, follow=True).content.decode()
    again = client.post(reverse("leave-add"), values)
    assert again.status_code == 422
    assert "It overlaps the leave from" in again.content.decode()
    change = reverse("leave-change", args=[Leave.objects.get().pk])
    assert f'value="{first.isoformat()}"' in client.get(change).content.decode()
    sent = client.post(change, {"first": first.isoformat(), "last": (first - DAY).isoformat()})
    assert sent.status_code == 422
    assert "The last day comes before the first." in sent.content.decode()
    client.post(change, values | {"last": (first + DAY).isoformat()})
    assert Leave.objects.get().ends_on == first + DAY
    client.post(reverse("leave-remove", args=[Leave.objects.get().pk]))
    assert not Leave.objects.exists()


@pytest.mark.parametrize("text", ["nine", "9-25", "12-9", "9-12, 11-13"])
def test_hours_that_are_none_are_asked_again(client: Any, cast: Any, text: str) -> None:
    client.force_login(cast.teacher)
    sent = client.post(reverse("availability"), {"day_0": text}, headers={"HX-Request": "true"})
    assert sent.status_code == 422
    assert "<html" not in sent.content.decode()
    assert not WorkingHours.objects.exists()


def test_nobody_enters_anything_for_others(client: Any, cast: Any) -> None:
    leave = enter(cast, TODAY, TODAY + 400 * DAY - 40 * DAY)
    client.force_login(cast.colleague)
    assert client.post(reverse("leave-remove", args=[leave.pk])).status_code == 404
    assert client.post(reverse("leave-change", args=[leave.pk])).status_code == 404
    client.force_login(cast.student)
    assert client.get(reverse("availability")).status_code == 403
    assert client.post(reverse("leave-add"), {}).status_code == 403
    assert Leave.objects.exists()
