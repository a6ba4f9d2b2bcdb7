"""Holidays of a working calendar, many at once, and what a changed calendar means for promises."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.office import save_row
from common.errors import DomainError
from evaluations.enums import PROMISED_STATES
from evaluations.models import Evaluation, Holiday, SlaPolicy, WorkingCalendar
from evaluations.services.policies import clock_calendar, clock_policy
from evaluations.services.sla_clock import Calendar, CalendarError, due_at

MOST_LINES = 500
FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")


@dataclass(frozen=True)
class HolidayLine:
    """One line of a list as it was read. `problem` is empty where it can be added; `is_known`: it is there already."""

    number: int
    text: str
    date: date | None = None
    name: str = ""
    problem: str = ""
    is_known: bool = False

    @property
    def is_new(self) -> bool:
        return not self.problem and not self.is_known


@dataclass(frozen=True)
class Example:
    """By when a paper handed in now would be due under a policy, before and after; None: no deadline comes out."""

    policy: SlaPolicy
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Effect:
    """What new holidays would do. `given`: open papers of this calendar's policies whose promise stays as it is;
    `on_holidays`: how many of them are due on one of the new days."""

    examples: list[Example]
    given: int
    on_holidays: int


def read_holidays(text: str, *, calendar: WorkingCalendar) -> list[HolidayLine]:
    """Lines of `date,name` (also with semicolons or tabs; a heading is passed over). One query.

    Raises DomainError when there is nothing, or too much of it.
    """
    delimiter = next((sign for sign in ("\t", ";") if sign in text), ",")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if not 0 < len(rows) <= MOST_LINES:
        raise DomainError(_("Give 1 to %d lines, each with a date and a name.") % MOST_LINES, "holiday_lines")
    known = set(calendar.holidays.values_list("date", flat=True))
    lines: list[HolidayLine] = []
    for number, row in enumerate(rows, start=1):
        line = _line(number, [cell.strip() for cell in row], known)
        if number == 1 and line.date is None and len(row) > 1 and not any(sign.isdigit() for sign in row[0]):
            continue
        if line.date is not None and not line.problem:
            known.add(line.date)
        lines.append(line)
    return lines


def add_holidays(*, calendar: WorkingCalendar, lines: Iterable[HolidayLine], actor: User, now: datetime) -> int:
    """Adds what is new; returns how many. Promises given already do not move. Audited, one event for each day."""
    with transaction.atomic():
        locked = WorkingCalendar.objects.select_for_update().get(pk=calendar.pk)
        known = set(locked.holidays.values_list("date", flat=True))
        count = 0
        for line in lines:
            if line.is_new and line.date is not None and line.date not in known:
                row = Holiday(calendar=locked, date=line.date, name=line.name)
                after = {"calendar": locked.slug, "date": line.date, "name": line.name}
                save_row(row=row, before={}, after=after, actor=actor, now=now)
                known.add(line.date)
                count += 1
    return count


def effect_of(*, calendar: WorkingCalendar, days: Collection[date], now: datetime) -> Effect:
    """What it does to promises when these days are holidays: given ones stay, new ones move. Five queries."""
    clock = clock_calendar(calendar)
    then = replace(clock, holidays=clock.holidays | set(days))
    policies = list(SlaPolicy.objects.filter(calendar=calendar))
    open_papers = Evaluation.objects.records().filter(
        policy__calendar=calendar, state__in=PROMISED_STATES, finalised_at=None
    )
    due_days = [due.astimezone(clock.time_zone).date() for due in open_papers.values_list("due_at", flat=True)]
    return Effect(
        examples=[Example(policy, _due(policy, clock, now), _due(policy, then, now)) for policy in policies],
        given=len(due_days),
        on_holidays=sum(day in days for day in due_days),
    )


def _line(number: int, cells: list[str], known: Collection[date]) -> HolidayLine:
    text = ", ".join(cells)
    day = _date(cells[0])
    if day is None:
        return HolidayLine(number, text, problem=_("“%s” is no date; write 2026-12-25.") % cells[0][:40])
    name = cells[1] if len(cells) > 1 else ""
    if not name:
        return HolidayLine(number, text, day, problem=_("The name is missing."))
    return HolidayLine(number, text, day, name[:80], is_known=day in known)


def _date(text: str) -> date | None:
    for pattern in FORMATS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _due(policy: SlaPolicy, calendar: Calendar, now: datetime) -> datetime | None:
    try:
        return due_at(submitted_at=now, policy=clock_policy(policy), calendar=calendar)
    except CalendarError:
        return None
