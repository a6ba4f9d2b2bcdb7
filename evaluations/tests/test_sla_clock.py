"""The service-level clock: cases worked out by hand, and properties that hold for every moment and calendar."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
NOON = SameWorkingDay(cutoff=time(12), due=time(18))


def hours(number: str) -> WorkingHours:
    return WorkingHours(Decimal(number))


def elapsed(number: str) -> ElapsedExcludingClosedDays:
    return ElapsedExcludingClosedDays(Decimal(number))


def moment(text: str, zone: ZoneInfo = IST) -> datetime:
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


# --- Properties ------------------------------------------------------------------------------------------------------
# Half an hour in Lord Howe, back for Ramadan in Casablanca; Samoa left out 30 December 2011, a Friday.
ZONES = [
    IST, LONDON, NEW_YORK, HAVANA, ZoneInfo("Pacific/Chatham"), LORD_HOWE, CASABLANCA, APIA,
]  # fmt: skip
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - zone added
    st.datetimes(datetime(2011, 12, 20), datetime(2012, 1, 5), timezones=st.just(UTC)),  # noqa: DTZ001 - zone added
)
second_counts = st.integers(1, 90 * 3600).map(Decimal)
policies = st.one_of(
    st.integers(1, 4 * 120).map(lambda quarters: WorkingHours(Decimal(quarters) / 4)),
    st.integers(1, 4 * 120).map(lambda quarters: ElapsedExcludingClosedDays(Decimal(quarters) / 4)),
    st.tuples(st.integers(0, 1438), st.integers(0, 1439))
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: SameWorkingDay(cutoff=time(*divmod(pair[0], 60)), due=time(*divmod(pair[1], 60)))),
)


@st.composite
def calendars(draw) -> Calendar:
    """Any zone that changes its clocks or does not, one or two spans on at least one weekday, some holidays."""
    week = {}
    for weekday in draw(st.sets(st.integers(0, 6), min_size=1)):
        minutes = sorted(draw(st.sets(st.integers(0, 1439), min_size=4, max_size=4)))
        first, second, third, fourth = (time(*divmod(minute, 60)) for minute in minutes)
        week[weekday] = ((first, second), (third, fourth)) if draw(st.booleans()) else ((first, fourth),)
    return Calendar(
        time_zone=draw(st.sampled_from(ZONES)),
        weekly_hours=WeeklyHours(week),
        holidays=frozenset(draw(st.sets(st.dates(date(2026, 1, 1), date(2029, 12, 31)), max_size=8))),
    )


@given(moments, policies, calendars())
def test_deadline_lies_after_the_submission_and_in_utc(submitted, policy, calendar):
    due = due_at(submitted_at=submitted, policy=policy, calendar=calendar)

    assert due > submitted
    assert due.utcoffset() == timedelta(0)


@given(moments, st.integers(0, 10 * 24 * 3600), policies, calendars())
def test_who_hands_in_later_is_never_due_earlier(submitted, later, policy, calendar):
    first = due_at(submitted_at=submitted, policy=policy, calendar=calendar)
    second = due_at(submitted_at=submitted + timedelta(seconds=later), policy=policy, calendar=calendar)

    assert first <= second


@given(moments, second_counts, calendars())
def test_working_deadline_is_never_in_closed_time_and_costs_exactly_the_budget(start, seconds, calendar):
    due = add_working_time(start, seconds, calendar)

    assert calendar.is_open(due - timedelta(microseconds=1))
    assert working_seconds_between(start, due, calendar) == seconds


@given(moments, second_counts, second_counts, calendars())
def test_working_time_adds_up(start, first, second, calendar):
    in_two_steps = add_working_time(add_working_time(start, first, calendar), second, calendar)

    assert in_two_steps == add_working_time(start, first + second, calendar)


@given(moments, st.integers(1, 200), calendars())
def test_elapsed_deadline_counts_every_hour_of_working_days_and_no_other(submitted, budget, calendar):
    due = due_at(submitted_at=submitted, policy=ElapsedExcludingClosedDays(Decimal(budget)), calendar=calendar)

    minute = timedelta(minutes=1)
    counted = timedelta()
    day = calendar.local_date(submitted)
    while day <= calendar.local_date(due):
        start, end = calendar.at(day, time(0)), calendar.at(day + timedelta(days=1), time(0))
        if calendar.is_working_day(day):
            counted += max(min(end, due) - max(start, submitted), timedelta())
        day += timedelta(days=1)
    assert counted == budget * 60 * minute
    assert calendar.is_working_day(calendar.local_date(due - timedelta(microseconds=1)))


@given(moments, policies, calendars(), st.integers(1, 99))
def test_reminders_come_in_order_before_the_deadline(submitted, policy, calendar, percent):
    part = Decimal(percent) / 100
    used = budget_at(submitted_at=submitted, policy=policy, calendar=calendar, fraction=part)
    more = budget_at(submitted_at=submitted, policy=policy, calendar=calendar, fraction=part + Decimal("0.01"))

    assert submitted < used <= more <= due_at(submitted_at=submitted, policy=policy, calendar=calendar)
