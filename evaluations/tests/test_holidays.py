"""Holidays pasted or uploaded: the dry run, what it does to promises, what is added."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from common.errors import DomainError
from evaluations.models import Evaluation, Holiday, WorkingCalendar
from evaluations.services.holidays import add_holidays, effect_of, read_holidays
from evaluations.tests.builders import default_policy, evaluation_of, hand_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def calendar() -> WorkingCalendar:
    default_policy()
    found = WorkingCalendar.objects.get(slug="institute")
    Holiday.objects.create(calendar=found, date=date(2026, 12, 25), name="Christmas")
    return found


def test_lines_are_read_as_people_write_them(calendar: WorkingCalendar) -> None:
    text = "Date;Name\n26.01.2027;Republic Day\n\n2026-12-25;Christmas\n15/08/2027;Independence Day\n"
    text += "2027-01-26;Twice\nsoon;X\n2027-02-30;Y\n2027-03-01;"
    lines = read_holidays(text, calendar=calendar)
    told = [(line.number, line.date, line.is_new, bool(line.problem)) for line in lines]
    assert told == [
        (2, date(2027, 1, 26), True, False),
        (3, date(2026, 12, 25), False, False),
        (4, date(2027, 8, 15), True, False),
        (5, date(2027, 1, 26), False, False),
        (6, None, False, True),
        (7, None, False, True),
        (8, date(2027, 3, 1), False, True),
    ]


@pytest.mark.parametrize("text", ["", "\n \n", "2027-01-01,X\n" * 501])
def test_nothing_and_too_much_are_refused(calendar: WorkingCalendar, text: str) -> None:
    with pytest.raises(DomainError):
        read_holidays(text, calendar=calendar)


def test_given_promises_stay_and_new_ones_move(calendar: WorkingCalendar, cast: Any) -> None:
    """48 h from Wednesday 10:00 end on Friday; with Thursday a holiday on Saturday."""
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    effect = effect_of(calendar=calendar, days=[date(2026, 11, 19), date(2026, 11, 20)], now=NOW)
    moved = {one.policy.slug: one.after - one.before for one in effect.examples if one.before and one.after}
    assert moved["elapsed-48h"] == timedelta(days=3)  # Thursday, Friday, and the Sunday that it now meets
    assert (effect.given, effect.on_holidays) == (1, 1)
    before = paper.due_at
    lines = read_holidays("2026-11-19, Strike\n2026-11-20, Strike", calendar=calendar)
    assert add_holidays(calendar=calendar, lines=lines, actor=cast.staff, now=NOW) == 2
    assert add_holidays(calendar=calendar, lines=lines, actor=cast.staff, now=NOW) == 0
    assert Evaluation.objects.get().due_at == before
    assert AuditEvent.objects.filter(action="holiday.added", actor=cast.staff).count() == 2


def test_the_office_looks_first_and_adds_then(client: Any, cast: Any, calendar: WorkingCalendar) -> None:
    client.force_login(cast.staff)
    url = reverse("admin:evaluations_calendar_year", args=[calendar.pk, 2026])
    assert "Christmas" in client.get(url).content.decode()
    file = SimpleUploadedFile("h.csv", "\ufeff2026-12-31,New Year's Eve\nx,y".encode())
    shown = client.post(url, {"text": "", "file": file})
    assert (shown.status_code, shown.context["new"]) == (200, 1)
    assert "is no date" in shown.content.decode()
    assert Holiday.objects.count() == 1
    done = client.post(url, {"text": shown.context["text"], "confirm": "1"}, follow=True).content.decode()
    assert "1 holiday added." in done
    assert Holiday.objects.count() == 2
    assert client.post(url, {"text": ""}).status_code == 422
    assert client.post(url, {"file": SimpleUploadedFile("h.csv", b"\xff\xfe")}).status_code == 422
    assert reverse("admin:evaluations_calendar_year", args=[calendar.pk, NOW.year]) is not None


@pytest.mark.parametrize("who", ["student", "teacher", "guardian"])
def test_others_do_not_get_in(client: Any, cast: Any, calendar: WorkingCalendar, who: str) -> None:
    client.force_login(cast.people[who])
    url = reverse("admin:evaluations_calendar_year", args=[calendar.pk, 2026])
    assert client.post(url, {"text": "2027-01-01,X", "confirm": "1"}).status_code == 302
    assert Holiday.objects.count() == 1
