"""The service-level clock against cases worked out by hand; nothing here was copied from what the code returns.

What a pause does to a promise is worked out in test_pauses.py; what holds for every moment and calendar is in
test_sla_clock_properties.py.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from evaluations.services.sla_clock import (
    Calendar,
    CalendarError,
    ElapsedExcludingClosedDays,
    SameWorkingDay,
    WeeklyHours,
    WorkingHours,
    add_working_time,
    budget_at,
    due_at,
    working_seconds_between,
)

IST = ZoneInfo("Asia/Kolkata")
LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
HAVANA = ZoneInfo("America/Havana")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
CASABLANCA = ZoneInfo("Africa/Casablanca")
APIA = ZoneInfo("Pacific/Apia")

INDIA = Calendar()
EVERY_DAY = WeeklyHours.same_every_day(range(7), time(9), time(18))
ROUND_THE_CLOCK = WeeklyHours.same_every_day(range(7), time(0), time(0))
SUNDAY_NIGHT = WeeklyHours({6: ((time(0), time(6)),)})
NOON = SameWorkingDay(cutoff=time(12), due=time(18))


def hours(number: str) -> WorkingHours:
    return WorkingHours(Decimal(number))


def elapsed(number: str) -> ElapsedExcludingClosedDays:
    return ElapsedExcludingClosedDays(Decimal(number))


def moment(text: str, zone: tzinfo = IST) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# 2 November 2026 is a Monday.
@pytest.mark.parametrize(
    ("policy", "submitted", "due"),
    [
        # Elapsed hours: working days count whole, Sundays not at all.
        (elapsed("48"), "2026-11-06 17:00", "2026-11-09 17:00"),  # Fri → Mon
        (elapsed("48"), "2026-11-07 15:00", "2026-11-10 15:00"),  # Sat → Tue
        (elapsed("48"), "2026-11-02 10:00", "2026-11-04 10:00"),  # Mon → Wed
        (elapsed("48"), "2026-11-08 11:00", "2026-11-11 00:00"),  # Sun starts Mon 00:00
        (elapsed("48"), "2026-11-08 00:00", "2026-11-11 00:00"),  # Sun 00:00 likewise
        (elapsed("24"), "2026-11-06 00:00", "2026-11-07 00:00"),  # one whole working day
        (elapsed("7"), "2026-11-07 17:00", "2026-11-08 00:00"),  # used up as Saturday ends
        (elapsed("7.5"), "2026-11-07 17:00", "2026-11-09 00:30"),  # half an hour of Monday
        (elapsed("144"), "2026-11-02 08:00", "2026-11-09 08:00"),  # six working days, over a Sunday
        (elapsed("0.25"), "2026-11-04 23:50", "2026-11-05 00:05"),
        # Same working day.
        (NOON, "2026-11-08 13:00", "2026-11-09 18:00"),  # Sunday → Monday
        (NOON, "2026-11-04 11:59", "2026-11-04 18:00"),
        (NOON, "2026-11-04 12:00", "2026-11-04 18:00"),  # by 12:00
        (NOON, "2026-11-04 12:00:01", "2026-11-05 18:00"),
        (NOON, "2026-11-04 12:01", "2026-11-05 18:00"),
        (NOON, "2026-11-04 00:00", "2026-11-04 18:00"),
        (NOON, "2026-11-07 12:30", "2026-11-09 18:00"),  # Saturday afternoon → Monday
        (NOON, "2026-11-07 23:59", "2026-11-09 18:00"),
        # Working hours, Mon–Sat 09:00–18:00.
        (hours("9"), "2026-11-02 09:00", "2026-11-02 18:00"),
        (hours("9"), "2026-11-06 17:00", "2026-11-07 17:00"),  # Fri → Sat
        (hours("9"), "2026-11-07 17:00", "2026-11-09 17:00"),  # Sat → Mon
        (hours("9"), "2026-11-02 07:00", "2026-11-02 18:00"),  # before opening
        (hours("9"), "2026-11-02 18:00", "2026-11-03 18:00"),  # at closing
        (hours("9"), "2026-11-02 22:00", "2026-11-03 18:00"),  # at night
        (hours("9"), "2026-11-08 10:00", "2026-11-09 18:00"),  # on Sunday
        (hours("1"), "2026-11-02 17:30", "2026-11-03 09:30"),
        (hours("54"), "2026-11-02 09:00", "2026-11-07 18:00"),  # a whole week
        (hours("54.5"), "2026-11-02 09:00", "2026-11-09 09:30"),
        # Year end and leap day: 31 December 2026 is a Thursday, 29 February 2028 a Tuesday.
        (hours("9"), "2026-12-31 17:00", "2027-01-01 17:00"),
        (elapsed("48"), "2026-12-31 20:00", "2027-01-02 20:00"),
        (hours("9"), "2028-02-28 17:00", "2028-02-29 17:00"),
        (elapsed("48"), "2028-02-28 17:00", "2028-03-01 17:00"),
        (NOON, "2028-02-28 15:00", "2028-02-29 18:00"),
        # To the second.
        (NOON, "2026-11-07 12:00", "2026-11-07 18:00"),  # Saturday works: by 12:00 is in time
        (NOON, "2026-11-07 12:00:00.000001", "2026-11-09 18:00"),  # a microsecond is late
        (NOON, "2026-11-08 23:59:59", "2026-11-09 18:00"),  # the last second of Sunday
        (NOON, "2026-11-09 00:00", "2026-11-09 18:00"),  # the first of Monday
        (hours("0.25"), "2026-11-02 17:45", "2026-11-02 18:00"),  # used up as the office closes
        (hours("0.25"), "2026-11-02 17:45:01", "2026-11-03 09:00:01"),  # 899 s today, 1 s tomorrow
        (hours("9"), "2026-11-07 17:59:59", "2026-11-09 17:59:59"),  # 1 s of Saturday
        (hours("9"), "2026-11-07 18:00", "2026-11-09 18:00"),  # none of it
        (hours("18"), "2026-11-06 13:00", "2026-11-09 13:00"),  # Fri 5 h, Sat 9 h, Mon 4 h
        (elapsed("48"), "2026-11-07 23:59:59", "2026-11-10 23:59:59"),  # 1 s of Saturday, then Mon and Tue less 1 s
        (elapsed("48"), "2026-11-08 23:59:59", "2026-11-11 00:00"),  # nothing of Sunday: Mon and Tue whole
        # Year end again: 31 December 2027 is a Friday, 1 January a Saturday, the 2nd a Sunday.
        (hours("9"), "2027-12-31 13:00", "2028-01-01 13:00"),  # 5 h of the old year, 4 h of the new
        (elapsed("48"), "2027-12-31 12:00", "2028-01-03 12:00"),  # 12 h Fri, 24 h Sat, 12 h Mon
        (NOON, "2027-12-31 12:00:01", "2028-01-01 18:00"),
        # On the leap day, and in a year without it: 28 February 2027 is a Sunday.
        (hours("9"), "2028-02-29 12:00", "2028-03-01 12:00"),  # 6 h Tue, 3 h Wed
        (NOON, "2028-02-29 12:00:01", "2028-03-01 18:00"),
        (elapsed("24"), "2027-02-27 12:00", "2027-03-01 12:00"),  # 12 h Sat, 12 h Mon
    ],
)
def test_deadline_in_the_default_calendar(policy, submitted, due):
    assert due_at(submitted_at=moment(submitted), policy=policy, calendar=INDIA) == moment(due)


# Republic Day 2027 is a Tuesday; Monday the 25th is taken off with it.
HOLIDAYS = Calendar(holidays=frozenset({date(2027, 1, 25), date(2027, 1, 26)}))


@pytest.mark.parametrize(
    ("policy", "submitted", "due"),
    [
        (hours("9"), "2027-01-23 17:00", "2027-01-27 17:00"),  # Sat → Wed, over Sunday and two holidays
        (elapsed("48"), "2027-01-23 15:00", "2027-01-28 15:00"),
        (elapsed("24"), "2027-01-26 15:00", "2027-01-28 00:00"),
        (NOON, "2027-01-25 09:00", "2027-01-27 18:00"),
        (NOON, "2027-01-23 12:01", "2027-01-27 18:00"),
    ],
)
def test_holidays_are_closed_days(policy, submitted, due):
    assert due_at(submitted_at=moment(submitted), policy=policy, calendar=HOLIDAYS) == moment(due)


# Diwali 2026 is Sunday 8 November. Closed from Friday the 6th to Tuesday the 10th: Thursday, then Wednesday.
DIWALI = Calendar(holidays=frozenset(date(2026, 11, day) for day in (6, 7, 9, 10)))


@pytest.mark.parametrize(
    ("policy", "submitted", "due"),
    [
        (hours("9"), "2026-11-05 16:00", "2026-11-11 16:00"),  # 2 h Thu, 7 h Wed
        (hours("27"), "2026-11-04 09:00", "2026-11-11 18:00"),  # Wed, Thu, Wed, 9 h each
        (hours("9"), "2026-11-10 12:00", "2026-11-11 18:00"),  # on the last holiday
        (elapsed("48"), "2026-11-05 16:00", "2026-11-12 16:00"),  # 8 h Thu, 24 h Wed, 16 h Thu
        (elapsed("24"), "2026-11-05 00:00", "2026-11-06 00:00"),  # used up as the holidays begin
        (elapsed("24"), "2026-11-09 10:00", "2026-11-12 00:00"),  # all of Wednesday
        (NOON, "2026-11-05 12:00", "2026-11-05 18:00"),
        (NOON, "2026-11-05 12:00:01", "2026-11-11 18:00"),
        (NOON, "2026-11-07 09:00", "2026-11-11 18:00"),  # on a holiday
    ],
)
def test_holidays_in_a_row_with_a_sunday_among_them(policy, submitted, due):
    assert due_at(submitted_at=moment(submitted), policy=policy, calendar=DIWALI) == moment(due)


def test_a_holiday_on_the_leap_day():
    calendar = Calendar(holidays=frozenset({date(2028, 2, 29)}))
    # 1 h on Monday the 28th, 8 h on Wednesday the 1st.
    assert due_at(submitted_at=moment("2028-02-28 17:00"), policy=hours("9"), calendar=calendar) == moment(
        "2028-03-01 17:00"
    )


# Saturday is a half day: 9 to 13.
HALF_SATURDAY = Calendar(
    weekly_hours=WeeklyHours({**dict.fromkeys(range(5), ((time(9), time(18)),)), 5: ((time(9), time(13)),)})
)


@pytest.mark.parametrize(
    ("policy", "submitted", "due"),
    [
        (hours("9"), "2026-11-06 15:00", "2026-11-09 11:00"),  # Fri 3 h, Sat 4 h, Mon 2 h
        (hours("9"), "2026-11-07 12:00", "2026-11-09 17:00"),  # Sat 1 h, Mon 8 h
        (hours("4"), "2026-11-07 09:00", "2026-11-07 13:00"),
        (hours("4"), "2026-11-07 13:00", "2026-11-09 13:00"),  # at closing of the half day
        (hours("49"), "2026-11-02 09:00", "2026-11-07 13:00"),  # a whole week: 5 × 9 h and 4 h
        (elapsed("48"), "2026-11-06 17:00", "2026-11-09 17:00"),  # a half day counts whole: 7 h, 24 h, 17 h
        (NOON, "2026-11-07 11:30", "2026-11-07 18:00"),  # the policy's hour, not the office's
        (NOON, "2026-11-07 12:00:01", "2026-11-09 18:00"),
    ],
)
def test_half_days(policy, submitted, due):
    assert due_at(submitted_at=moment(submitted), policy=policy, calendar=HALF_SATURDAY) == moment(due)


# Given and answered in UTC. India is 5:30 ahead; New York 5 h behind from 1 November 2026.
@pytest.mark.parametrize(
    ("zone", "policy", "submitted", "due"),
    [
        (IST, elapsed("48"), "2026-11-07 18:30", "2026-11-10 18:30"),  # Sunday 00:00 there: Mon and Tue whole
        (IST, elapsed("48"), "2026-11-07 18:29:59", "2026-11-10 18:29:59"),  # Saturday 23:59:59 there
        (IST, NOON, "2026-11-06 20:00", "2026-11-07 12:30"),  # Saturday 01:30 there → Saturday 18:00
        (IST, NOON, "2026-11-04 06:30:01", "2026-11-05 12:30"),  # Wednesday 12:00:01 there
        (NEW_YORK, hours("9"), "2026-11-02 22:30", "2026-11-03 22:30"),  # Mon 17:30 there: 0.5 h, then 8.5 h
        (NEW_YORK, NOON, "2026-11-03 17:00", "2026-11-03 23:00"),  # noon there → 18:00 there
    ],
)
def test_moments_in_utc(zone, policy, submitted, due):
    found = due_at(submitted_at=moment(submitted, UTC), policy=policy, calendar=Calendar(time_zone=zone))
    assert found == moment(due, UTC)


# London springs forward on Sunday 29 March 2026 at 01:00 UTC and falls back on Sunday 25 October at 01:00 UTC.
@pytest.mark.parametrize(
    ("zone", "weekly", "policy", "submitted", "due"),
    [
        (LONDON, EVERY_DAY, elapsed("24"), "2026-03-28 12:00", "2026-03-29 13:00"),  # a night an hour shorter
        (LONDON, EVERY_DAY, elapsed("24"), "2026-10-24 12:00", "2026-10-25 11:00"),  # an hour longer
        (LONDON, EVERY_DAY, hours("9"), "2026-03-28 17:00", "2026-03-29 17:00"),  # office hours do not notice
        (LONDON, ROUND_THE_CLOCK, hours("24"), "2026-03-28 12:00", "2026-03-29 13:00"),
        (LONDON, EVERY_DAY, NOON, "2026-03-29 11:59", "2026-03-29 18:00"),
        (LONDON, INDIA.weekly_hours, elapsed("24"), "2026-03-28 12:00", "2026-03-30 12:00"),  # on a closed Sunday
        (NEW_YORK, EVERY_DAY, elapsed("24"), "2026-03-07 12:00", "2026-03-08 13:00"),
        (NEW_YORK, EVERY_DAY, elapsed("24"), "2026-10-31 12:00", "2026-11-01 11:00"),
        (NEW_YORK, EVERY_DAY, hours("10"), "2026-10-31 17:00", "2026-11-01 18:00"),
        (LONDON, ROUND_THE_CLOCK, hours("24"), "2026-10-24 12:00", "2026-10-25 11:00"),
        (LONDON, INDIA.weekly_hours, hours("9"), "2026-03-28 17:00", "2026-03-30 17:00"),  # 1 h Sat, 8 h Mon
        (LONDON, SUNDAY_NIGHT, hours("5"), "2026-03-29 00:00", "2026-03-29 06:00"),  # 0 to 6 o'clock is 5 h
        (LONDON, SUNDAY_NIGHT, hours("7"), "2026-10-25 00:00", "2026-10-25 06:00"),  # or 7 h
        (NEW_YORK, ROUND_THE_CLOCK, hours("12"), "2026-03-07 18:00", "2026-03-08 07:00"),  # 6 h, and 0 to 7 is 6 h
        (NEW_YORK, EVERY_DAY, elapsed("48"), "2026-03-06 12:00", "2026-03-08 13:00"),  # 12 h, 24 h, 12 h
        (NEW_YORK, INDIA.weekly_hours, hours("9"), "2026-10-31 17:00", "2026-11-02 17:00"),  # Sat → Mon
        # In Havana midnight itself is skipped on 8 March 2026: the day begins at 01:00 and has 23 hours.
        (HAVANA, ROUND_THE_CLOCK, elapsed("23"), "2026-03-08 01:00", "2026-03-09 00:00"),
        (HAVANA, ROUND_THE_CLOCK, hours("24"), "2026-03-07 12:00", "2026-03-08 13:00"),
        (LORD_HOWE, EVERY_DAY, elapsed("24"), "2026-10-03 12:00", "2026-10-04 12:30"),  # half an hour
        (LORD_HOWE, EVERY_DAY, elapsed("24"), "2026-04-04 12:00", "2026-04-05 11:30"),
        (CASABLANCA, EVERY_DAY, elapsed("24"), "2026-02-14 12:00", "2026-02-15 11:00"),  # back for Ramadan
        # Samoa had no 30 December 2011: Thursday was followed by Saturday.
        (APIA, EVERY_DAY, elapsed("24"), "2011-12-29 12:00", "2011-12-31 12:00"),
        (APIA, EVERY_DAY, hours("9"), "2011-12-29 17:00", "2011-12-31 17:00"),
        (APIA, EVERY_DAY, NOON, "2011-12-29 12:01", "2011-12-31 18:00"),
    ],
)
def test_nights_in_which_clocks_change(zone, weekly, policy, submitted, due):
    calendar = Calendar(time_zone=zone, weekly_hours=weekly)

    assert due_at(submitted_at=moment(submitted, zone), policy=policy, calendar=calendar) == moment(due, zone)


def test_opening_hours_lost_in_the_skipped_hour_are_not_counted():
    night = Calendar(time_zone=LONDON, weekly_hours=WeeklyHours({6: ((time(1, 30), time(2, 15)),)}))

    opened = night.open_intervals(date(2026, 3, 29))

    assert opened == [(datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 15, tzinfo=UTC))]


def test_lunch_is_no_working_time():
    halves = ((time(9), time(13)), (time(14), time(18)))
    calendar = Calendar(weekly_hours=WeeklyHours(dict.fromkeys(range(6), halves)))

    assert due_at(submitted_at=moment("2026-11-02 12:00"), policy=hours("2"), calendar=calendar) == moment(
        "2026-11-02 15:00"
    )
    assert working_seconds_between(moment("2026-11-02 00:00"), moment("2026-11-03 00:00"), calendar) == 8 * 3600
    assert not calendar.is_open(moment("2026-11-02 13:30"))


@pytest.mark.parametrize(
    ("policy", "submitted", "fraction", "expected"),
    [
        (hours("9"), "2026-11-02 09:00", "0.5", "2026-11-02 13:30"),
        (hours("9"), "2026-11-02 09:00", "0.8", "2026-11-02 16:12"),
        (hours("9"), "2026-11-07 17:00", "0.5", "2026-11-09 12:30"),
        (elapsed("48"), "2026-11-06 17:00", "0.5", "2026-11-07 17:00"),
        (elapsed("48"), "2026-11-06 17:00", "0.8", "2026-11-09 07:24"),
        (NOON, "2026-11-04 10:00", "0.5", "2026-11-04 14:00"),  # eight open hours to 18:00
        (NOON, "2026-11-04 15:00", "0.5", "2026-11-05 12:00"),  # 3 h today and 9 h tomorrow
        (NOON, "2026-11-08 13:00", "0.8", "2026-11-09 16:12"),
    ],
)
def test_moment_when_part_of_the_budget_is_used(policy, submitted, fraction, expected):
    used = budget_at(submitted_at=moment(submitted), policy=policy, calendar=INDIA, fraction=Decimal(fraction))

    assert used == moment(expected)


def test_office_is_open_from_opening_to_just_before_closing():
    assert INDIA.is_open(moment("2026-11-02 09:00"))
    assert INDIA.is_open(moment("2026-11-02 17:59:59"))
    assert not INDIA.is_open(moment("2026-11-02 18:00"))
    assert not INDIA.is_open(moment("2026-11-02 08:59"))
    assert not INDIA.is_open(moment("2026-11-08 12:00"))


def test_no_working_time_at_all_gives_the_moment_or_the_next_opening():
    assert add_working_time(moment("2026-11-02 12:00"), Decimal(0), INDIA) == moment("2026-11-02 12:00")
    assert add_working_time(moment("2026-11-07 18:00"), Decimal(0), INDIA) == moment("2026-11-09 09:00")


def test_time_before_the_start_is_no_working_time():
    assert working_seconds_between(moment("2026-11-03 12:00"), moment("2026-11-02 12:00"), INDIA) == 0


@pytest.mark.parametrize("policy", [hours("9"), elapsed("48"), NOON])
def test_naive_moment_is_refused(policy):
    with pytest.raises(ValueError, match="submitted_at has no time zone: 2026-11-02T09:00:00"):
        due_at(submitted_at=datetime(2026, 11, 2, 9), policy=policy, calendar=INDIA)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("policy", [hours("9"), elapsed("48"), NOON])
@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(weekly_hours=WeeklyHours({})),
        Calendar(holidays=frozenset(date(2026, 11, 1) + timedelta(days=day) for day in range(400))),
    ],
    ids=["never open", "on holiday for a year"],
)
def test_calendar_without_open_hours_is_an_error_and_not_an_endless_loop(policy, calendar):
    with pytest.raises(CalendarError, match=r"no (open hours|working day)"):
        due_at(submitted_at=moment("2026-11-02 12:30"), policy=policy, calendar=calendar)


@pytest.mark.parametrize("wrong", ["0", "-1", "NaN", "Infinity", "8785"])
def test_budget_that_is_none_is_refused(wrong):
    for policy in (WorkingHours, ElapsedExcludingClosedDays):
        with pytest.raises(CalendarError, match="budget"):
            policy(Decimal(wrong))


def test_impossible_hours_and_fractions_are_refused():
    with pytest.raises(CalendarError, match="cut-off"):
        SameWorkingDay(cutoff=time(18), due=time(12))
    with pytest.raises(CalendarError, match="overlap"):
        WeeklyHours({0: ((time(9), time(13)), (time(12), time(18)))})
    with pytest.raises(CalendarError, match="end before"):
        WeeklyHours({0: ((time(18), time(9)),)})
    with pytest.raises(CalendarError, match="after the end of the day"):
        WeeklyHours({0: ((time(9), time(0)), (time(12), time(18)))})
    with pytest.raises(CalendarError, match="Weekday 7"):
        WeeklyHours({7: ()})
    with pytest.raises(CalendarError, match="fraction"):
        budget_at(submitted_at=moment("2026-11-02 09:00"), policy=NOON, calendar=INDIA, fraction=Decimal("1.1"))
    with pytest.raises(CalendarError, match="backwards"):
        add_working_time(moment("2026-11-02 09:00"), Decimal(-1), INDIA)
